"""Decides how a declared closure pauses the clocks of its region: as a suspension that nobody had to apply for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime

from rules.judging.due import Pause
from rules.judging.marks import Mark
from rules.judging.roles import PAUSE, RESUME
from rules.model.times import instant_of, midnight
from rules.tables import Closure

DECLARED = "closures"
"""The source of the marks of closures: no event has it."""


def pause_of(closure: Closure, zone: str) -> Pause:
    """Whole days are closed from the first to the last; at times it is as if the clock were suspended and resumed."""
    named = f"{closure.since}/{closure.until}/{closure.region}/{closure.organ}"
    if isinstance(closure.since, datetime):
        begin = Mark(PAUSE, instant_of(closure.since.isoformat(), zone), False, DECLARED, named)
        end = Mark(RESUME, instant_of(str(closure.until).replace(" ", "T"), zone), False, DECLARED, named)
        return Pause(begin, None, end)
    until: date = closure.until
    return Pause(Mark(PAUSE, midnight(closure.since, zone), True, DECLARED, named), until, closes=True)


def in_turn(
    marks: Sequence[Mark], suspended: Mapping[int, Pause], closed: Iterable[Pause]
) -> Iterator[tuple[int, Mark, Pause | None]]:
    """The marks with their positions and the pause that each begins, declared closures between them at position -1."""
    waiting = list(closed)
    for position, mark in enumerate(marks):
        while waiting and waiting[0].begin.at <= mark.at:
            yield -1, waiting[0].begin, waiting.pop(0)
        yield position, mark, suspended.get(position)
    for pause in waiting:
        yield -1, pause.begin, pause
