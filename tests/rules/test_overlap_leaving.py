"""Openings leave the state when nothing can open beside them any more, and what is said does not depend on it."""

from collections.abc import Iterator

import pytest

from rules.core import forgetting, group
from rules.drive import Drive
from rules.language import Book
from rules.model.events import Event
from tests.oracle.restarting import Restarting
from tests.rules.small_books import at, book_of, event, rule_text, told

OVERLAP = "overlap: {start: case.received, stop: [case.decided], key: [event.applicant], within: 30 days}"
GONE = "2027-06-01"
"""A year, twice thirty days and a week after the first openings."""


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Book:
    return book_of(tmp_path_factory.mktemp("leaving"), rule_text("O", OVERLAP))


def received(subject: str, written: str, applicant: str = "k1:00000000000000aa") -> Event:
    return event("case.received", written, subject, applicant=applicant)


def cases(number: int) -> Iterator[Event]:
    for each in range(number):
        yield received(f"C{each}", "2026-03-02T09:00", f"k1:00000000000000{each:02x}")


def lane_of(book: Book, *events: Event) -> Restarting:
    lane = Restarting(book, 10)
    lane.take(list(events))
    return lane


def kept(lane: Restarting) -> int:
    """How many rows of groups there are."""
    return len(lane.stores[1].rows)


def test_no_row_of_a_group_is_left_when_no_pair_can_arise_any_more(book: Book) -> None:
    lane = lane_of(book, *cases(20))
    lane.until(at("2027-05-01"))
    assert kept(lane) == 40
    lane.restart()
    lane.until(at(GONE))
    assert kept(lane) == 0 and lane.groups.groups == {} and lane.groups.wake is None


def test_a_host_without_rows_lets_them_go_too(book: Book) -> None:
    drive = Drive(book)
    drive.take(list(cases(20)))
    assert len(drive.groups.groups) == 20
    drive.until(at(GONE))
    assert len(drive.groups.groups) == 0


def test_until_then_a_late_opening_still_finds_the_one_that_it_came_beside(book: Book) -> None:
    lane = lane_of(book, received("A", "2026-03-02T09:00"))
    lane.until(at("2027-05-01"))
    lane.restart()
    lane.take([received("B", "2026-03-20T09:00")])
    assert [(alert.subject, alert.state) for alert in lane.standing()] == [("B", "open")]


def test_a_pair_that_is_still_open_stays_until_one_of_them_ends(book: Book) -> None:
    pair = [received("A", "2026-03-02T09:00"), received("B", "2026-03-03T09:00")]
    lane = lane_of(book, *pair)
    lane.until(at(GONE))
    assert kept(lane) > 0
    lane.take([event("case.decided", "2027-06-10T09:00", "A")])
    assert [alert.state for alert in lane.standing()] == ["ended"]
    lane.until(at("2027-07-01"))
    assert kept(lane) == 0
    drive = Drive(book)
    drive.take([*pair, event("case.decided", "2027-06-10T09:00", "A")])
    assert told(lane.standing()) == told(drive.alerts())


def test_of_many_openings_those_that_may_still_stop_are_not_let_go(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group, "PRUNE_EVERY", 1)
    monkeypatch.setattr(forgetting, "PRUNE_EVERY", 1)
    many = [received(f"C{each}", f"2026-03-02T{9 + each:02}:00") for each in range(4)]
    over = [event("case.decided", "2026-03-12T09:00", subject) for subject in ("C0", "C1")]
    lane, drive = lane_of(book, *many, *over), Drive(book)
    drive.take([*many, *over])
    for host in (lane, drive):
        host.take([received("C9", "2027-06-01T09:00")])
    (one,) = drive.groups.groups.values()
    assert [point.id.split("/")[0] for point in one.points] == [each.fact.id for each in many[2:]] + [
        "case.received-2027-06-01T09:00-C9"
    ]
    for host in (lane, drive):
        host.take([event("case.decided", "2027-06-10T09:00", "C2")])
    assert told(lane.standing()) == told(drive.alerts())
    assert {(alert.subject, alert.state) for alert in lane.standing()} == {
        ("C1", "ended"), ("C2", "ended"), ("C3", "ended"),
    }  # fmt: skip


def test_what_was_moved_to_another_group_leaves_an_empty_one_that_goes_as_well(book: Book) -> None:
    moved = event(
        "case.received", "2026-03-02T09:00", "A", applicant="k1:00000000000000bb", operation="u",
        recordedat="2026-03-04T09:00",
    )  # fmt: skip
    lane = lane_of(book, received("A", "2026-03-02T09:00"))
    lane.take([moved])
    lane.until(at(GONE))
    assert kept(lane) == 0
