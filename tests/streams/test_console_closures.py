"""The picture of a clock names the declared closures that stopped it, and agrees with what the core counted."""

from pathlib import Path

import pytest

from rules.drive import Drive
from rules.model.alerts import Alert, Clock
from rules.model.events import Event
from streams.console import queue_rows
from streams.console.board import Entry
from streams.console.clock_picture import Cell, ClockPicture, picture
from streams.console.declared import Declared
from streams.console.desk import fill
from streams.console.happenings import Happening
from streams.console.wording import words
from tests.rules.small_books import at, book_of, event, rule_text

CLOSURES = """\
from,until,region,organ,cause,basis,approved_by
2026-03-04,2026-03-05,430100,,disaster,<b>市政府公告〔2026〕3号</b>,市政府
2026-03-09T10:00,2026-03-10T12:00,,o1,outage,市政务局通知〔2026〕7号,市政务局
2026-03-11,2026-03-12,,o2,outage,另一机构,市政务局
2026-06-01,2026-06-02,,,disaster,到期之后,市政府
"""
PAUSE = "pause: {event: case.suspended, at_most: {of: event.approved_days, unit: workdays}}, resume: case.resumed"


def told(folder: Path, within: str, *events: Event, until: str = "2026-03-31") -> tuple[Drive, Declared]:
    (folder / "closures").mkdir(parents=True)
    (folder / "closures" / "2026.csv").write_text(CLOSURES, encoding="utf-8")
    book = book_of(folder, rule_text("D", f"deadline: {{clock: clock, within: {within}, {PAUSE}}}"))
    drive = Drive(book)
    drive.take(list(events))
    drive.until(at(until))
    return drive, Declared(book.tables, {})


def accepted(**given: str) -> Event:
    return event("case.accepted", "2026-03-02T09:00", **{"region": "430102", "organ": "o1", **given})


def drawn(clock: Clock, known: Declared, language: str = "en", happened: list[Happening] | None = None) -> ClockPicture:
    return picture(clock, happened or [], at("2026-03-31"), words(language), known)


def cells(drawing: ClockPicture, look: str) -> list[Cell]:
    found = [cell for block in drawing.blocks for week in block for cell in week.cells if cell is not None]
    return [cell for cell in found if look in cell.look.split()]


@pytest.mark.parametrize(("within", "due"), [("10 workdays", "2026-03-19"), ("10 days", "2026-03-15")])
def test_a_closed_day_says_what_it_was_closed_for_and_by_whom(tmp_path: Path, within: str, due: str) -> None:
    drive, known = told(tmp_path, within, accepted())
    (clock,) = drive.clocks()
    assert (clock.paused, str(clock.due_date)) == (3, due)
    drawing = drawn(clock, known)
    assert [cell.day for cell in cells(drawing, "closed")] == [4, 5, 10]
    said = cells(drawing, "closed")[0].says
    assert "declared closure, disaster; basis: <b>市政府公告〔2026〕3号</b>; approved by 市政府" in said
    assert cells(drawing, "closed")[2].marks == ("C",)
    assert ("closed", "declared closure") in {(each.name, each.text) for each in drawing.legend}
    assert [note for note in drawing.notes if note.startswith("Closed")] == [
        "Closed 2026-03-04 to 2026-03-05: disaster; basis: <b>市政府公告〔2026〕3号</b>; approved by 市政府",
        "Closed 2026-03-09 10:00 to 2026-03-10 12:00: outage of the system; "
        "basis: 市政务局通知〔2026〕7号; approved by 市政务局",
    ]
    assert "停办（声明）, 灾害，依据：" in cells(drawn(clock, known, "zh"), "closed")[0].says
    assert "<b>" not in fill("clock", picture=drawing, w=words("en"), weekdays=())


def test_a_suspension_beside_a_closure_is_drawn_as_one_and_days_add_up(tmp_path: Path) -> None:
    suspended = event("case.suspended", "2026-03-04T09:00", approved_days=3, region="430102", organ="o1")
    drive, known = told(tmp_path, "10 workdays", accepted(), suspended)
    (clock,) = drive.clocks()
    happened = Happening(
        source="s", id="p", type="case.suspended", occurred_at=suspended.fact.occurred_at,
        recorded_at=suspended.fact.recorded_at, fields={"approved_days": "3"},
    )  # fmt: skip
    drawing = drawn(clock, known, happened=[happened])
    assert [cell.day for cell in cells(drawing, "closed")] == [4, 5, 10]
    assert [cell.day for cell in cells(drawing, "paused")] == [6, 7, 8, 9]
    assert clock.paused == 5
    assert any("5 paused" in note for note in drawing.notes)


def test_an_hour_clock_names_its_closures_too_and_another_region_has_none(tmp_path: Path) -> None:
    drive, known = told(tmp_path, "72h", accepted(), event("case.accepted", "2026-03-02T09:00", "B", organ="o3"))
    here, elsewhere = sorted(drive.clocks(), key=lambda clock: clock.subject)
    assert [cell.day for cell in cells(drawn(here, known), "closed")] == [4, 5]
    assert cells(drawn(elsewhere, known), "closed") == []
    assert not [note for note in drawn(elsewhere, known).notes if note.startswith("Closed")]


def test_an_alert_of_which_an_event_is_missing_has_a_chip_that_says_so(tmp_path: Path) -> None:
    alert = Alert(
        alert_id="ab" * 16, rule="D", subject="A1", stream="service", severity="notice", reason="matched", at=0,
        occasion=("s", "e"), settled=True,
    )  # fmt: skip
    marked = Alert(**{name: getattr(alert, name) for name in Alert.__struct_fields__} | {"params": {"doubtful": "x"}})
    known = told(tmp_path, "72h")[1]
    for language, chip in (("zh", "存疑"), ("en", "doubtful")):
        rows = [queue_rows.row(Entry(each, 0, ""), words(language), known) for each in (alert, marked)]
        assert [row["doubt"] for row in rows] == ["", chip]
