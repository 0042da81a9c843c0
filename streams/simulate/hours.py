"""Decides when the offices of the simulated town work: days of the calendar by number, moments in them."""

from __future__ import annotations

from datetime import date, timedelta
from random import Random

from rules.calendar import Calendar
from rules.model.times import HOUR, MINUTE, local_day, local_time, next_midnight

ZONE = "Asia/Shanghai"
OPENS, CLOSES = 9 * HOUR + 5 * MINUTE, 16 * HOUR + 30 * MINUTE
BEFORE, AFTER = 220, 220
"""Days around the simulated ones: what is open on the first day began earlier, and goes on after the last."""


class Hours:
    """Working days by number, so that a plan says `decided on day 8 of 7` without deadline arithmetic."""

    def __init__(self, calendar: Calendar, start: date, days: int) -> None:
        first = start - timedelta(days=BEFORE)
        around = (first + timedelta(days=step) for step in range(BEFORE + days + AFTER))
        self.days = [day for day in around if calendar.is_working_day(day)]
        self._numbers = {day: number for number, day in enumerate(self.days)}
        self.start, self.end = start, start + timedelta(days=days)
        self.now = local_time(self.end, 0, ZONE)
        self.first = self.number_from(start)
        self.last = self.number_from(self.end) - 1
        """The last working day that has passed at the end."""

    def number_from(self, day: date) -> int:
        """The number of that day, or of the next working day after it."""
        while day not in self._numbers:
            day += timedelta(days=1)
        return self._numbers[day]

    def working_day_before(self, number: int, days: int) -> int:
        """The last working day that is at least so many calendar days before that one."""
        day = self.days[number] - timedelta(days=days)
        while day not in self._numbers:
            day -= timedelta(days=1)
        return self._numbers[day]

    def moment(self, number: int, after: int, rng: Random) -> int:
        """An instant in the office hours of a day; minutes after another one of the same day."""
        day = self.days[number]
        at = local_time(day, rng.randrange(OPENS, CLOSES, 1_000_000), ZONE)
        return max(at, after + rng.randrange(11 * MINUTE, 19 * MINUTE, 1_000_000))

    def day_end(self, number: int) -> int:
        """The instant at which that working day is over."""
        return next_midnight(self.days[number], ZONE)

    def rolled_end(self, day: date) -> int:
        """The end of a day, or of the next working day where it is none."""
        return self.day_end(self.number_from(day))


def day_of(at: int) -> date:
    return local_day(at, ZONE)
