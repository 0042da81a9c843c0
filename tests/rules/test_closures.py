"""Declared closures: days and hours on which the clocks of a region or an organ stand still."""

from itertools import permutations
from pathlib import Path

import pytest

from rules.language import Book, BookErrors
from rules.model.events import Event
from rules.tables import Fault
from rules.tables.closures import load_closures
from tests.rules.small_books import book_of, event, restarting, rule_text, standing, told

COLUMNS = "from,until,region,organ,cause,basis,approved_by\n"
BASIS = "市政府公告〔2026〕3号,市政府"


def closed(folder: Path, *rows: str, within: str = "5 days", more: str = "") -> Book:
    """A book with these closures, each `from,until,region,organ`."""
    (folder / "closures").mkdir(parents=True)
    text = COLUMNS + "".join(f"{row},outage,{BASIS}\n" for row in rows)
    (folder / "closures" / "2026.csv").write_text(text, encoding="utf-8")
    return book_of(folder, rule_text("D", f"deadline: {{clock: clock, within: {within}{more}}}"))


def accepted(subject: str = "A", region: str = "430102", organ: str = "o1", on: str = "2026-03-02T09:00") -> Event:
    return event("case.accepted", on, subject, region=region, organ=organ)


def due(book: Book, *events: Event) -> dict[str, str]:
    found = standing(book, events, "2026-05-01")
    for order in permutations(events):
        assert told(restarting(book, order, "2026-05-01")) == told(found)
    return {alert.subject: str(alert.due_date)[-5:] for alert in found}


@pytest.mark.parametrize(
    ("rows", "within", "expected"),
    [
        (["2026-03-04,2026-03-05,,"], "5 days", "03-09"),  # two days, both closed
        (["2026-03-04,2026-03-05,,"], "5 workdays", "03-11"),
        (["2026-03-07,2026-03-08,,"], "5 workdays", "03-09"),  # a weekend costs no working day
        (["2026-03-02,2026-03-03,,"], "5 days", "03-08"),  # the day of the start is not counted anyway
        (["2026-03-07,2026-03-07,,"], "5 days", "03-08"),  # on the last day
        (["2026-03-08,2026-03-20,,"], "5 days", "03-07"),  # after it: what ran out is not revived
        (["2026-03-04,2026-03-05,,", "2026-03-05,2026-03-06,,"], "5 days", "03-10"),  # counted once
        (["2026-03-04T08:00,2026-03-04T18:00,,"], "5 days", "03-07"),  # like a suspension of one day
        (["2026-03-04T08:00,2026-03-06T08:00,,"], "5 days", "03-09"),
        (["2026-03-02T12:00,2026-03-02T18:00,,"], "24h", "03-03"),
    ],
)
def test_the_days_of_a_closure_are_not_counted(tmp_path: Path, rows: list[str], within: str, expected: str) -> None:
    assert due(closed(tmp_path, *rows, within=within), accepted()) == {"A": expected}


def test_an_exact_clock_stands_still_for_the_length_of_the_closure(tmp_path: Path) -> None:
    book = closed(tmp_path, "2026-03-02T12:00,2026-03-02T18:00,,", "2026-03-03,2026-03-03,,", within="24h")
    (alert,) = standing(book, [accepted()], "2026-05-01")
    started = accepted().fact.occurred_at
    assert alert.due_at == started + (24 + 6 + 24) * 3_600_000_000
    assert {piece.source for piece in alert.evidence} == {"office"}


def test_a_closure_holds_in_its_region_below_it_and_for_its_organ(tmp_path: Path) -> None:
    book = closed(tmp_path, "2026-03-04,2026-03-05,430100,", "2026-03-06,2026-03-06,,o2")
    cases = [accepted("in"), accepted("out", "430200"), accepted("both", organ="o2"), accepted("organ", "", "o2")]
    assert due(book, *cases) == {"in": "03-09", "out": "03-07", "both": "03-10", "organ": "03-08"}


def test_closures_and_suspensions_together_count_once(tmp_path: Path) -> None:
    pauses = ", pause: case.suspended, resume: case.resumed"
    book = closed(tmp_path, "2026-03-05,2026-03-06,,", more=pauses)
    suspended = [event("case.suspended", "2026-03-03T10:00", "A"), event("case.resumed", "2026-03-05T10:00", "A")]
    assert due(book, accepted(), *suspended) == {"A": "03-10"}


def test_what_was_declared_closed_after_the_stop_does_not_touch_the_clock(tmp_path: Path) -> None:
    book = closed(tmp_path, "2026-03-10,2026-03-12,,", "2026-03-06,2026-03-07,,")
    (alert,) = standing(book, [accepted(), event("case.decided", "2026-03-11T09:00", "A")], "2026-05-01")
    assert (str(alert.due_date), alert.state) == ("2026-03-09", "ended")


def test_a_closure_is_part_of_the_book(tmp_path: Path) -> None:
    one, two = closed(tmp_path / "1", "2026-03-04,2026-03-05,,"), closed(tmp_path / "2", "2026-03-04,2026-03-06,,")
    assert one.hash != two.hash


@pytest.mark.parametrize(
    ("row", "code", "col"),
    [
        (f"2026-03-04,,,,outage,{BASIS}", "missing-value", 12),
        (f"2026-03-04,2026-03-03,,,outage,{BASIS}", "bad-value", 1),
        (f"2026-03-04,2026-03-05T08:00,,,outage,{BASIS}", "bad-value", 1),
        (f"2026-03-04T08:00Z,2026-03-05T08:00Z,,,outage,{BASIS}", "bad-value", 1),
        (f"2026-03-04,2026-03-05,43,,outage,{BASIS}", "bad-value", 23),
        (f"2026-03-04,2026-03-05,,,outtage,{BASIS}", "bad-value", 25),
        ("2026-03-04,2026-03-05,,,outage,,", "missing-value", 32),
    ],
)
def test_a_closure_without_days_basis_or_approver_is_refused_at_its_cell(
    tmp_path: Path, row: str, code: str, col: int
) -> None:
    (tmp_path / "closures").mkdir()
    (tmp_path / "closures" / "x.csv").write_text(COLUMNS + row + "\n", encoding="utf-8")
    faults: list[Fault] = []
    load_closures(tmp_path / "closures", faults)
    assert (faults[0].code, faults[0].line, faults[0].col) == (code, 2, col)
    with pytest.raises(BookErrors) as caught:
        book_of(tmp_path, rule_text("D", "deadline: {clock: clock, within: 5 days}"))
    assert code in {error.code for error in caught.value.errors}
