"""Decides when one running of a clock is due: CLOCKS.md 10–16 and 20, 21 as a reading of the marks of its events.

A due time is read again from all marks ordered before the stop, since a pause learned late has its whole final length
in every decision that it bears on. Pauses that follow one another, none with an approved length, simply add up.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta

from rules.judging.closed import in_turn
from rules.judging.due import NO_DUE, Due, Pause
from rules.judging.marks import Mark, Terms
from rules.judging.place import Places
from rules.judging.roles import EXTEND, PAUSE, RESUME
from rules.judging.selector import ALL_KEYS
from rules.model.spans import Span, Unit
from rules.model.times import DAY, local_day, next_midnight


def full(amount: int) -> int:
    """The whole limit."""
    return amount


class Run:
    """One running of a clock, from a start to its stop, with its arithmetic in the zone and calendar of its region."""

    __slots__ = (
        "_day", "at", "closed", "due", "exact", "hold", "in_time", "marks", "place",
        "start", "stop", "straight", "terms", "total", "unit", "void",
    )  # fmt: skip

    def __init__(self, start: Mark, unit: Unit, total: int, terms: Terms, places: Places) -> None:
        self.start, self.unit, self.total, self.terms = start, unit, total, terms
        self.place = places.of(start.opening.region)
        self.closed = self.place.closed(start.opening.organ) if self.place.closures else ()
        self.hold = places.hold_back(start.source)
        self.exact = unit in ("exact", "workhours")
        self.at = next_midnight(local_day(start.at, self.place.zone), self.place.zone) if start.whole_day else start.at
        self.stop: Mark | None = None
        self.in_time: bool | None = None
        self.void = False
        self.marks: Sequence[Mark] = ()
        self.straight: tuple[Pause, ...] | None = None
        self.due = NO_DUE
        self._day: date | None = None

    @property
    def day(self) -> date:
        """The day from which days are counted, itself not counted; off hours may move it to the next working day."""
        if self._day is None:
            start, place = self.start, self.place
            self._day = local_day(start.at, place.zone)
            moves = self.terms.off_hours and place.off_hours_count_from_next_workday
            if moves and self._came_off_hours(self._day):
                self._day = place.calendar.add_working_days(self._day, 1)
        return self._day

    def _came_off_hours(self, day: date) -> bool:
        """After office hours, or on a day off; a date without a time can only be the latter (CLOCKS.md 7)."""
        if self.start.whole_day:
            return not self.place.calendar.is_working_day(day)
        return self.place.office.is_off_hours(self.start.at, self.place.zone)

    def day_of(self, mark: Mark) -> date:
        return local_day(mark.at, self.place.zone)

    def days(self, after: date, upto: date) -> int:
        """Days of the clock's unit in (after, upto]."""
        if self.unit == "workdays":
            return self.place.calendar.working_days_between(after, upto)
        return max((upto - after).days, 0)

    def pauses(self, marks: Iterable[Mark]) -> dict[int, Pause]:
        """Suspensions by the position of their mark; a second one of a procedure still paused is ignored (13)."""
        running: dict[str, Pause] = {}
        found: dict[int, Pause] = {}
        for position, mark in enumerate(marks):
            if mark.role == PAUSE:
                other = running.get(mark.pause_key)
                if other and (other.approved is None or self.day_of(mark) <= other.approved):
                    continue
                found[position] = running[mark.pause_key] = Pause(mark, self.approved(mark))
            elif mark.role == RESUME:
                keys = list(running) if mark.pause_key == ALL_KEYS else [mark.pause_key]
                for key in keys:
                    pause = running.pop(key, None)
                    if pause is not None:
                        pause.end = mark
        return found

    def approved(self, mark: Mark) -> date | None:
        """The last approved day of a suspension; None for one without a limit."""
        if mark.amount is None:
            return None
        day = self.day_of(mark)
        if mark.amount.unit == "workdays":
            return self.place.calendar.add_working_days(day, mark.amount.amount)
        days = mark.amount.amount if mark.amount.unit == "days" else mark.amount.amount // DAY
        return day + timedelta(days=days)

    def paused(self, pauses: Sequence[Pause], upto: int | None = None) -> int | None:
        """How much of the clock's unit lies in the union of the pauses, after the start; None without an end."""
        if not pauses:
            return 0
        intervals: list[tuple[int, int]] = []
        for pause in pauses:
            end = self.end_of(pause)
            if upto is not None:
                end = upto if end is None else min(end, upto)
            if end is None:
                return None
            begin = pause.begin.at if self.exact else self.day_of(pause.begin).toordinal() - pause.closes
            begin = max(begin, self.at if self.exact else self.day.toordinal())
            if end > begin:
                intervals.append((begin, end))
        total = reached = 0
        for begin, end in sorted(intervals):
            begin = max(begin, reached) if total or reached else begin
            if end > begin:
                total += self.length(begin, end)
                reached = end
        return total

    def end_of(self, pause: Pause) -> int | None:
        """The last paused day as an ordinal, or the instant, whichever of resumption and approval comes first."""
        ends: list[int] = []
        if pause.end is not None:
            ends.append(pause.end.at if self.exact else self.day_of(pause.end).toordinal())
        if pause.approved is not None:
            ends.append(next_midnight(pause.approved, self.place.zone) if self.exact else pause.approved.toordinal())
        return min(ends) if ends else None

    def length(self, begin: int, end: int) -> int:
        if self.unit == "workhours":
            return self.place.office.work_time_between(begin, end, self.place.zone)
        if self.exact:
            return end - begin
        return self.days(date.fromordinal(begin), date.fromordinal(end))

    def due_by(self, scale: Callable[[int], int] = full) -> Due:
        """The due time by the marks ordered before the stop; `scale` turns the whole limit into a rung's."""
        if self.straight is not None and not self.closed:
            return self._due_straight(scale(self.total), self.straight, scale is full)
        marks = self.marks
        counted: list[Pause] = []
        extended = used = 0
        due = self.reckon(scale(self.total), counted, 0)
        started = marks.index(self.start) if self.start in marks else -1
        closed = [pause for pause in self.closed if self.stop is None or pause.begin.at <= self.stop.at]
        for position, mark, pause in in_turn(marks, self.pauses(marks), closed):
            if pause is not None:
                if self.moves(mark, due, scale is full or pause.closes):
                    counted.append(pause)
            elif mark.role == EXTEND and position > started and used < self.terms.extension_times:
                days = self.granted(mark)
                if not days or not self.is_in_time(mark, due):
                    continue
                extended += days
                used += 1
            else:
                continue
            due = self.reckon(scale(self.total + extended), counted, extended)
        return due

    def moves(self, pause: Mark, due: Due, whole: bool) -> bool:
        """Whether a pause moves the due time in force (CLOCKS.md 11). A rung is the day on which so much is used: the
        day of suspension is used, so that a pause which begins on that very day finds it reached."""
        if whole or due.day is None or not self.by_day():
            return self.is_in_time(pause, due)
        return self.day_of(pause) < due.day

    def _due_straight(self, amount: int, pauses: tuple[Pause, ...], whole: bool) -> Due:
        if self.unit == "exact" and self.terms.grace is None and not self.terms.roll:
            return self._due_exactly(amount, pauses)
        due = self.due_after(amount, 0, (), 0)
        counted: tuple[Pause, ...] = ()
        paused = 0
        for pause in pauses:
            if not self.moves(pause.begin, due, whole):
                break
            counted = (*counted, pause)
            if pause.end is None:
                return Due(None, None, 0, 0, counted)
            paused += self.paused((pause,)) or 0
            due = self.due_after(amount, paused, counted, 0)
        return due

    def _due_exactly(self, amount: int, pauses: tuple[Pause, ...]) -> Due:
        """As above where a pause moves the due time by its length and nothing else does."""
        due = self.at + amount
        paused = counted = 0
        for pause in pauses:
            begin = pause.begin.at
            if begin > due + paused:
                break
            counted += 1
            if pause.end is None:
                return Due(None, None, 0, 0, pauses[:counted])
            paused += max(pause.end.at - max(begin, self.at), 0)
        return Due(due + paused, None, 0, paused, pauses[:counted], self.place.zone)

    def granted(self, mark: Mark) -> int:
        amount = mark.amount
        if amount is None or amount.amount <= 0:
            return 0
        most = mark.limit if self.terms.extension_limited else self.terms.extension_max
        if self.terms.extension_limited and most is None:
            return 0
        granted = min(amount.amount, most.amount) if most is not None else amount.amount
        return granted * DAY if self.exact and amount.unit in ("days", "workdays") else granted

    def reckon(self, amount: int, pauses: Sequence[Pause], extended: int) -> Due:
        paused = self.paused(pauses)
        if paused is None:
            return Due(None, None, extended, 0, tuple(pauses))
        return self.due_after(amount, paused, tuple(pauses), extended)

    def due_after(self, amount: int, paused: int, pauses: tuple[Pause, ...], extended: int) -> Due:
        """The due time of so much of the limit, and so much paused."""
        if self.exact:
            at = self.at + amount + paused
            if self.unit == "workhours":
                at = self.place.office.add_work_time(self.at, amount + paused, self.place.zone)
            grace = self.terms.grace
            if grace is None or grace.unit == "exact":
                at += grace.amount if grace else 0
                return Due(at, None, extended, paused, pauses, self.place.zone)
            day = self.later(local_day(at, self.place.zone), grace)
        elif self.unit == "workdays":
            day = self.place.calendar.add_working_days(self.day, max(amount + paused, 0))
        else:
            day = self.day + timedelta(days=amount + paused)
        if not self.exact and self.terms.grace is not None:
            day = self.later(day, self.terms.grace)
        if self.terms.roll:
            day = self.place.calendar.next_working_day(day)
        return Due(next_midnight(day, self.place.zone), day, extended, paused, pauses)

    def later(self, day: date, span: Span) -> date:
        """The date a span after a date; exact spans count in whole days here."""
        if span.unit == "workdays":
            return self.place.calendar.add_working_days(day, span.amount)
        return day + timedelta(days=span.amount if span.unit == "days" else -(-span.amount // DAY))

    def by_day(self) -> bool:
        """True when a stop is judged by its local date: day limits, and exact ones that a grace in days follows."""
        return not self.exact or (self.terms.grace is not None and self.terms.grace.unit != "exact")

    def is_in_time(self, mark: Mark, due: Due) -> bool:
        """True when an event comes on or before a due time (RULES.md §3.2)."""
        if due.at is None:
            return True
        if self.by_day() or mark.whole_day:
            return due.day is None or self.day_of(mark) <= due.day
        return mark.at <= due.at

    def ran_out(self, due: Due, now: int) -> bool:
        """A day clock fires once now ≥ due, an exact one once now > due; later where its source holds back."""
        return due.at is not None and now >= self.fires_at(due.at)

    def fires_at(self, due_at: int) -> int:
        """The instant at which a clock that is due then fires. A stop that is known is waited for no longer."""
        held = self.hold if self.stop is None else 0
        return due_at + held if self.by_day() else due_at + held + 1

    def used(self, due: Due, now: int) -> int:
        """What passed since the start outside counted pauses, today counting from its 00:00 (20)."""
        if self.exact:
            end = min(self.stop.at, now) if self.stop else now
            passed = self.length(self.at, end) if end > self.at else 0
            return max(passed, 0) - self._paused_until(due, end)
        day = self.day_of(self.stop) if self.stop else local_day(now, self.place.zone)
        return self.days(self.day, day) - (self.paused(due.pauses, day.toordinal()) or 0)

    def _paused_until(self, due: Due, end: int) -> int:
        """How much of the counted pauses lies before an instant; straight ones that are over by then, all of it."""
        if self.straight is not None and due.at is not None and not self.closed:
            last = due.pauses[-1].end if due.pauses else None
            if last is None or last.at <= end:
                return due.paused
        return self.paused(due.pauses, end) or 0

    def is_provisional(self, due: Due) -> bool:
        """True when a calendar that is not announced yet could move the date (21)."""
        grace = self.terms.grace
        by_calendar = self.unit in ("workdays", "workhours") or self.terms.roll
        by_calendar = by_calendar or (grace is not None and grace.unit == "workdays")
        return by_calendar and due.day is not None and self.place.calendar.is_provisional(due.day)
