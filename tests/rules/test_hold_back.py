"""A source that enters its records late may hold clocks back: they fire later, with the same due time."""

from pathlib import Path

import pytest

from rules.drive import Drive
from rules.language import Book, BookErrors
from rules.model.times import HOUR
from tests.rules.small_books import at, book_of, event, restarting, rule_text, standing, told

SOURCES = "default: {lateness: 15m}\nsources:\n  slow: {lateness: 3 days, hold_back: 48h}\n"
RULES = (
    rule_text("D", "deadline: {clock: clock, within: 5 days, warn_at: [60%]}"),
    rule_text("H", "deadline: {clock: clock, within: 24h, escalate: [{after: 1h, to: head}]}"),
)


@pytest.fixture
def book(tmp_path: Path) -> Book:
    return book_of(tmp_path, *RULES, sources=SOURCES)


ACCEPTED = event("case.accepted", "2026-03-02T09:00", source="slow")


@pytest.mark.parametrize(
    ("now", "fired"),
    [
        (at("2026-03-05T09:00"), []),
        (at("2026-03-05T09:00") + 1, ["H"]),
        (at("2026-03-08T00:00") - 1, ["H"]),
        (at("2026-03-08T00:00"), ["H", "D60%"]),
        (at("2026-03-10T00:00") - 1, ["H", "D60%"]),
        (at("2026-03-10T00:00"), ["H", "D60%", "D"]),
    ],
)
def test_a_clock_fires_that_much_later_with_the_same_due_time(book: Book, now: int, fired: list[str]) -> None:
    drive = Drive(book)
    drive.take([ACCEPTED])
    drive.until(now)
    assert [alert.rule + alert.step for alert in drive.alerts()] == fired
    assert {alert.rule + alert.step: alert.due_at for alert in drive.alerts()}.get("D", at("2026-03-08")) == at(
        "2026-03-08"
    )
    assert {alert.at for alert in drive.alerts() if alert.rule == "H"} <= {at("2026-03-03T09:00")}


def test_other_sources_are_not_held_back(book: Book) -> None:
    drive = Drive(book)
    drive.take([event("case.accepted", "2026-03-02T09:00")])
    assert [alert.rule for alert in drive.until(at("2026-03-03T09:00") + 1).alerts] == ["H"]


def test_a_stop_that_is_known_to_be_late_is_not_waited_for(book: Book) -> None:
    found = standing(book, [ACCEPTED, event("case.decided", "2026-03-03T10:00", source="slow")], "2026-03-03T11:00")
    assert [(alert.rule, alert.state) for alert in found] == [("H", "ended")]


def test_a_stop_entered_late_but_in_time_raises_nothing_in_between(book: Book) -> None:
    drive, said = Drive(book), []
    said += drive.take([ACCEPTED]).alerts
    said += drive.until(at("2026-03-05T08:00")).alerts
    said += drive.take([event("case.decided", "2026-03-03T08:00", source="slow", recordedat="2026-03-05T08:00")]).alerts
    said += drive.until(at("2026-04-01")).alerts
    assert said == []


def test_arrival_and_restarts_do_not_matter(book: Book) -> None:
    events = [ACCEPTED, event("case.stage", "2026-03-04T09:00", source="slow")]
    expected = told(standing(book, events, "2026-03-09"))
    assert [alert.rule for alert in standing(book, events, "2026-03-09")] == ["H", "D"]
    assert told(standing(book, events[::-1], "2026-03-09", ["2026-03-03", "2026-03-06"])) == expected
    assert told(restarting(book, events[::-1], "2026-03-09")) == expected


@pytest.mark.parametrize("written", ["2 workdays", "40 days", "soon"])
def test_what_is_held_back_is_a_time_of_a_month_at_most(tmp_path: Path, written: str) -> None:
    with pytest.raises(BookErrors) as caught:
        book_of(tmp_path, *RULES, sources=SOURCES.replace("48h", written))
    assert [(error.code, error.line) for error in caught.value.errors] == [("not-a-duration", 3)]


def test_it_is_part_of_the_book_and_stands_beside_other_words_of_a_source(tmp_path: Path, book: Book) -> None:
    assert book.tables.sources.hold_back("slow") == 48 * HOUR
    assert book.tables.sources.having("fast", HOUR).hold_back("slow") == 48 * HOUR
    other = book_of(tmp_path / "2", *RULES, sources=SOURCES.replace("48h", "47h"))
    assert other.hash != book.hash
