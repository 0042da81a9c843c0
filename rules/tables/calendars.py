"""Decides what the calendar files say: days off and make-up days by year, each notice with its source.

A region that has days of its own has a calendar of its own, which extends another: `"extends": "cn"`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from msgspec import Struct

from rules.calendar import Announcement, Calendar
from rules.tables.faults import Fault, Text

YEAR_KEYS = {"calendar", "extends", "year", "announcements"}
NOTICE_KEYS = {"announced", "source", "off", "work"}
WEEKDAYS = Calendar("weekdays")
"""Monday to Friday but the statutory fixed days, never announced: for regions without a calendar."""


class _Read(Struct):
    """One calendar as its files say it: its notices, and which calendar it extends by which file."""

    notices: list[Announcement] = []
    extends: str = ""
    said_in: Text | None = None


def load_calendars(directory: Path, faults: list[Fault], shipped: Path | None = None) -> dict[str, Calendar]:
    """`<directory>/<name>/<year>.json` → calendars by name; errors are added to `faults`.

    One may extend another of the folder or, where that is not there, of the `shipped` ones.
    """
    found = _read_all(directory, faults)
    lacking = {each.extends for each in found.values()} - found.keys() - {"", WEEKDAYS.name}
    if lacking and shipped is not None and shipped != directory:
        found |= {name: each for name, each in _read_all(shipped, faults).items() if name in lacking}
    made = {WEEKDAYS.name: WEEKDAYS}
    for name in found:
        _made(name, found, made, ())
    return made


def _read_all(directory: Path, faults: list[Fault]) -> dict[str, _Read]:
    found: dict[str, _Read] = {}
    for path in sorted(directory.glob("*/*.json")):
        text = Text(path, faults)
        read = found.setdefault(path.parent.name, _Read())
        read.notices += _year(text, read)
    return found


def _made(name: str, found: Mapping[str, _Read], made: dict[str, Calendar], through: tuple[str, ...]) -> Calendar:
    """The calendar of that name, after those that it extends."""
    if name in made:
        return made[name]
    read = found[name]
    base: Calendar | None = None
    if read.extends and read.said_in is not None:
        if read.extends in (*through, name):
            read.said_in.fault_at('"extends"', "extends-itself", f"`{name}` extends itself through `{read.extends}`")
        elif read.extends not in found and read.extends not in made:
            known = ", ".join(sorted({*found, *made} - {name}))
            read.said_in.fault_at(
                '"extends"', "unknown-calendar", f"there is no calendar `{read.extends}`; known are {known}"
            )
        else:
            base = _made(read.extends, found, made, (*through, name))
    made[name] = Calendar(name, read.notices, base)
    return made[name]


def _year(text: Text, read: _Read) -> list[Announcement]:
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
    _base(raw.get("extends", ""), text, read)
    if str(raw["year"]) != text.path.stem:
        text.fault_at('"year"', "wrong-year", f"`{raw['year']}` is not the year of the file's name")
    made = [_notice(each, raw["year"], text) for each in raw["announcements"]]
    return [each for each in made if each is not None]


def _base(extends: object, text: Text, read: _Read) -> None:
    """All files of a calendar extend the same one, or none does."""
    if not isinstance(extends, str):
        text.fault_at('"extends"', "not-a-name", "`extends` is the name of a calendar")
    elif read.said_in is None:
        read.extends, read.said_in = extends, text
    elif extends != read.extends:
        other = read.said_in.path.name
        text.fault_at('"extends"', "two-bases", f"{other} of this calendar extends `{read.extends or 'none'}`")


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
