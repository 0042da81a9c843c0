"""Decides how a clock is followed while it has not run out: until when its events are in time, and whether it stands.

Of what moves a due time only that is followed which moves it by its own length: a pause without an approved end of a
clock that counts exactly. Anything else is left to the whole runs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from msgspec import Struct

from rules.judging.context import Context
from rules.judging.marks import Mark, Terms
from rules.judging.quiet import CALM, LOUD, NEVER, WAKES, QuietStep
from rules.judging.roles import PAUSE, RESUME, START, STOP, VOID
from rules.judging.runs import open_run
from rules.judging.selector import Clause, Selector
from rules.model.events import RANK_OF
from rules.model.times import DAY

Scale = Callable[[int], int]
Meanings = dict[int, tuple[tuple[int, Selector], ...]]


class Start(Struct, frozen=True):
    """What a start says: its limit in microseconds where the clock counts exactly and nothing else moves it, else the
    whole mark; neither: no clock runs. A silent one only keeps others from opening; of one unknown nothing is known."""

    limit: int | None = None
    mark: Mark | None = None
    silent: bool = False
    unknown: bool = False


NEAR = 2 * DAY
"""A pause so near to the end of a clock that counts days may come too late to move a point of it (CLOCKS.md 11)."""

Begin = Callable[[Clause, Any, Context], Start]


class Ticker(Struct, gc=False):
    """A clock that runs: `last` is the last instant in time, by what was paused so far; `since` when a pause began."""

    last: int
    exact: bool
    since: int = NEVER


OVER = Ticker(NEVER, False)
"""A clock that was stopped in time, or can no longer start."""


class Ticking:
    """The clock of rules that differ in what they say along it; `scales` are their points, of the whole limit."""

    def __init__(
        self, meanings: Meanings, plain: dict[int, int], scales: Sequence[Scale], terms: Terms, begin: Begin, place: int
    ) -> None:
        self.meanings, self.plain, self.scales = meanings, plain, tuple(scales)
        self.terms, self.begin, self.place = terms, begin, place

    def asked(self, rank: int) -> QuietStep | None:
        if rank not in self.meanings:
            return None
        role = self.plain.get(rank)
        if role is None:
            return self._any
        return {STOP: self._stop, VOID: self._stop, PAUSE: self._pause, RESUME: self._resume}[role]

    def wake(self, state: Ticker | None) -> int:
        return NEVER if state is None or state.last == NEVER or state.since != NEVER else state.last + 1

    def _stop(self, states: list[Any], fact: Any, context: Context) -> int:
        ticker = states[self.place]
        if ticker is not None and ticker.since == NEVER and fact.occurred_at > ticker.last:
            return LOUD
        states[self.place] = OVER
        return CALM

    def _pause(self, states: list[Any], fact: Any, context: Context) -> int:
        ticker = states[self.place]
        if ticker is OVER:
            return CALM
        if ticker is None or ticker.since != NEVER:
            return LOUD
        last = ticker.last if ticker.exact else ticker.last - NEAR
        if fact.occurred_at > last:
            return LOUD
        ticker.since = fact.occurred_at
        return CALM

    def _resume(self, states: list[Any], fact: Any, context: Context) -> int:
        ticker = states[self.place]
        if ticker is None or ticker.since == NEVER:
            return CALM
        if not ticker.exact:
            return LOUD
        ticker.last += fact.occurred_at - ticker.since
        ticker.since = NEVER
        return WAKES  # while it was paused nothing waited for it

    def _any(self, states: list[Any], fact: Any, context: Context) -> int:
        """An event that means something only on a condition, or more than one thing."""
        said = CALM
        for role, selector in self.meanings[RANK_OF[type(fact)]]:
            clause = selector.clause_of(fact, context)
            if clause is None:
                continue
            if role == START:
                said = max(said, self._start(states, fact, context, clause))
            elif role in (STOP, VOID) and clause.at is None and not clause.in_time:
                said = max(said, self._stop(states, fact, context))
            else:
                return LOUD
        return said

    def _start(self, states: list[Any], fact: Any, context: Context, clause: Clause) -> int:
        start = self.begin(clause, fact, context)
        if start.unknown:
            return LOUD
        if states[self.place] is not None:
            return CALM
        if start.limit is not None:
            limit = start.limit
            states[self.place] = Ticker(fact.occurred_at + min([scale(limit) for scale in self.scales]), True)
            return WAKES
        if start.mark is not None:
            return self._counted(states, start.mark, context)
        if start.silent:
            states[self.place] = OVER
        return CALM

    def _counted(self, states: list[Any], mark: Mark, context: Context) -> int:
        run = open_run(mark, self.terms, context.places)
        if run is None:
            return LOUD
        last = NEVER
        for scale in self.scales:
            due = run.due_by(scale).at
            if due is None:
                return LOUD
            last = min(last, due - 1 if run.by_day() else due)
        states[self.place] = Ticker(last, False)
        return WAKES
