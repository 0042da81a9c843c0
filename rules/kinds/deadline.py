"""Decides when the clock of a subject runs out: overdue, due soon, escalated, contested (RULES.md §3, CLOCKS.md)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from functools import partial
from typing import Any

import msgspec
from msgspec import Struct

from rules.expression import Compiled
from rules.judging.amount import Amount
from rules.judging.context import Context
from rules.judging.ladder import Ladder
from rules.judging.marks import Mark, Opening, Terms
from rules.judging.quiet import Quiet
from rules.judging.reading import Reading, ruling_of
from rules.judging.relief import weigh
from rules.judging.roles import DEEMED, EXTEND, PAUSE, RESTART, RESUME, START, STOP, TOLD, UNLESS, VOID
from rules.judging.run import full
from rules.judging.runs import Runs, State, keyed_runs_of, runs_of
from rules.judging.selector import ALL_KEYS, Clause, Selector, read
from rules.judging.ticking import Start, Ticking
from rules.judging.verdicts import SILENT, Ruling, Versions
from rules.judging.versions import in_order, resolve, times_of
from rules.model.events import RANK_OF, Fact
from rules.model.spans import Span
from rules.model.times import DAY, next_midnight

NONE = Selector()


class Deadline(Struct, frozen=True, kw_only=True):
    """One deadline rule, compiled."""

    ladder: Ladder
    start: Selector
    stop: Selector = NONE
    void: Selector = NONE
    pause: Selector = NONE
    resume: Selector = NONE
    restart: Selector = NONE
    extend: Selector = NONE
    when: Compiled | None = None
    within: Compiled | None = None
    within_days: Amount | None = None
    otherwise: Span | None = None
    until: Compiled | None = None
    per: Compiled | None = None
    approved: Amount | None = None
    granted: Amount | None = None
    extension_max: Compiled | None = None
    told: Selector = NONE
    told_within: Span | None = None
    deemed_from: Selector = NONE
    deemed_unless: Selector = NONE
    deemed_after: Span | None = None
    deemed_terms: Terms = Terms(reopens=True)
    terms: Terms = Terms()
    relief: Span | None = None
    shared: bool = False
    meanings: dict[int, tuple[tuple[int, Selector], ...]] = {}
    plain: dict[int, int] = {}
    rereads: bool = False
    by_own_times: bool = False
    ranks: frozenset[int] = frozenset()

    def new(self) -> State:
        return State(self.rereads)

    def by_rank(self) -> dict[int, tuple[tuple[int, Selector], ...]]:
        """What an event of each type may mean to this clock, in the order in which it is asked."""
        roles = (
            (RESUME, self.resume), (STOP, self.stop), (VOID, self.void), (UNLESS, self.deemed_unless),
            (RESTART, self.restart), (START, self.start), (DEEMED, self.deemed_from), (PAUSE, self.pause),
            (EXTEND, self.extend), (TOLD, self.told),
        )  # fmt: skip
        ranks = {rank for _, selector in roles for rank in selector.ranks}
        return {rank: tuple((role, each) for role, each in roles if rank in each.ranks) for rank in ranks}

    def plainly(self) -> dict[int, int]:
        """The event types that mean one thing to this clock whatever they say: their role."""
        roles = {STOP, VOID, RESUME} | ({PAUSE} if self.approved is None else set())
        return {
            rank: meant[0][0]
            for rank, meant in self.by_rank().items()
            if self.per is None and len(meant) == 1 and meant[0][0] in roles and meant[0][1].is_plain(rank)
        }

    def quiet(self, ladders: Iterable[Ladder], place: int) -> Quiet | None:
        """How the rules with these ladders along this clock are followed quietly; None where only runs know."""
        plain = self.per is None and not self.rereads and not self.terms.reopens and not self.stop.lets_start_again
        for_runs = (self.told, self.restart, self.deemed_from, self.deemed_unless)
        if not plain or any(selector.clauses for selector in for_runs):
            return None
        scales = [full if ladder.fire_at is None else ladder.fire_at.scale for ladder in ladders]
        scales += [rung.scale for ladder in ladders for rung in ladder.warn_at]
        return Ticking(self.meanings, self.plain, scales, self.terms, self._start, place)

    def _start(self, clause: Clause, fact: Any, context: Context) -> Start:
        if self.when is not None and not self.when.functions[RANK_OF[type(fact)]](fact, context):
            return Start(silent=self.shared)
        limit, until = self._limit(fact, context), read(self.until, fact, context)
        if limit is None and until is None:
            return Start(unknown=True)
        if until is None and limit is not None and limit.unit == "exact" and clause.at is None and self._shifts:
            return Start(limit.amount)
        opening = self._opening(clause, context, until)
        return Start(mark=self._mark(START, clause, fact, context, limit=limit, opening=opening))

    @property
    def _shifts(self) -> bool:
        """Whether an exact due time is the start, the limit and what was paused, and nothing else."""
        return self.terms.grace is None and not self.terms.roll

    def step(self, state: State, fact: Any, context: Context) -> None:
        """Writes down what an event means to this clock; nothing is judged yet."""
        rank = RANK_OF[type(fact)]
        role = self.plain.get(rank)
        if role is None:
            self._step(self.meanings[rank], state, fact, context)
        else:
            self._add(state, Mark(role, context.time_of(fact), fact.whole_day, fact.source, fact.id), context)

    def _step(self, meanings: tuple[tuple[int, Selector], ...], state: State, fact: Any, context: Context) -> None:
        restarted = False
        for role, selector in meanings:
            clause = selector.clause_of(fact, context)
            if clause is None or (restarted and role == START):
                continue
            restarted = restarted or role == RESTART
            if role in (RESTART, START, DEEMED):
                self._begin(role, clause, state, fact, context)
            elif role == TOLD:
                opening = self._opening(clause, context)
                self._add(
                    state, self._mark(role, clause, fact, context, limit=self.told_within, opening=opening), context
                )
            elif role == UNLESS:
                self._accept(state, self._plain(STOP, clause, fact, context), context)
            elif role == PAUSE:
                amount = self.approved.read(fact, context) if self.approved else None
                if amount is None or amount.amount > 0:
                    self._add(state, self._mark(role, clause, fact, context, amount=amount), context)
            elif role == EXTEND:
                amount = self.granted.read(fact, context) if self.granted else None
                limit = read(self.extension_max, fact, context)
                self._add(state, self._mark(role, clause, fact, context, amount=amount, limit=limit), context)
            else:
                self._add(state, self._mark(role, clause, fact, context), context)

    def _add(self, state: State, mark: Mark, context: Context) -> None:
        if state.marks is not None:
            state.marks.append(mark)
        if self.per is None and not self.by_own_times and mark.role != DEEMED:
            if state.runs is None:
                state.runs = Runs(self.terms, context.places)
            state.runs.take(mark)

    def _accept(self, state: State, mark: Mark, context: Context) -> None:
        if state.acceptance is None:
            state.acceptance = Runs(self.deemed_terms, context.places)
        state.acceptance.take(mark)

    def _plain(self, role: int, clause: Clause, fact: Fact, context: Context, **more: Any) -> Mark:
        at = read(clause.at, fact, context)
        whole_day = fact.whole_day if at is None else isinstance(at, date)
        if at is None:
            at = context.time_of(fact)
        elif isinstance(at, date):
            at = next_midnight(at, context.zone) - DAY
        final = clause.final and not clause.in_time
        return Mark(role, at, whole_day, fact.source, fact.id, in_time=clause.in_time, final=final, **more)

    def _mark(self, role: int, clause: Clause, fact: Fact, context: Context, **more: Any) -> Mark:
        key = ""
        if role in (PAUSE, RESUME):
            key = ALL_KEYS if self.per else ""
            every = clause.every_key
            more["pause_key"] = ALL_KEYS if every else str(read(clause.per, fact, context) or "")
        elif self.per is not None:
            own = None if clause.every_key else read(clause.per or self.per, fact, context)
            key = ALL_KEYS if own is None else str(own)
        return self._plain(role, clause, fact, context, key=key, **more)

    def _begin(self, role: int, clause: Clause, state: State, fact: Fact, context: Context) -> None:
        if role == DEEMED:
            opening = self._opening(clause, context)
            mark = self._plain(START, clause, fact, context, limit=self.deemed_after, opening=opening)
            self._accept(state, mark, context)
        if self.when is not None and not self.when.functions[RANK_OF[type(fact)]](fact, context):
            if self.shared:
                opening = self._opening(clause, context, silent=True)
                self._add(state, self._mark(role, clause, fact, context, opening=opening), context)
            return
        limit, until = self._limit(fact, context), read(self.until, fact, context)
        if limit is None and until is None and role != DEEMED:
            state.without_limit = True
        opening = self._opening(clause, context, until)
        self._add(state, self._mark(role, clause, fact, context, limit=limit, opening=opening), context)

    @staticmethod
    def _opening(clause: Clause, context: Context, until: int | date | None = None, silent: bool = False) -> Opening:
        return Opening(
            context.region, context.task_code, context.department, context.organ, until, clause.position > 0, silent
        )

    def _limit(self, fact: Fact, context: Context) -> Span | None:
        if self.within_days is not None:
            days = self.within_days.read(fact, context)
            return days if days.amount > 0 else self.otherwise
        limit = read(self.within, fact, context)
        if isinstance(limit, (int, float)):
            limit = Span(int(limit), "exact")
        return limit if limit is not None else self.otherwise

    def ruling(self, state: State, context: Context, now: int, versions: Versions | None) -> Ruling:
        """The verdicts and clocks at `now`; with `versions`, what was entered too late is weighed (relief)."""
        if versions is None and state.runs is None and not state.marks and state.acceptance is None:
            return SILENT
        if versions is None and not self.rereads and not state.without_limit and state.runs is not None:
            runs = state.runs.runs
            if len(runs) == 1 and not runs[0].start.opening.silent:
                quick = ruling_of(self.ladder, context.subject, runs[0], now)
                if quick is not None:
                    return quick
        reading = self._read(state, context, now)
        if versions is not None and self.relief is not None:
            weigh(
                reading,
                versions(),
                self.ranks,
                self.relief.amount,
                context,
                partial(self._read_again, context),
            )
        counted = (f"no_limit:{self.ladder.rule}",) if state.without_limit else ()
        return reading.ruling(counted)

    def _read(self, state: State, context: Context, now: int) -> Reading:
        wakes: list[int] = []
        if self.per is not None:
            runs = keyed_runs_of(self._ordered(state.marks or ()), self.terms, context.places)
        elif self.by_own_times and state.acceptance is None:
            runs = runs_of(self._ordered(state.marks or ()), self.terms, context.places).runs
        else:
            if state.acceptance is not None:
                self._deem(state, state.acceptance, context, now, wakes)
            runs = state.runs.runs if state.runs is not None else []
        return Reading(self.ladder, context.subject, runs, now, wakes)

    def _ordered(self, marks: Sequence[Mark]) -> Sequence[Mark]:
        """Marks in the order of what happened: where a field is the time, one event may tell of several times.

        Where a clock starts again, what ends at an instant goes before what starts then.
        """
        if not self.by_own_times:
            return marks
        again = self.stop.lets_start_again
        return sorted(marks, key=lambda mark: (mark.at, again and mark.role == START))

    def _deem(self, state: State, acceptance: Runs, context: Context, now: int, wakes: list[int]) -> None:
        """An acceptance that has lapsed starts the clock on the day of its own start (CLOCKS.md 7)."""
        lapsed: set[tuple[str, str]] = set()
        for run in acceptance.runs:
            if not run.in_time and run.ran_out(run.due, now):
                lapsed.add(run.start.identity)
            elif run.due.at is not None and run.stop is None:
                wakes.append(run.fires_at(run.due.at))
        if lapsed == state.lapsed and not self.by_own_times:
            return
        state.lapsed = frozenset(lapsed)
        marks = (
            msgspec.structs.replace(mark, role=START) if mark.role == DEEMED else mark
            for mark in state.marks or ()
            if mark.role != DEEMED or mark.identity in lapsed
        )
        state.runs = runs_of(self._ordered(tuple(marks)), self.terms, context.places)

    def _read_again(self, context: Context, versions: Sequence[Fact], now: int) -> Reading:
        fresh = Context(context.subject, context.places, context.remembered, context.remembered_first)
        fresh.firsts = context.firsts
        state = self.new()
        visible = [fact for fact in resolve(versions) if fact.occurred_at <= now]
        fresh.times = times_of(visible, context.zone)
        for fact in in_order(visible, fresh.times):
            fresh.before(fact)
            if RANK_OF[type(fact)] in self.ranks:
                self.step(state, fact, fresh)
            fresh.after(fact)
        return self._read(state, fresh, now)
