"""Decides what the calendar files say: days off and make-up days by year, each notice with its source."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

from rules.calendar import Announcement, Calendar
from rules.tables.faults import Fault, Text

YEAR_KEYS = {"calendar", "year", "announcements"}
NOTICE_KEYS = {"announced", "source", "off", "work"}
WEEKDAYS = Calendar("weekdays")
"""Monday to Friday but the statutory fixed days, never announced: for regions without a calendar."""


def load_calendars(directory: Path, faults: list[Fault]) -> dict[str, Calendar]:
    """`<directory>/<name>/<year>.json` → calendars by name; errors are added to `faults`."""
    notices: dict[str, list[Announcement]] = {}
    for path in sorted(directory.glob("*/*.json")):
        notices.setdefault(path.parent.name, []).extend(_year(Text(path, faults)))
    found = {name: Calendar(name, each) for name, each in notices.items()}
    return {WEEKDAYS.name: WEEKDAYS} | found


def _year(text: Text) -> list[Announcement]:
    try:
        raw = json.loads(text.text) if text.text else None
    except json.JSONDecodeError as error:
        text.fault(error.lineno, error.colno, "not-json", error.msg)
        return []
    if (
        not isinstance(raw, dict)
        or not isinstance(raw.get("year"), int)
        or not isinstance(raw.get("announcements"), list)
    ):
        text.fault(1, 1, "not-a-calendar", "a calendar file is {calendar, year, announcements: [...]}")
        return []
    for key in raw.keys() - YEAR_KEYS:
        text.fault_at(f'"{key}"', "unknown-key", f"`{key}` is none of {', '.join(sorted(YEAR_KEYS))}")
    if raw.get("calendar", text.path.parent.name) != text.path.parent.name:
        text.fault_at('"calendar"', "wrong-name", f"this file is in the folder of `{text.path.parent.name}`")
    if str(raw["year"]) != text.path.stem:
        text.fault_at('"year"', "wrong-year", f"`{raw['year']}` is not the year of the file's name")
    made = [_notice(each, raw["year"], text) for each in raw["announcements"]]
    return [each for each in made if each is not None]


def _notice(raw: Any, year: int, text: Text) -> Announcement | None:
    if not isinstance(raw, dict) or "announced" not in raw or "source" not in raw:
        text.fault_at('"announcements"', "not-a-notice", "a notice is {announced, source, off, work}")
        return None
    for key in raw.keys() - NOTICE_KEYS:
        text.fault_at(f'"{key}"', "unknown-key", f"`{key}` is none of {', '.join(sorted(NOTICE_KEYS))}")
    announced = _day(raw["announced"], text, "")
    off, work = (_days(raw.get(key, []), year, text, f'"{key}"') for key in ("off", "work"))
    for day in sorted(set(off) & set(work)):
        text.fault_at(f'"{day}"', "off-and-worked", f"{day} is declared off and worked in one notice", '"work"')
    return Announcement(year, announced, str(raw["source"]), off, work) if announced else None


def _day(raw: object, text: Text, after: str) -> date | None:
    try:
        if isinstance(raw, str) and len(raw) == 10:
            return date.fromisoformat(raw)
    except ValueError:
        pass
    text.fault_at(json.dumps(raw, ensure_ascii=False), "not-a-date", f"`{raw}` is not a date (YYYY-MM-DD)", after)
    return None


def _days(raw: object, year: int, text: Text, after: str) -> tuple[date, ...]:
    if not isinstance(raw, list):
        text.fault_at(after, "not-a-list", f"{after} is a list of dates")
        return ()
    found = [day for day in (_day(each, text, after) for each in raw) if day is not None]
    for day in found:
        if abs((day - date(year, 7, 1)).days) > 250:
            text.fault_at(f'"{day}"', "another-year", f"{day} is not a day of {year} or near it", after)
    return tuple(found)
