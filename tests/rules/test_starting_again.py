"""A clock that starts again after a stop that is not final has a run of its own for each visit."""

from collections.abc import Sequence
from itertools import permutations
from pathlib import Path

import pytest

from rules.drive import Drive
from rules.language import Book, BookErrors
from rules.model.events import Event
from tests.rules.small_books import at, book_of, event, restarting, rule_text, standing, told

STAGES = """\
deadline:
  per: event.stage
  start: {event: case.stage, when: has(event.started) || !has(event.ended), at: event.started}
  stop: [{event: case.stage, when: has(event.ended), at: event.ended, final: false}, {event: case.decided, per: "*"}]
  within: 3 days
"""
UNTIL = "2026-04-01"


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Book:
    return book_of(tmp_path_factory.mktemp("again"), rule_text("S", STAGES))


def stage(written: str, name: str, **times: str) -> Event:
    """A record of the stage `a`; a time without an hour is a date."""
    said = {key: f"2026-03-{value}" if len(value) == 2 else f"2026-03-{value}:00+08:00" for key, value in times.items()}
    return event("case.stage", f"2026-03-{written}", id=name, stage="a", **said)


DECIDED = event("case.decided", "2026-03-20T09:00")
# fmt: off
VISITS: dict[str, tuple[list[Event], list[str]]] = {
    "two visits, the second too long": (
        [stage("02T09:00", "1", started="02T09:00"), stage("04T09:00", "2", started="02T09:00", ended="04T09:00"),
         stage("09T09:00", "3", started="09T09:00"), stage("16T09:00", "4", ended="16T09:00")],
        ["12 ended"],
    ),
    "two visits, both too long, the second still open": (
        [stage("02T09:00", "1", started="02T09:00", ended="06T09:00"), stage("09T09:00", "3", started="09T09:00")],
        ["05 ended", "12 open"],
    ),
    "the second visit ends with the case": (
        [stage("02T09:00", "1", started="02T09:00", ended="03T09:00"), stage("09T09:00", "3", started="09T09:00"),
         DECIDED],
        ["12 ended"],
    ),
    "entered again after the case has ended": (
        [stage("02T09:00", "1", started="02T09:00", ended="03T09:00"), DECIDED, stage("21T09:00", "3")], [],
    ),
    "entered again at the instant of leaving, told by an earlier id": (
        [stage("02T09:00", "5", started="02T09:00"), stage("04T09:00", "4", ended="04T09:00"),
         stage("04T09:00", "3", started="04T09:00")],
        ["07 open"],
    ),
    "the start told again by the record of the end": (
        [stage("02T09:00", "1", started="02T09:00"), stage("03T09:00", "2", started="02T10:00", ended="03T09:00")], [],
    ),
    "a visit without any length, in one record": (
        [stage("02T09:00", "1", started="02T09:00", ended="02T09:00")], [],
    ),
    "a visit without any length, the end by an earlier id": (
        [stage("02T09:00", "2", started="02T09:00"), stage("02T09:00", "1", ended="02T09:00")], [],
    ),
    "a visit without any length, its start told twice": (
        [stage("02T09:00", "2", started="02T09:00"), stage("02T09:00", "1", started="02T09:00", ended="02T09:00")], [],
    ),
    "a visit without any length, then a long one": (
        [stage("02T09:00", "1", started="02T09:00", ended="02T09:00"), stage("03T09:00", "2", started="03T09:00")],
        ["06 open"],
    ),
    "dates alone: entered and left on one day": (
        [stage("02T09:00", "1", started="02"), stage("02T17:00", "2", ended="02")], [],
    ),
    "a time and a date: entered and left on one day": (
        [stage("02T09:00", "1", started="02T09:00"), stage("02T17:00", "2", ended="02")], [],
    ),
    "a time and a date: left on the day of coming, and back that afternoon": (
        [stage("02T09:00", "1", started="02T09:00"), stage("02T12:00", "2", started="02T09:00", ended="02"),
         stage("02T15:00", "3", started="02T15:00")],
        ["05 open"],
    ),
    "a date: left on a day, and back that afternoon": (
        [stage("02T09:00", "1", started="02T09:00"), stage("04T12:00", "2", ended="04"),
         stage("04T15:00", "3", started="04T15:00")],
        ["07 open"],
    ),
    "an end that nothing began": (
        [stage("02T09:00", "1", ended="02T09:00"), stage("03T09:00", "2", started="03T09:00")], ["06 open"],
    ),
}
# fmt: on


def shown(book: Book, events: Sequence[Event]) -> list[str]:
    return [f"{str(alert.due_date)[-2:]} {alert.state}" for alert in standing(book, events, UNTIL)]


@pytest.mark.parametrize("name", VISITS)
def test_each_visit_of_a_stage_is_a_clock_of_its_own_in_whatever_order_it_is_told(book: Book, name: str) -> None:
    events, expected = VISITS[name]
    for order in permutations(events):
        assert shown(book, order) == expected
    restarted = restarting(book, [*reversed(events)], UNTIL)
    assert told(restarted) == told(standing(book, events, UNTIL))


def test_an_end_learnt_late_closes_the_visit_that_it_belongs_to_and_opens_the_next(book: Book) -> None:
    drive = Drive(book)
    drive.take([stage("02T09:00", "1", started="02T09:00"), stage("09T09:00", "3", started="09T09:00")])
    drive.until(at("2026-03-15T09:00"))
    assert [(str(alert.due_date), alert.state) for alert in drive.alerts()] == [("2026-03-05", "open")]
    drive.take([stage("05T09:00", "2", ended="05T09:00")])
    assert [(str(alert.due_date), alert.occasion[1]) for alert in drive.alerts()] == [("2026-03-12", "3")]


def test_final_stands_on_a_stop_and_nowhere_else(tmp_path: Path) -> None:
    wrong = STAGES.replace("start: {", "start: {final: false, ").replace("final: false}, {", "final: no}, {")
    with pytest.raises(BookErrors) as refused:
        book_of(tmp_path, rule_text("S", wrong))
    assert [error.code for error in refused.value.errors] == ["unknown-key", "type"]
