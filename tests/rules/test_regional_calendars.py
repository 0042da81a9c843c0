"""A region's calendar extends another: its own notices hold, the announced years are those of the base."""

import json
from datetime import date
from pathlib import Path

import pytest

from rules.tables import TableErrors, load_tables

REGIONS = """
palettes:
  one: {notice: "#1677ff", yellow_card: "#faad14", red_card: "#cf1322"}
default: {zone: Asia/Shanghai, calendar: cn, palette: one}
regions:
  "650000": {calendar: xinjiang}
"""
NOTICE = {"announced": "2026-03-01", "source": "自治区人民政府办公厅", "off": ["2026-03-20"], "work": ["2026-03-21"]}


def book(tmp_path: Path, **years: object) -> Path:
    folder = tmp_path / "calendars" / "xinjiang"
    folder.mkdir(parents=True)
    for year, written in years.items():
        (folder / f"{year[1:]}.json").write_text(json.dumps(written, ensure_ascii=False), encoding="utf-8")
    (tmp_path / "regions.yaml").write_text(REGIONS, encoding="utf-8")
    return tmp_path


def test_a_regional_calendar_adds_its_days_to_those_of_the_shipped_one_it_extends(tmp_path: Path) -> None:
    written = {"calendar": "xinjiang", "extends": "cn", "year": 2026, "announcements": [NOTICE]}
    tables = load_tables(book(tmp_path, y2026=written))
    here, national = tables.calendar("650102"), tables.calendar("510100")
    assert national.is_working_day(date(2026, 3, 20)) and not here.is_working_day(date(2026, 3, 20))
    assert here.is_working_day(date(2026, 3, 21)), "its make-up Saturday"
    assert not here.is_working_day(date(2026, 2, 17)), "the national holiday holds"
    assert here.add_working_days(date(2026, 3, 19), 1) == date(2026, 3, 21)
    notice = here.notice_of(date(2026, 3, 20))
    assert notice is not None and notice.source == "自治区人民政府办公厅"
    assert here.notice_of(date(2026, 3, 18)) is None
    assert here.hash != national.hash


def test_a_regional_notice_announces_no_year(tmp_path: Path) -> None:
    notice = NOTICE | {"off": ["2027-03-20"], "work": []}
    written = {"extends": "cn", "year": 2027, "announcements": [notice]}
    here = load_tables(book(tmp_path, y2027=written)).calendar("650102")
    assert here.last_announced == 2026
    assert here.is_provisional(date(2026, 12, 24))
    assert not here.is_working_day(date(2027, 3, 20)) and not here.is_working_day(date(2027, 1, 1))


def test_what_a_day_knew_of_a_regional_calendar_is_what_both_had_announced(tmp_path: Path) -> None:
    written = {"extends": "cn", "year": 2026, "announcements": [NOTICE]}
    here = load_tables(book(tmp_path, y2026=written)).calendar("650102")
    assert here.known_at(date(2026, 2, 28)).is_working_day(date(2026, 3, 20))
    assert here.known_at(date(2025, 11, 3)).last_announced == 2025
    assert not here.known_at(date(2026, 3, 1)).is_working_day(date(2026, 3, 20))


def faults(folder: Path) -> list[tuple[str, str]]:
    with pytest.raises(TableErrors) as caught:
        load_tables(folder)
    return [(f"{Path(fault.file).name}:{fault.line}:{fault.col}", fault.code) for fault in caught.value.errors]


def test_what_a_calendar_cannot_extend_is_told_at_its_place(tmp_path: Path) -> None:
    written = {"extends": "cm", "year": 2026, "announcements": []}
    assert ("2026.json:1:2", "unknown-calendar") in faults(book(tmp_path, y2026=written))


def test_a_calendar_that_extends_itself_is_a_fault(tmp_path: Path) -> None:
    written = {"extends": "xinjiang", "year": 2026, "announcements": []}
    assert ("2026.json:1:2", "extends-itself") in faults(book(tmp_path, y2026=written))


def test_the_files_of_a_calendar_extend_the_same_one(tmp_path: Path) -> None:
    first = {"extends": "cn", "year": 2025, "announcements": []}
    second = {"extends": "weekdays", "year": 2026, "announcements": []}
    third = {"extends": 7, "year": 2027, "announcements": []}
    found = faults(book(tmp_path, y2025=first, y2026=second, y2027=third))
    assert ("2026.json:1:2", "two-bases") in found
    assert ("2027.json:1:2", "not-a-name") in found
