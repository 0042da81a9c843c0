"""A published book whose rules are activated later: on a real broker they take over at that instant, not before."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from rules.drive import Drive
from rules.model.events import decode_event
from rules.model.times import SECOND
from streams import clock, topics
from streams.books.published import pack
from streams.books.topic import publish
from streams.settings import Settings
from tests.rules.small_books import at, book_of, rule_text
from tests.streams.lane_harness import REAL, Reader, Worker, feed, final_alerts, workers
from tests.streams.test_live_books import log_of, reported

pytestmark = [pytest.mark.broker, pytest.mark.slow]

SWITCH = "2026-03-10T12:00:00+08:00"
AT = at("2026-03-10T12:00:00")
CROWD = (
    "count: {{event: case.applied, group_by: [event.department], window: {{type: sliding, size: 24h}}, at_least: {}}}"
)
CLOCK = "deadline: {{clock: clock, within: {}h}}"
Standing = set[tuple[str, int, str]]


def rules(*, later: bool) -> list[str]:
    """Two rules of groups and two of subjects, and their next versions, which are activated at noon: of each pair one
    takes over what has begun, the other leaves it to the version before."""
    found = []
    for body, first, then in ((CROWD, 2, 3), (CLOCK, 48, 24)):
        for name in ("recompute", "keep"):
            rule = f"{body[:5]}.{name}"
            found.append(rule_text(rule, body.format(first)))
            if later:
                keys = {"version": "2", "activates_at": f'"{SWITCH}"', "on_change": name}
                found.append(rule_text(rule, body.format(then), **keys))
    return found


def applied(subject: str, department: str, written: str, kind: str = "case.applied") -> tuple[str, bytes]:
    event = {
        "specversion": "1.0", "id": f"{kind}-{subject}", "source": "s", "type": kind, "subject": subject,
        "time": f"2026-03-{written}:00+08:00", "data": {"department": department},
    }  # fmt: skip
    return subject, msgspec.json.encode(event)


BEFORE = [
    applied("A1", "D1", "10T09:00"), applied("A2", "D1", "10T09:10"),
    applied("B1", "D2", "10T09:00"), applied("B2", "D2", "10T09:10"), applied("B3", "D2", "10T09:20"),
    applied("A1", "D1", "09T09:00", "case.accepted"),
]  # fmt: skip
"""One department has two applications, another three; a case has been open for more than a day."""
AFTER = [
    applied("C1", "D3", "10T13:00"), applied("C2", "D3", "10T13:10"),
    applied("E1", "D4", "10T13:00"), applied("E2", "D4", "10T13:10"), applied("E3", "D4", "10T13:20"),
    applied("E1", "D4", "10T13:00", "case.accepted"),
]  # fmt: skip
END = at("2026-03-13T18:00:00")
FIRST: Standing = {
    (f"count.{name}", 1, group) for name in ("recompute", "keep") for group in ("D1", "D2")
}  # fmt: skip
KEPT: Standing = {("count.keep", 1, "D1"), ("count.keep", 1, "D2")}
TAKEN_OVER: Standing = KEPT | {("count.recompute", 2, "D2"), ("deadl.recompute", 2, "A1")}
LAST: Standing = TAKEN_OVER | {
    ("count.recompute", 2, "D4"), ("count.keep", 2, "D4"), ("deadl.keep", 1, "A1"), ("deadl.recompute", 2, "E1"),
    ("deadl.keep", 2, "E1"),
}  # fmt: skip


def stands(read: Reader) -> Standing:
    return {(each.rule, each.version, each.group or each.subject) for each in final_alerts(read.alerts).values()}


async def test_versions_of_a_published_book_take_over_at_the_instant_that_they_name(
    broker_settings: Settings, tmp_path: Path
) -> None:
    name = broker_settings.book_name
    alone = book_of(tmp_path / "one", *rules(later=False))
    both = book_of(tmp_path / "two", *rules(later=True))
    topics.ensure(broker_settings)
    await publish(broker_settings, pack(tmp_path / "one", name, alone.hash, "a test", clock.now_us()))
    with workers(broker_settings, 1, REAL) as running:
        async with Reader(broker_settings, topics.ALERTS) as said:
            await feed(broker_settings, BEFORE, AT - SECOND)
            assert await said.until(lambda read: stands(read) == FIRST), shown(said, running)
            await publish(broker_settings, pack(tmp_path / "two", name, both.hash, "a test", clock.now_us()))
            assert await reported(broker_settings, lambda each: each.hash == both.hash and not each.outdated)
            assert stands(said) == FIRST, "a version spoke before it was activated"
            await feed(broker_settings, [], AT)
            assert await said.until(lambda read: stands(read) == TAKEN_OVER), shown(said, running)
            running[0].kill()
            running.append(Worker(broker_settings, REAL))
            await feed(broker_settings, AFTER, END)
            assert await said.until(lambda read: stands(read) == LAST), shown(said, running)
    drive = Drive(both)
    for part, now in ((BEFORE, AT), (AFTER, END)):
        drive.take([decode_event(value) for _, value in part])
        drive.until(now)
    assert {(each.rule, each.version, each.group or each.subject) for each in drive.alerts()} == LAST


def shown(said: Reader, running: list[Worker]) -> str:
    return f"{sorted(stands(said))}\n{log_of(running)}"
