"""Decides which runs a clock has: what opens, stops, reopens and voids them (CLOCKS.md 5, 6, 9).

After a stop that is not final the next start opens a run of its own. What ends when it starts leaves none.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from rules.judging.due import Pause
from rules.judging.marks import Mark, Terms
from rules.judging.place import Places
from rules.judging.roles import EXTEND, PAUSE, RESTART, RESUME, START, STOP, TOLD, VOID
from rules.judging.run import Run
from rules.judging.selector import ALL_KEYS
from rules.model.times import local_day, next_midnight


class Runs:
    """The runs of one clock, mark by mark in order; the due time of the open one is reckoned when a mark moves it."""

    __slots__ = (
        "current", "ended", "final", "halted", "marks", "noticed", "over_at", "places", "runs", "straight", "terms",
        "told", "vain",
    )  # fmt: skip

    def __init__(self, terms: Terms, places: Places) -> None:
        self.terms, self.places = terms, places
        self.marks: list[Mark] = []
        self.runs: list[Run] = []
        self.current: Run | None = None
        self.final = self.halted = self.noticed = False
        self.straight: tuple[Pause, ...] | None = ()
        self.ended: Mark | None = None
        self.told: Run | None = None
        self.vain = False
        self.over_at: int | None = None

    def take(self, mark: Mark) -> None:
        """Takes the next mark in order."""
        role, current = mark.role, self.current
        if role == STOP:
            self._stop(mark)
        elif role == START:
            if current is None and not self.final and self._is_prompt(mark) and self._opens(mark):
                self._open(mark)
                return
        elif role == RESTART:
            self._give_up(mark)
            self.final = False
            self._open(mark)
            return
        elif role == VOID:
            self._give_up(mark, void=True)
            self.final, self.current = True, None
        elif role == TOLD:
            self._tell(mark)
        self.marks.append(mark)
        if role in (PAUSE, RESUME, EXTEND):
            self._move(mark)

    def _give_up(self, mark: Mark, void: bool = False) -> None:
        current = self.current
        if current is not None:
            self._end(current, mark, current.is_in_time(mark, current.due))
            current.void = void

    def _tell(self, mark: Mark) -> None:
        self.told = told = open_run(mark, Terms(), self.places)
        if told is not None:
            told.due = told.due_by()

    def _move(self, mark: Mark) -> None:
        """What moves the due time of the open run, and of those that open later."""
        if self.straight is not None:
            self.straight = straightened(self.straight, mark)
        if self.current is not None:
            self.current.straight = self.straight
            self.current.due = self.current.due_by()

    def _is_prompt(self, mark: Mark) -> bool:
        """Whether a start comes within what is left to who was told; who was told of nothing has all the time."""
        return self.told is None or self.told.is_in_time(mark, self.told.due)

    def _opens(self, mark: Mark) -> bool:
        if self.ended is not None:
            return not self._is_over(mark, self.ended)
        if mark.opening.continues and self.terms.reopens:
            return self.halted
        return not (self.terms.reopens and (self.runs or self.noticed))

    def _is_over(self, start: Mark, ended: Mark) -> bool:
        """Whether what starts was told to end at that instant, or on that day where a date is all that is known."""
        if start.identity == ended.identity:
            return True
        if not self.vain or start.at > self._end_of(ended, start):
            return False
        if self.over_at is None:
            self.over_at = start.at
        return start.at == self.over_at

    def _end_of(self, ended: Mark, start: Mark) -> int:
        if not ended.whole_day:
            return ended.at
        zone = self.places.of(start.opening.region).zone
        return next_midnight(local_day(ended.at, zone), zone) - 1

    def _open(self, mark: Mark) -> None:
        self.marks.append(mark)
        self.current = run = open_run(mark, self.terms, self.places)
        self.halted = False
        if run is not None:
            run.marks, run.straight = self.marks, self.straight
            run.due = run.due_by()
            self.runs.append(run)

    def _stop(self, mark: Mark) -> None:
        current = self.current
        if not (mark.final or mark.in_time):
            self.ended, self.vain, self.over_at = mark, current is None, None
        if current is None:
            self.final, self.noticed = self.final or mark.final, self.noticed or mark.in_time
            return
        in_time = current.is_in_time(mark, current.due)
        if mark.in_time and not in_time:
            return
        self._end(current, mark, in_time)
        self.current = None
        self.halted, self.final = mark.in_time, self.final or mark.final

    def _end(self, run: Run, mark: Mark, in_time: bool) -> None:
        """What is ordered after the stop does not touch the clock (CLOCKS.md 9)."""
        run.in_time = in_time
        run.stop, run.marks = mark, tuple(self.marks)
        if run.closed:
            run.due = run.due_by()


class State:
    """The marks that a clock and its deemed acceptance have seen, in order, and the runs that they come to."""

    __slots__ = ("acceptance", "lapsed", "marks", "runs", "without_limit")

    def __init__(self, rereads: bool) -> None:
        self.marks: list[Mark] | None = [] if rereads else None
        self.runs: Runs | None = None
        self.acceptance: Runs | None = None
        self.lapsed: frozenset[tuple[str, str]] = frozenset()
        self.without_limit = False


def straightened(pauses: tuple[Pause, ...], mark: Mark) -> tuple[Pause, ...] | None:
    """The pauses with one more mark, while each has no approved length and ends before the next begins; else None.

    Such pauses add up by themselves; any others are read again from all marks.
    """
    last = pauses[-1] if pauses else None
    running = last is not None and last.end is None
    if mark.role == PAUSE:
        plain = mark.amount is None and not mark.whole_day and not mark.pause_key
        if running or not plain:
            return pauses if running and plain else None
        after = last is None or last.end is None or last.end.at <= mark.at
        return (*pauses, Pause(mark, None)) if after else None
    if mark.role != RESUME:
        return None
    if last is None or not running or mark.pause_key not in ("", ALL_KEYS):
        return pauses
    return (*pauses[:-1], Pause(last.begin, None, mark)) if mark.at >= last.begin.at else None


def runs_of(marks: Iterable[Mark], terms: Terms, places: Places) -> Runs:
    """The runs that these marks, in order, come to."""
    found = Runs(terms, places)
    for mark in marks:
        found.take(mark)
    return found


def keyed_runs_of(marks: Sequence[Mark], terms: Terms, places: Places) -> list[Run]:
    """The runs of a clock that a subject has several of, key by key; `*` marks speak to all."""
    keys = {mark.key: None for mark in marks if mark.role in (START, RESTART)}
    runs: list[Run] = []
    for key in keys:
        runs += runs_of((mark for mark in marks if mark.key in (key, ALL_KEYS)), terms, places).runs
    return runs


def open_run(mark: Mark, terms: Terms, places: Places) -> Run | None:
    """The run that a start opens; None where no limit was found. A silent one only keeps others from opening."""
    if mark.opening.silent:
        return Run(mark, "days", 0, terms, places)
    until = mark.opening.until
    if isinstance(until, date):
        zone = places.of(mark.opening.region).zone
        return Run(mark, "days", (until - local_day(mark.at, zone)).days, terms, places)
    if until is not None:
        run = Run(mark, "exact", 0, terms, places)
        run.total = until - run.at
        return run
    return Run(mark, mark.limit.unit, mark.limit.amount, terms, places) if mark.limit is not None else None
