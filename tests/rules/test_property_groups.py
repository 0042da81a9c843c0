"""Counts in a sliding window against the declarative judge: instants, episodes, late points."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
from pathlib import Path

from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from tests.oracle.clocks import World
from tests.oracle.core import drive_of
from tests.oracle.days import announced, local, micros
from tests.oracle.histories import Draw
from tests.oracle.history import version
from tests.oracle.patterns import Sliding
from tests.oracle.written import Message, as_example, deletion, wire

WORLD = World(announced(Path(__file__).parents[2] / "rules" / "calendars" / "cn"), {})
BUSY = Sliding("X.busy", "notice", "check.performed", "object_id", "visit_id", timedelta(hours=72), 3)
MORE = os.environ.get("MINGJING_PROPERTY_EXAMPLES")
EXAMPLES = int(MORE or "200")


@st.composite
def checks(draw: Draw) -> list[Message]:
    """Checks of two objects, exactly a window apart or a second more; some moved or deleted."""
    made: list[Message] = []
    for number in range(draw(st.integers(1, 9))):
        at = instant(draw)
        said = {
            "object_id": draw(st.sampled_from("OP")),
            "visit_id": draw(st.sampled_from(["v1", "v2", "v3"])),
        }
        late = draw(st.sampled_from([0, 0, 0, 900, 901]))
        one = wire("check.performed", stamp(at), f"C{number}", id=f"e{number}", recorded=stamp(at, late), **said)
        made.append(one)
        change = draw(st.sampled_from(["", "", "", "delete", "correct"]))
        if change == "delete":
            made.append(deletion(one, stamp(at, 900)) | {"time": one["time"]})
        elif change == "correct":
            moved = instant(draw)
            said = {"object_id": draw(st.sampled_from("OP")), "visit_id": draw(st.sampled_from(["v1", "v4"]))}
            since = max(at, moved) + timedelta(seconds=902)
            made.append(
                wire(
                    "check.performed",
                    stamp(moved),
                    f"C{number}",
                    id=f"e{number}",
                    recorded=since.isoformat(),
                    received=stamp(moved, 600),
                    operation="u",
                    **said,
                )
            )
    return made


def instant(draw: Draw) -> datetime:
    more = timedelta(hours=72 * draw(st.integers(0, 2)), seconds=draw(st.sampled_from([0, 0, 1, -1, 3600])))
    return local("2026-03-02T09:00:00") + timedelta(hours=24 * draw(st.integers(0, 4))) + more


def stamp(at: datetime, later: int = 0) -> str:
    return (at + timedelta(seconds=later)).isoformat()


@settings(max_examples=EXAMPLES, deadline=None, derandomize=not MORE, suppress_health_check=list(HealthCheck))
@given(checks(), st.data())
def test_a_sliding_count_gives_the_same_episodes_however_its_points_arrive(
    events: list[Message], data: st.DataObject
) -> None:
    order = data.draw(st.permutations(range(len(events))))
    cut = data.draw(st.integers(0, len(events)))
    now = max(local(each["time"]) for each in events) + timedelta(hours=data.draw(st.sampled_from([0, 1, 72, 73, 200])))
    expected = {
        (
            hit.occasion,
            micros(hit.at),
            "open" if hit.ended_at is None else "ended",
            micros(hit.ended_at),
        )
        for hit in BUSY.judge([version(each) for each in events], now)
    }
    drive = drive_of(events, WORLD, now, [order[:cut], order[cut:]])
    found = {(each.occasion, each.at, each.state, each.ended_at) for each in drive.alerts() if each.rule == "X.busy"}
    note(as_example([events[position] for position in order], now.isoformat(), {}))
    assert found == expected
