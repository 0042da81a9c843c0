"""Decides which days are worked, by looking at one day after the other (DOMAIN §3, CLOCKS.md 21)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path

ONE = timedelta(days=1)
FIXED = {(1, 1), (5, 1), (10, 1), (10, 2), (10, 3)}
EPOCH = datetime.combine(date(1970, 1, 1), time.min)
SHANGHAI = timedelta(hours=8)


class Days:
    """Days off and make-up days as sets; nothing is counted ahead."""

    def __init__(self, off: set[date], work: set[date], years: set[int]) -> None:
        self.off, self.work, self.years = off, work, years
        self._after: dict[tuple[date, int, str], date] = {}

    def counts(self, day: date, unit: str) -> bool:
        """True when a limit in that unit uses this day up."""
        if unit == "days":
            return True
        if day in self.work:
            return True
        if day in self.off or day.weekday() > 4:
            return False
        return day.year in self.years or (day.month, day.day) not in FIXED

    def after(self, start: date, number: int, unit: str) -> date:
        """The last of so many counted days after `start`, which is not counted."""
        asked = (start, number, unit)
        if asked not in self._after:
            day = start
            while number > 0:
                day += ONE
                number -= self.counts(day, unit)
            self._after[asked] = day
        return self._after[asked]

    def rolled(self, day: date) -> date:
        while not self.counts(day, "workdays"):
            day += ONE
        return day

    def provisional(self, due: date) -> bool:
        return due >= date(max(self.years), 12, 24)


def between(after: date, upto: date) -> Iterator[date]:
    """The days in (after, upto]."""
    day = after + ONE
    while day <= upto:
        yield day
        day += ONE


def announced(folder: Path) -> Days:
    """The calendar of a folder: either of the two ways in which years are written there."""
    off: set[date] = set()
    work: set[date] = set()
    years: set[int] = set()
    for path in sorted(folder.glob("*.json")):
        written = json.loads(path.read_text(encoding="utf-8"))
        years.add(written["year"])
        said: list[tuple[date, bool]] = [
            (date.fromisoformat(each["date"]), each["isOffDay"]) for each in written.get("days", [])
        ]
        for notice in sorted(written.get("announcements", []), key=lambda each: each["announced"]):
            said += [(date.fromisoformat(each), True) for each in notice["off"]]
            said += [(date.fromisoformat(each), False) for each in notice["work"]]
        for day, is_off in said:
            (off if is_off else work).add(day)
            (work if is_off else off).discard(day)
    return Days(off, work, years)


def local(text: str) -> datetime:
    """A written time → Shanghai wall time without a zone: the oracle counts in it alone."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        return moment
    return moment.replace(tzinfo=None) - (moment.utcoffset() or timedelta()) + SHANGHAI


def micros(moment: datetime | None) -> int | None:
    """Shanghai wall time → epoch microseconds."""
    return None if moment is None else (moment - SHANGHAI - EPOCH) // timedelta(microseconds=1)


def midnight(day: date) -> datetime:
    return datetime.combine(day, time.min)


def end_of(day: date) -> datetime:
    return midnight(day + ONE)
