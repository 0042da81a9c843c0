"""Decides which days and hours are worked: announced days off and make-up days, counted in constant time."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import blake2b
from itertools import accumulate

from rules.model.times import HOUR, local_day, local_time

FIRST = date(1900, 1, 1)
LAST = date(2199, 12, 31)
_FIRST = FIRST.toordinal()
_SPAN = LAST.toordinal() - _FIRST + 1
STATUTORY = ((1, 1), (5, 1), (10, 1), (10, 2), (10, 3))
"""Fixed days off of years that nobody has announced (CLOCKS.md 21)."""
PROVISIONAL_FROM = (12, 24)
NEVER_PROVISIONAL = 9999


@dataclass(frozen=True, slots=True)
class Announcement:
    """One notice of the State Council for a year; it replaces what earlier notices said of the same days."""

    year: int
    announced: date
    source: str
    off: tuple[date, ...] = ()
    work: tuple[date, ...] = ()


class Calendar:
    """The working days as announced. Frozen; days before 1900 and after 2199 count as those two.

    One that extends a `base` says only what its own region adds or takes back: its notices hold over those of the
    base, which years are announced is a matter of the base.
    """

    __slots__ = (
        "_all",
        "_counted",
        "_first_provisional",
        "_worked",
        "_working",
        "announced_years",
        "announcements",
        "base",
        "hash",
        "last_announced",
        "name",
    )

    def __init__(self, name: str, announcements: Iterable[Announcement] = (), base: Calendar | None = None) -> None:
        self.name, self.base = name, base
        self.announcements = tuple(sorted(announcements, key=lambda each: (each.announced, each.year)))
        self._all: tuple[Announcement, ...] = (base._all if base is not None else ()) + self.announcements
        own = frozenset(each.year for each in self.announcements)
        self.announced_years: frozenset[int] = base.announced_years if base is not None else own
        self.last_announced = max(self.announced_years, default=NEVER_PROVISIONAL)
        self._first_provisional = date(self.last_announced, *PROVISIONAL_FROM)
        self._working = _working(self._all, self.announced_years)
        self._worked = array("i", (index for index, worked in enumerate(self._working) if worked))
        self._counted = array("i", accumulate(self._working))
        written = (name, self.announcements) if base is None else (name, self.announcements, base.hash)
        self.hash: str = blake2b(repr(written).encode(), digest_size=16).hexdigest()

    @property
    def version(self) -> str:
        """The last announced year and when the latest notice was given: what people call this calendar."""
        if not self._all:
            return self.name
        return f"{self.name}-{self.last_announced}@{max(each.announced for each in self._all)}"

    def known_at(self, day: date) -> Calendar:
        """The calendar as it was announced by the end of that day."""
        base = self.base.known_at(day) if self.base is not None else None
        return Calendar(self.name, (each for each in self.announcements if each.announced <= day), base)

    def notice_of(self, day: date) -> Announcement | None:
        """The notice that says whether a day is worked; None for a day that follows from its weekday alone."""
        return next((each for each in reversed(self._all) if day in each.off or day in each.work), None)

    def is_working_day(self, day: date) -> bool:
        return self._working[_index(day)] == 1

    def add_working_days(self, start: date, n: int) -> date:
        """The nth working day after `start`, which is not counted; `start` for 0. Raises ValueError."""
        if n <= 0:
            if n < 0:
                raise ValueError(f"{n} working days cannot be added")
            return start
        position = self._counted[_index(start)] + n - 1
        if position >= len(self._worked):
            return LAST
        return date.fromordinal(self._worked[position] + _FIRST)

    def working_days_between(self, after: date, upto: date) -> int:
        """How many working days lie in (after, upto]; 0 when `upto` is not later."""
        if upto <= after:
            return 0
        return self._counted[_index(upto)] - self._counted[_index(after)]

    def next_working_day(self, day: date) -> date:
        """The day itself when it is worked, else the first worked day after it."""
        return day if self.is_working_day(day) else self.add_working_days(day, 1)

    def is_provisional(self, due: date) -> bool:
        """True from 24 December of the last announced year on: the next notice may move such a day."""
        return due >= self._first_provisional


def _index(day: date) -> int:
    return min(max(day.toordinal() - _FIRST, 0), _SPAN - 1)


def _working(announcements: tuple[Announcement, ...], announced: frozenset[int]) -> bytearray:
    monday_first = b"\1\1\1\1\1\0\0" * (_SPAN // 7 + 2)
    weekday = FIRST.weekday()
    working = bytearray(monday_first[weekday : weekday + _SPAN])
    for year in range(FIRST.year, LAST.year + 1):
        if year not in announced:
            for month, day in STATUTORY:
                working[date(year, month, day).toordinal() - _FIRST] = 0
    for each in announcements:
        for off in each.off:
            working[_index(off)] = 0
        for work in each.work:
            working[_index(work)] = 1
    return working


@dataclass(frozen=True, slots=True)
class OfficeHours:
    """When an office works on a working day: (from, to) in microseconds after 00:00, in order."""

    calendar: Calendar
    hours: tuple[tuple[int, int], ...] = ((9 * HOUR, 12 * HOUR), (13 * HOUR, 17 * HOUR))

    @property
    def a_day(self) -> int:
        """Office time of one working day in microseconds."""
        return sum(end - begin for begin, end in self.hours)

    def is_off_hours(self, at: int, zone: str) -> bool:
        """True on a day off and after office hours; before they begin the day itself still counts."""
        day = local_day(at, zone)
        return not self.calendar.is_working_day(day) or at > local_time(day, self.hours[-1][1], zone)

    def _worked_by(self, at: int, day: date, zone: str) -> int:
        """Office time of that day that has passed at an instant."""
        if not self.calendar.is_working_day(day):
            return 0
        passed = 0
        for begin, end in self.hours:
            opens = local_time(day, begin, zone)
            passed += min(max(at - opens, 0), end - begin)
        return passed

    def work_time_between(self, after: int, upto: int, zone: str) -> int:
        """Office time in microseconds between two instants; 0 when `upto` is not later."""
        if upto <= after:
            return 0
        first, last = local_day(after, zone), local_day(upto, zone)
        days = self.calendar.working_days_between(first - timedelta(days=1), last - timedelta(days=1))
        return days * self.a_day - self._worked_by(after, first, zone) + self._worked_by(upto, last, zone)

    def add_work_time(self, at: int, micros: int, zone: str) -> int:
        """The instant at which so much office time has passed since `at`; `at` itself for 0."""
        if micros <= 0:
            return at
        day = local_day(at, zone)
        passed = self._worked_by(at, day, zone)
        today = self.a_day if self.calendar.is_working_day(day) else 0
        if micros > today - passed:
            days, micros = divmod(micros - (today - passed) - 1, self.a_day)
            day = self.calendar.add_working_days(day, days + 1)
            micros += 1
        else:
            micros += passed
        return self._instant_of(day, micros, zone)

    def _instant_of(self, day: date, micros: int, zone: str) -> int:
        for begin, end in self.hours:
            if micros <= end - begin:
                return local_time(day, begin + micros, zone)
            micros -= end - begin
        return local_time(day, self.hours[-1][1], zone)
