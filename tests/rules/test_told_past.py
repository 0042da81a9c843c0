"""A changed book and groups: a rule that is new to groups hears of what happened before it, and of nothing twice."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import msgspec
import pytest

from rules.core import GroupCore, SubjectCore
from rules.drive import Drive
from rules.language import Book
from rules.model.alerts import Alert
from rules.model.events import Event, decode_event
from rules.model.facts import GroupFact
from rules.model.times import DAY, HOUR, iso, parse_time
from tests.oracle.restarting import Store
from tests.rules.small_books import book_of, rule_text

NOW = parse_time("2026-03-10T00:00:00+08:00")
COUNT = "count: {{event: {event}, group_by: [event.{by}], window: {{type: sliding, size: {size}}}, at_least: {least}}}"
SAID = '{zh: "{{ group }} {{ value }}", en: "{{ group }} {{ value }}"}'


def written(folder: Path, **rules: dict[str, object]) -> Book:
    """A book of count rules: name → event, by, size, least."""
    given = {"event": "case.applied", "by": "department", "size": "24h", "least": 2}
    return book_of(
        folder, *(rule_text(name, COUNT.format(**given | said), message=SAID) for name, said in rules.items())
    )


def case(number: int, at: str, kind: str = "case.applied", operation: str = "i", **data: str) -> Event:
    said = {
        "id": f"e{number}-{kind}", "source": "s", "type": kind, "subject": f"C{number}", "time": at, "recordedat": at,
        "receivedat": at, "operation": operation, "data": {"department": f"D{number % 2}", "organ": "O"} | data,
    }  # fmt: skip
    return decode_event(msgspec.json.encode(said))


class Lanes:
    """A lane of events and a lane of facts over the rows that they keep, each under the book that it was given."""

    def __init__(self, book: Book) -> None:
        self.events, self.facts = Store(), Store()
        self.said: dict[str, Alert] = {}
        self.told: list[GroupFact] = []
        self.now = NOW
        self.book(book)

    def book(self, book: Book) -> None:
        self.subjects, self.groups = SubjectCore(book, self.events), GroupCore(book, self.facts)

    def take(self, events: list[Event]) -> None:
        step = self.subjects.step(events, self.now)
        self._keep(step, self.events)

    def take_over_days(self, events: list[Event]) -> None:
        """Groups let go of points from the second day on."""
        self.now = NOW - 2 * DAY
        self.take(events[:-20])
        self.now = NOW
        self.take(events[-20:])

    def refold(self) -> list[GroupFact]:
        """What was told of the past on the way."""
        self.told.clear()
        while self.groups.outdated:
            self._keep(self.groups.refold(self.now, 2), self.facts)
        while self.subjects.outdated:
            self._keep(self.subjects.refold(self.now, 2), self.events)
        return list(self.told)

    def _keep(self, step: object, store: Store) -> None:
        store.take(step.rows)  # type: ignore[attr-defined]
        for alert in step.alerts:  # type: ignore[attr-defined]
            before = self.said.get(alert.alert_id)
            assert alert.revision == (before.revision + 1 if before is not None else 1)
            self.said[alert.alert_id] = alert
        if facts := step.facts:  # type: ignore[attr-defined]
            self.told += facts
            self._keep(self.groups.step(facts, self.now), self.facts)

    def standing(self) -> list[Alert]:
        return final(alert for alert in self.said.values() if alert.state != "withdrawn")


def replayed(book: Book, events: list[Event], now: int = NOW) -> list[Alert]:
    drive = Drive(book)
    drive.take(events)
    drive.until(now)
    return final(drive.alerts())


def final(alerts: Iterable[Alert]) -> list[Alert]:
    """Alerts without what depends on how one came there: the revision, and the book that said it first."""
    found = [msgspec.structs.replace(alert, revision=1, book="") for alert in alerts]
    return sorted(found, key=lambda alert: alert.alert_id)


@pytest.fixture
def past() -> list[Event]:
    """Twelve applications over three days in two departments, half of them decided a day later."""
    applied = [case(n, f"2026-03-0{1 + n // 4}T{9 + n % 4:02}:00:00+08:00") for n in range(12)]
    decided = [case(n, f"2026-03-0{3 + n // 4}T{9 + n % 4:02}:00:00+08:00", "case.decided") for n in range(0, 12, 2)]
    return applied + decided


CHANGES = {
    "a new rule": {"old": {}, "by_organ": {"by": "organ", "least": 3}},
    "another event of the same group": {"old": {}, "decisions": {"event": "case.decided"}},
    "another threshold": {"old": {"least": 3}},
    "a wider window": {"old": {"size": "50h", "least": 5}},
    "another rule alone": {"decisions": {"event": "case.decided"}},
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_book_comes_to_what_a_replay_of_all_events_comes_to(
    tmp_path: Path, past: list[Event], change: str
) -> None:
    old, new = written(tmp_path / "old", old={}), written(tmp_path / "new", **CHANGES[change])
    lanes = Lanes(old)
    lanes.take(past)
    assert lanes.standing() == replayed(old, past) != []
    lanes.book(new)
    lanes.refold()
    assert lanes.standing() == replayed(new, past) != []


def test_facts_that_come_before_the_facts_lane_knows_the_new_book_wait_for_it(
    tmp_path: Path, past: list[Event]
) -> None:
    old, new = written(tmp_path / "old", old={}), written(tmp_path / "new", by_organ={"by": "organ"})
    lanes = Lanes(old)
    lanes.take(past)
    lanes.subjects = SubjectCore(new, lanes.events)
    lanes.refold()
    lanes.groups = GroupCore(new, lanes.facts)
    lanes.refold()
    assert lanes.standing() == replayed(new, past) != []


def test_a_book_that_changes_nothing_for_groups_tells_nothing_of_the_past(tmp_path: Path, past: list[Event]) -> None:
    old = written(tmp_path / "old", old={}, by_organ={"by": "organ"})
    lanes = Lanes(old)
    lanes.take(past)
    lanes.book(written(tmp_path / "new", old={}))
    assert lanes.refold() == []


def test_a_rollback_hears_of_what_was_corrected_or_deleted_under_the_other_book(
    tmp_path: Path, past: list[Event]
) -> None:
    old, new = written(tmp_path / "old", old={}), written(tmp_path / "new", by_organ={"by": "organ", "least": 3})
    lanes = Lanes(old)
    lanes.take(past)
    lanes.book(new)
    lanes.refold()
    moved = case(1, "2026-03-01T10:00:00+08:00", operation="u", department="D9", recordedat="")
    gone = case(2, "2026-03-01T11:00:00+08:00", operation="d")
    lanes.take([moved, gone])
    lanes.book(old)
    lanes.refold()
    assert lanes.standing() == replayed(old, [*past, moved, gone])


def test_a_worker_that_ends_in_the_middle_goes_on_where_it_was(tmp_path: Path, past: list[Event]) -> None:
    old, new = written(tmp_path / "old", old={}), written(tmp_path / "new", by_organ={"by": "organ", "least": 3})
    lanes = Lanes(old)
    lanes.take(past)
    lanes.book(new)
    lanes._keep(lanes.subjects.refold(NOW, 5), lanes.events)
    assert lanes.subjects.outdated == 7
    lanes.book(new)
    assert lanes.subjects.outdated == 7
    lanes.refold()
    assert lanes.standing() == replayed(new, past)


@pytest.fixture
def long_past() -> list[Event]:
    """An application every four hours for 150 days, in two departments, with a crowded day in each month."""
    begin = parse_time("2025-10-11T08:00:00+08:00")
    times = [begin + hour * 4 * HOUR for hour in range(890)] + [begin + (29 * n * 24 + 1) * HOUR for n in range(6)] * 3
    return [case(number, iso(at)) for number, at in enumerate(sorted(times))]


@pytest.mark.parametrize(
    "rules",
    [
        {"old": {"least": 5}, "wide": {"size": "90 days", "least": 250}},
        {"old": {"least": 5}, "by_organ": {"by": "organ", "least": 9}},
        {"wide": {"size": "60h", "least": 9}, "old": {"least": 5}, "low": {"size": "16h", "least": 4}},
    ],
)
def test_points_that_were_let_go_are_told_again_to_a_rule_that_did_not_see_them(
    tmp_path: Path, long_past: list[Event], rules: dict[str, dict[str, object]]
) -> None:
    old, new = written(tmp_path / "old", old={"least": 5}), written(tmp_path / "new", **rules)
    lanes = Lanes(old)
    lanes.take_over_days(long_past)
    assert sum(key.startswith(b"p") for key in lanes.facts.rows) < len(long_past) / 2
    lanes.book(new)
    lanes.refold()
    assert lanes.standing() == replayed(new, long_past) != []


def test_a_group_lets_go_of_the_past_again_once_it_has_been_told(tmp_path: Path, long_past: list[Event]) -> None:
    rules = {"old": {"least": 5}, "decisions": {"event": "case.decided"}}
    old, new = written(tmp_path / "old", old={"least": 5}), written(tmp_path / "new", **rules)
    lanes = Lanes(old)
    lanes.take(long_past)
    lanes.book(new)
    lanes.refold()
    assert sum(key.startswith(b"p") for key in lanes.facts.rows) == len(long_past)
    lanes.now += 2 * DAY
    later = [case(number, iso(NOW + HOUR)) for number in range(1_000, 1_008)]
    lanes.take(later)
    assert sum(key.startswith(b"p") for key in lanes.facts.rows) < len(long_past) / 2
    assert lanes.standing() == replayed(new, [*long_past, *later], lanes.now)


@pytest.mark.parametrize(
    "rules",
    [{"old": {"size": "16h", "least": 4}}, {"old": {"size": "60h", "least": 9}}, {"old": {"size": "33h", "least": 6}}],
)
def test_what_a_group_has_let_go_stands_as_it_was_said_and_the_rest_is_what_a_replay_comes_to(
    tmp_path: Path, long_past: list[Event], rules: dict[str, dict[str, object]]
) -> None:
    old, new = written(tmp_path / "old", old={"least": 5}), written(tmp_path / "new", **rules)
    lanes = Lanes(old)
    lanes.take_over_days(long_past)
    before, kept_from = lanes.standing(), NOW - 7 * DAY
    lanes.book(new)
    lanes.refold()
    wanted = replayed(new, long_past)
    assert [a for a in lanes.standing() if a.at >= kept_from] == [a for a in wanted if a.at >= kept_from] != []
    let_go = [a for a in before if a.at < NOW - 40 * DAY]  # the last episode before is kept: it might go on
    assert [a for a in lanes.standing() if a.at < NOW - 40 * DAY] == let_go != []
    lanes.book(old)
    lanes.refold()
    assert lanes.standing() == before
