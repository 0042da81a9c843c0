"""Decides which runs a clock has: what opens, stops, reopens and voids them (CLOCKS.md 5, 6, 9)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date

from rules.judging.marks import EXTEND, PAUSE, RESTART, RESUME, START, STOP, VOID, Mark, Terms
from rules.judging.place import Places
from rules.judging.run import Run
from rules.judging.selector import ALL_KEYS
from rules.model.times import local_day


class Runs:
    """The runs of one clock, mark by mark in order; the due time of the open one is reckoned when a mark moves it."""

    __slots__ = ("current", "final", "halted", "marks", "noticed", "places", "runs", "terms")

    def __init__(self, terms: Terms, places: Places) -> None:
        self.terms, self.places = terms, places
        self.marks: list[Mark] = []
        self.runs: list[Run] = []
        self.current: Run | None = None
        self.final = self.halted = self.noticed = False

    def take(self, mark: Mark) -> None:
        """Takes the next mark in order."""
        role, current = mark.role, self.current
        if role == STOP:
            self._stop(mark)
        elif role == START:
            if current is None and not self.final and self._opens(mark):
                self._open(mark)
                return
        elif role == RESTART:
            if current is not None:
                self._end(current, mark)
            self.final = False
            self._open(mark)
            return
        elif role == VOID:
            if current is not None:
                self._end(current, mark)
                current.void = True
            self.final, self.current = True, None
        self.marks.append(mark)
        if current is not None and role in (PAUSE, RESUME, EXTEND):
            current.due = current.due_by(self.marks)

    def _opens(self, mark: Mark) -> bool:
        if mark.continues and self.terms.reopens:
            return self.halted
        return not (self.terms.reopens and (self.runs or self.noticed))

    def _open(self, mark: Mark) -> None:
        self.marks.append(mark)
        self.current = run = open_run(mark, self.terms, self.places)
        self.halted = False
        if run is not None:
            run.marks, run.due = self.marks, run.due_by(self.marks)
            self.runs.append(run)

    def _stop(self, mark: Mark) -> None:
        current = self.current
        if current is None:
            self.final, self.noticed = self.final or not mark.in_time, self.noticed or mark.in_time
            return
        in_time = current.is_in_time(mark, current.due)
        if mark.in_time and not in_time:
            return
        self._end(current, mark)
        self.current = None
        self.halted, self.final = mark.in_time, self.final or not mark.in_time

    def _end(self, run: Run, mark: Mark) -> None:
        """What is ordered after the stop does not touch the clock (CLOCKS.md 9)."""
        run.in_time = run.is_in_time(mark, run.due)
        run.stop, run.marks = mark, tuple(self.marks)


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
    if mark.silent:
        return Run(mark, "days", 0, terms, places)
    if isinstance(mark.until, date):
        zone = places.of(mark.region).zone
        return Run(mark, "days", (mark.until - local_day(mark.at, zone)).days, terms, places)
    if mark.until is not None:
        run = Run(mark, "exact", 0, terms, places)
        run.total = mark.until - run.at
        return run
    return Run(mark, mark.limit.unit, mark.limit.amount, terms, places) if mark.limit is not None else None
