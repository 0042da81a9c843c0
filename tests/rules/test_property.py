"""The core against the declarative judge: whatever the arrival, the batches, the ticks and the duplicates."""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from rules.drive import Drive
from rules.model.alerts import Alert
from rules.model.events import decode_event
from tests.oracle.core import Arrival, Found, book_of, by_core, by_oracle, instant
from tests.oracle.days import announced
from tests.oracle.histories import Draw, History, edges, histories
from tests.oracle.restarting import Restarting
from tests.oracle.written import as_example

DAYS = announced(Path(__file__).parents[2] / "rules" / "calendars" / "cn")
MORE = os.environ.get("MINGJING_PROPERTY_EXAMPLES")
"""So many histories, other ones in each run; without it the same few hundred each time."""

EXAMPLES = int(MORE or "300")
often = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=not MORE,
    suppress_health_check=list(HealthCheck),
)


fewer = settings(often, max_examples=max(EXAMPLES // 3, 1))


@st.composite
def arrivals(draw: Draw, history: History) -> Arrival:
    """Any order, some messages more than once, any batches, and a clock that ticks in between."""
    number = len(history.events)
    order = draw(st.permutations(range(number))) if draw(st.booleans()) else by_time(history)
    order = [*order, *draw(st.lists(st.integers(0, number - 1), max_size=3))]
    batches: list[tuple[int, ...]] = []
    while order:
        size = draw(st.sampled_from([1, 1, 2, 5, len(order)]))
        batches.append(tuple(order[:size]))
        order = order[size:]
    instants = [at for at in edges(history.events, history.world, history.now) if at <= history.now]
    ticks = [draw(st.sampled_from([None, None, *instants, history.now])) for _ in batches]
    return Arrival(tuple(batches), tuple(rising(ticks)))


def by_time(history: History) -> list[int]:
    return sorted(
        range(len(history.events)),
        key=lambda position: str(history.events[position].get("recordedat", "")),
    )


def rising(ticks: list[datetime | None]) -> list[datetime | None]:
    """A clock never goes back, so an earlier tick says nothing."""
    latest = None
    found: list[datetime | None] = []
    for tick in ticks:
        found.append(tick if tick is not None and (latest is None or tick > latest) else None)
        latest = found[-1] or latest
    return found


def compare(history: History, expected: Found, found: Found) -> None:
    note(as_example(history.events, history.now.isoformat(), history.world.items))
    sides: list[tuple[str, set[Any], set[Any]]] = [
        ("alerts", set(expected[0]), set(found[0])),
        ("clocks", set(expected[1]), set(found[1])),
    ]
    for name, left, right in sides:
        missing, extra = sorted(left - right, key=repr), sorted(right - left, key=repr)
        said = [f"the oracle has {each}" for each in missing] + [f"the core has {each}" for each in extra]
        assert not said, "\n".join([f"{name} differ:", *said])


@often
@given(histories(DAYS), st.data())
def test_the_core_gives_what_the_declarative_judge_gives_however_the_events_arrive(
    history: History, data: st.DataObject
) -> None:
    arrival = data.draw(arrivals(history))
    expected = by_oracle(history.events, history.world, history.now)
    compare(history, expected, by_core(history.events, history.world, history.now, arrival))


def facts_of(alerts: Iterable[Alert]) -> set[tuple[object, ...]]:
    """All that an alert says but how often it was said."""
    return {tuple(value for name, value in asdict(alert).items() if name != "revision") for alert in alerts}


def asdict(alert: Alert) -> dict[str, Any]:
    return {name: repr(getattr(alert, name)) for name in alert.__struct_fields__}


@fewer
@given(histories(DAYS), st.data())
def test_a_host_that_restarts_from_its_rows_says_what_one_that_always_refolds_says(
    history: History, data: st.DataObject
) -> None:
    arrival = data.draw(arrivals(history))
    restarts = data.draw(st.lists(st.booleans(), min_size=len(arrival.batches), max_size=len(arrival.batches)))
    events = [decode_event(msgspec.json.encode(event)) for event in history.events]
    book = book_of(history.world)
    refolding, unheard = Drive(book, always_refold=True), Drive(book, tells_clocks=False)
    worker = Restarting(book, hot=data.draw(st.sampled_from([1, 20_000])))
    for batch, tick, restart in zip(arrival.batches, arrival.ticks, restarts, strict=True):
        for host in (refolding, worker, unheard):
            if tick is not None:
                host.until(instant(tick))
            host.take([events[position] for position in batch])
        if restart:
            worker.restart()
    for host in (refolding, worker, unheard):
        host.until(instant(history.now))
    note(as_example(history.events, history.now.isoformat(), history.world.items))
    assert facts_of(worker.standing()) == facts_of(refolding.alerts())
    assert facts_of(unheard.alerts()) == facts_of(refolding.alerts())
