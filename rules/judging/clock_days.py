"""Decides what each day of a clock is called; the arithmetic is the clock's own, days are only named."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from enum import StrEnum

import msgspec
from msgspec import Struct

from rules.model.alerts import Clock
from rules.model.times import local_day

ONE_DAY = timedelta(days=1)
BEFORE_DUE = 186
"""At most so many days up to the due date are drawn, and BEYOND_DUE after it; others are told as a number."""
BEYOND_DUE = 42

Pause = tuple[date, date]
"""The first and the last day on which the clock rests."""


class DayKind(StrEnum):
    """What the clock did on a day. `OFF`: a day that its unit does not count; `CLOSED`: it was paused by a declared
    closure; `AFTER`: it had stopped.
    """

    START = "start"
    COUNTED = "counted"
    OFF = "off"
    PAUSED = "paused"
    CLOSED = "closed"
    BEYOND = "beyond"
    AHEAD = "ahead"
    AFTER = "after"


NUMBERED = (DayKind.COUNTED, DayKind.BEYOND)


class ClockDay(Struct, frozen=True):
    """One day. `number` is its place among the counted days, or among those beyond the due date; else 0."""

    day: date
    kind: DayKind
    number: int = 0
    worked: bool = True
    due: bool = False
    stopped: bool = False
    today: bool = False

    @property
    def make_up(self) -> bool:
        """A Saturday or Sunday on which offices work."""
        return self.worked and self.day.weekday() >= 5

    @property
    def holiday(self) -> bool:
        """A Monday to Friday on which they do not."""
        return not self.worked and self.day.weekday() < 5


class ClockStrip(Struct, frozen=True):
    """The days in order, without gaps; `earlier` and `later` were left out. It is counted up to `last`."""

    days: tuple[ClockDay, ...]
    last: date
    counted: int
    paused: int
    beyond: int
    earlier: int = 0
    later: int = 0

    def weeks(self) -> list[list[ClockDay | None]]:
        """Rows from Monday to Sunday, filled up with None."""
        if not self.days:
            return []
        cells: list[ClockDay | None] = [None] * self.days[0].day.weekday()
        cells += self.days
        cells += [None] * (-len(cells) % 7)
        return [cells[place : place + 7] for place in range(0, len(cells), 7)]


def clock_days(
    clock: Clock,
    works: Callable[[date], bool],
    now: int,
    zone: str,
    pauses: Sequence[Pause] = (),
    closed: Sequence[Pause] = (),
) -> ClockStrip:
    """The days from the clock's start to the last of its due date, its stop and (while it is open) today.

    `works` says whether offices work on a day; `pauses` are those that it counted, `closed` the declared closures
    among them.
    """
    due = due_day(clock, zone)
    stop = None if clock.stopped_at is None else local_day(clock.stopped_at, zone)
    today = local_day(now, zone)
    last = stop or max(today, clock.start_date)
    reached = max(clock.start_date, last, due or clock.start_date)
    tally: Counter[DayKind] = Counter()
    made: list[ClockDay] = []
    day = clock.start_date
    while day <= reached:
        worked = works(day)
        kind = _kind(clock, day, worked, due, last, stop is not None, pauses, closed)
        counts = worked or not in_working_days(clock)
        tally[kind] += counts
        number = tally[kind] if counts and kind in NUMBERED else 0
        made.append(ClockDay(day, kind, number, worked, day == due, day == stop, day == today))
        day += ONE_DAY
    return _cut(made, last, due or last, tally)


def as_of_now(clock: Clock, strip: ClockStrip, now: int) -> Clock:
    """An open clock with `used` and `left` as its days say now; its record is as old as its last event.

    Clocks of office time, and those without days, keep the figures of their record.
    """
    if clock.state != "open" or clock.as_of >= now:
        return clock
    if clock.unit in ("workdays", "days"):
        used = strip.counted + strip.beyond
    elif clock.unit == "exact" and not clock.paused:
        used = max(0, now - clock.start_at)
    else:
        return clock
    left = None if clock.limit is None else clock.limit + clock.extended - used
    return msgspec.structs.replace(clock, used=used, left=left, as_of=now)


def due_day(clock: Clock, zone: str) -> date | None:
    """The last local day that is in time; None where the clock has no limit."""
    if clock.due_date is not None:
        return clock.due_date
    return None if clock.due_at is None else local_day(clock.due_at - 1, zone)


def in_working_days(clock: Clock) -> bool:
    """True where the clock leaves days off out of its count."""
    return clock.unit in ("workdays", "workhours")


def _kind(
    clock: Clock,
    day: date,
    worked: bool,
    due: date | None,
    last: date,
    is_stopped: bool,
    pauses: Sequence[Pause],
    closed: Sequence[Pause],
) -> DayKind:
    if day == clock.start_date:
        return DayKind.START
    if day > last:
        return DayKind.AFTER if is_stopped else DayKind.AHEAD
    if due is not None and day > due:
        return DayKind.BEYOND
    if any(first <= day <= final for first, final in closed):
        return DayKind.CLOSED
    if any(first <= day <= final for first, final in pauses):
        return DayKind.PAUSED
    return DayKind.COUNTED if worked or not in_working_days(clock) else DayKind.OFF


def _cut(made: list[ClockDay], last: date, due: date, tally: Counter[DayKind]) -> ClockStrip:
    shown = [day for day in made if -BEFORE_DUE <= (day.day - due).days <= BEYOND_DUE] or made[:1]
    return ClockStrip(
        tuple(shown),
        last,
        tally[DayKind.COUNTED],
        tally[DayKind.PAUSED] + tally[DayKind.CLOSED],
        tally[DayKind.BEYOND],
        (shown[0].day - made[0].day).days,
        (made[-1].day - shown[-1].day).days,
    )
