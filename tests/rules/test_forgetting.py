"""Groups say the same whenever they let go of their past: at once, after some points, after many."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

import msgspec
import pytest

from rules.core import forgetting, group
from rules.drive import Drive
from rules.model.events import Event, decode_event
from tests.oracle.core import instant
from tests.oracle.days import local
from tests.oracle.families.windows import RULES, shown
from tests.oracle.grouped import Said, judge
from tests.oracle.history import version
from tests.oracle.restarting import Restarting
from tests.oracle.written import Message, deletion
from tests.rules.test_windows import NEAR, compare, near, two_months

TRANSIT = 7 * 24
COUNTS = timedelta(days=14)
"""How long after the first version of an event another counts under these rules: seven days of reach and seven."""

DELAYS = [timedelta(days=2), COUNTS, COUNTS + timedelta(microseconds=1)]


def changed(seed: int) -> list[Message]:
    """Fines of five months; some came almost too late or too late, some were corrected, moved or deleted days later."""
    random, events, begin = Random(seed), two_months(seed)[:210], local("2026-03-02T09:00:00")
    for one in events:
        one["time"] = one["recordedat"] = one["receivedat"] = stamp(begin + 6 * (local(one["time"]) - begin))
    for one in random.sample(events, 40):
        at, late = local(one["time"]), random.choice([600, 900, 901])
        one["receivedat"] = stamp(at + timedelta(seconds=late))
        received = at + timedelta(seconds=late) + random.choice(DELAYS)
        said = {"operation": "u", "recordedat": stamp(received), "receivedat": stamp(received)}
        how = random.choice(["deleted", "moved", "corrected", "late"])
        if how == "deleted":
            events.append(deletion(one, stamp(received)) | {"time": one["time"]})
        elif how == "moved":
            events.append({**one, **said, "time": stamp(at + timedelta(hours=random.choice([-1, 1, 30])))})
        elif how == "corrected":
            events.append({**one, **said, "data": one["data"] | {"fine": 0.3}})
    return events


def stamp(at: datetime) -> str:
    return at.isoformat() + "+08:00"


def arriving(events: list[Message], seed: int) -> list[Event]:
    """In the order of arrival: each was on its way for no longer than a group waits for it."""
    random = Random(seed)
    decoded = [decode_event(msgspec.json.encode(each)) for each in events]
    hours = {id(each): random.choice([0, 0, 0, 1, 24, TRANSIT]) for each in decoded}
    return sorted(decoded, key=lambda each: each.fact.received_at + hours[id(each)] * 3_600_000_000)


def defined(events: list[Message], now: datetime) -> set[Said]:
    rules = [replace(rule, corrected=COUNTS) for name, rule in RULES.items() if name in NEAR]
    return judge(rules, [version(each) for each in events], now)


@pytest.mark.parametrize(("seed", "many"), [(1, 1), (2, 1), (3, 1), (1, 16), (1, 256)])
def test_groups_say_what_is_defined_whenever_they_let_go_of_their_past(
    seed: int, many: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group, "PRUNE_EVERY", many)
    monkeypatch.setattr(forgetting, "PRUNE_EVERY", many)
    events, book = changed(seed), near()
    came = arriving(events, seed)
    drive, lane = Drive(book), Restarting(book, hot=1)
    for start in range(0, len(came), 7):
        drive.take(came[start : start + 7])
        lane.take(came[start : start + 7])
        if start % 5 == 0:
            lane.restart()
    now = max(local(each["time"]) for each in events) + timedelta(days=40)
    drive.until(instant(now))
    lane.until(instant(now))
    (one,) = drive.groups.groups.values()
    assert bool(one.base) or many > 1, "nothing was let go: this proves nothing"
    right = defined(events, now)
    compare(right, {shown(alert) for alert in drive.alerts()})
    compare(right, {shown(alert) for alert in lane.standing()})
