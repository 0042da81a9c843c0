"""Decides when the clock of a subject runs out: overdue, due soon, escalated, contested (RULES.md §3, CLOCKS.md)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

import msgspec
from msgspec import Struct

from rules.expression import Compiled
from rules.judging.clockwork import (
    EXTEND,
    FULL,
    PAUSE,
    RESTART,
    RESUME,
    START,
    STOP,
    VOID,
    Due,
    Mark,
    Reckoner,
    Run,
    Terms,
    runs_of,
)
from rules.judging.context import Context
from rules.judging.verdicts import SILENT, Ruling, Verdict, Versions
from rules.judging.versions import in_order, outranks, resolve, times_of
from rules.judging.selector import ALL_KEYS, Clause, Selector, read
from rules.model.alerts import SEVERITIES, Clock, identity
from rules.model.events import RANK_OF, Fact
from rules.model.fields import to_number
from rules.model.spans import Span, Unit
from rules.model.times import DAY, next_midnight

DEEMED = 7
"""The role of an event from which acceptance runs if nobody answers; it becomes a START once that has lapsed."""
NONE = Selector()


class Amount(Struct, frozen=True):
    """A number of days that an event grants, and their unit."""

    of: Compiled
    unit: Unit

    def read(self, fact: Fact, context: Context) -> Span:
        days = to_number(read(self.of, fact, context))
        return Span(int(days) if days is not None and days > 0 else 0, self.unit)


class Rung(Struct, frozen=True):
    """A point before the due time: `percent` of the whole limit, or where so much of it is `left`."""

    name: str
    percent: int | None = None
    left: Span | None = None

    def scale(self, whole: int) -> int:
        """The end of day ⌊p·n⌋ of n days (RULES.md §3.3)."""
        if self.left is not None:
            return max(whole - self.left.amount, 0)
        return whole * (self.percent or 0) // 100


class Escalation(Struct, frozen=True):
    """So long after the due time a still open breach is raised in severity or shown to more people."""

    after: Span
    severity: str = ""
    to: str = ""


class State(Struct):
    """The marks that a clock and its deemed acceptance have seen, in order."""

    marks: list[Mark] = []
    acceptance: list[Mark] = []
    without_limit: int = 0


class Deadline(Struct, frozen=True, kw_only=True):
    """One deadline rule, compiled."""

    rule: str
    clock: str
    stream: str
    severity: str
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
    deemed_from: Selector = NONE
    deemed_unless: Selector = NONE
    deemed_after: Span | None = None
    deemed_terms: Terms = Terms(reopens=True)
    terms: Terms = Terms()
    fire_at: Rung | None = None
    warn_at: tuple[Rung, ...] = ()
    escalate: tuple[Escalation, ...] = ()
    relief: Span | None = None
    shared: bool = False
    ranks: frozenset[int] = frozenset()

    def new(self) -> State:
        return State()

    def step(self, state: State, fact: Any, context: Context) -> None:
        """Writes down what an event means to this clock; nothing is judged yet."""
        for role, selector in ((RESUME, self.resume), (STOP, self.stop), (VOID, self.void)):
            if (clause := selector.clause_of(fact, context)) is not None:
                state.marks.append(self._mark(role, clause, fact, context))
        if (clause := self.deemed_unless.clause_of(fact, context)) is not None:
            state.acceptance.append(self._plain(STOP, clause, fact, context))
        for role, selector in ((RESTART, self.restart), (START, self.start), (DEEMED, self.deemed_from)):
            if (clause := selector.clause_of(fact, context)) is not None:
                self._begin(role, clause, state, fact, context)
                if role != DEEMED:
                    break
        if (clause := self.pause.clause_of(fact, context)) is not None:
            amount = self.approved.read(fact, context) if self.approved else None
            if amount is None or amount.amount > 0:
                mark = self._mark(PAUSE, clause, fact, context)
                state.marks.append(msgspec.structs.replace(mark, amount=amount))
        if self.granted and (clause := self.extend.clause_of(fact, context)) is not None:
            mark = self._mark(EXTEND, clause, fact, context)
            most = read(self.extension_max, fact, context)
            state.marks.append(msgspec.structs.replace(mark, amount=self.granted.read(fact, context), limit=most))

    def _plain(self, role: int, clause: Clause, fact: Fact, context: Context) -> Mark:
        at = read(clause.at, fact, context)
        whole_day = fact.whole_day if at is None else isinstance(at, date)
        if at is None:
            at = context.time_of(fact)
        elif isinstance(at, date):
            at = next_midnight(at, context.zone) - DAY
        return Mark(
            role, at, whole_day, fact.source, fact.id, context.region,
            continues=clause.position > 0, in_time=clause.in_time, item=context.task_code,
        )  # fmt: skip

    def _mark(self, role: int, clause: Clause, fact: Fact, context: Context) -> Mark:
        mark = self._plain(role, clause, fact, context)
        if role in (PAUSE, RESUME):
            every = clause.every_key
            pause_key = ALL_KEYS if every else str(read(clause.per, fact, context) or "")
            return msgspec.structs.replace(mark, key=ALL_KEYS if self.per else "", pause_key=pause_key)
        if self.per is None:
            return mark
        key = None if clause.every_key else read(clause.per or self.per, fact, context)
        return msgspec.structs.replace(mark, key=ALL_KEYS if key is None else str(key))

    def _begin(self, role: int, clause: Clause, state: State, fact: Fact, context: Context) -> None:
        if role == DEEMED:
            opening = msgspec.structs.replace(self._plain(START, clause, fact, context), limit=self.deemed_after)
            state.acceptance.append(opening)
        if self.when is not None and not self.when.functions[RANK_OF[type(fact)]](fact, context):
            if self.shared:
                state.marks.append(msgspec.structs.replace(self._mark(role, clause, fact, context), silent=True))
            return
        limit, until = self._limit(fact, context), read(self.until, fact, context)
        if limit is None and until is None and role != DEEMED:
            state.without_limit += 1
        mark = self._mark(role, clause, fact, context)
        state.marks.append(msgspec.structs.replace(mark, limit=limit, until=until))

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
        if versions is None and not state.marks and not state.acceptance:
            return SILENT
        reading = _Reading(self, state, context, now)
        if versions is not None and self.relief is not None:
            reading = self._relieved(reading, context, now, versions())
        return reading.ruling()

    def _relieved(self, whole: _Reading, context: Context, now: int, versions: Sequence[Fact]) -> _Reading:
        """Weighs, for each occasion, what was entered too late: the strict reading leaves it out (CLOCKS.md 17, 18)."""
        read_ids = {(v.source, v.id) for v in versions if RANK_OF[type(v)] in self.ranks}
        others = [v for v in versions if (v.source, v.id) not in read_ids]
        own = sorted((v for v in versions if (v.source, v.id) in read_ids), key=lambda v: (v.recorded_at, v.operation))
        slow = [v for v in own if v.recorded_at > self._entered_by(v, own, context)]
        known_then = [
            self._reading_of([*others, *(v for v in own if v.recorded_at < late.recorded_at)], context, late.recorded_at)
            for late in slow
        ]
        occasions = {o.run.start.identity for reading in known_then for o in reading.outcomes if o.breach}
        for occasion in sorted(occasions):
            timely: list[Fact] = []
            for version in own:
                known = [*others, *(t for t in timely if t.recorded_at < version.recorded_at)]
                too_late = version in slow and self._reading_of(known, context, version.recorded_at).breach(occasion)
                if not too_late:
                    timely.append(version)
            if len(timely) < len(own):
                strict = self._reading_of([*others, *timely], context, now)
                found = strict.breach(occasion)
                whole.strict += [found] if found is not None else []
                strict.ruling()
                whole.wakes += strict.wakes
        return whole

    def _entered_by(self, version: Fact, versions: Iterable[Fact], context: Context) -> int:
        """The last instant at which a version is entered in time; a deletion has the time of what it deletes."""
        assert self.relief is not None
        if type(version) is Fact:
            same = [v for v in versions if (v.source, v.id) == (version.source, version.id) and type(v) is not Fact]
            below = [v for v in same if (v.recorded_at, v.operation) <= (version.recorded_at, version.operation)]
            version = next((v for v in below if not any(outranks(w, v) for w in below)), version)
        return context.day_end(version) + self.relief.amount

    def _reading_of(self, versions: Sequence[Fact], context: Context, now: int) -> _Reading:
        fresh = Context(context.subject, context.tables, context.remembered)
        fresh.firsts = context.firsts
        state = self.new()
        visible = [f for f in resolve(versions) if f.occurred_at <= now]
        fresh.times = times_of(visible, context.zone)
        for fact in in_order(visible, fresh.times):
            fresh.before(fact)
            if RANK_OF[type(fact)] in self.ranks:
                self.step(state, fact, fresh)
            fresh.after(fact)
        return _Reading(self, state, fresh, now)


class _Outcome(Struct):
    """One run with its arithmetic done: when the limit is over, and the point at which the rule fires."""

    run: Run
    reckoner: Reckoner
    due: Due
    point: Due
    breach: bool
    contested: bool = False


class _Reading:
    """One reading of a subject's events for one rule: its runs, and what follows from them at `now`."""

    def __init__(self, rule: Deadline, state: State, context: Context, now: int) -> None:
        self.rule, self.context, self.now = rule, context, now
        self.strict: list[_Outcome] = []
        self.wakes: list[int] = []
        self.without_limit = state.without_limit
        marks = self._with_deemed(state) if rule.deemed_after is not None else state.marks
        self.outcomes = [self._outcome(run) for run in runs_of(marks, rule.terms, context.tables)]

    def _with_deemed(self, state: State) -> list[Mark]:
        lapsed: set[tuple[str, str]] = set()
        for run in runs_of(state.acceptance, self.rule.deemed_terms, self.context.tables):
            if not run.in_time:
                reckoner = Reckoner(run, self.rule.deemed_terms, self.context.tables)
                due = reckoner.due(run.marks)
                if reckoner.ran_out(due, self.now):
                    lapsed.add(run.start.identity)
                elif due.at is not None and run.stop is None:
                    self.wakes.append(due.at)
        return [
            msgspec.structs.replace(mark, role=START) if mark.role == DEEMED else mark
            for mark in state.marks
            if mark.role != DEEMED or mark.identity in lapsed
        ]

    def _outcome(self, run: Run) -> _Outcome:
        reckoner = Reckoner(run, self.rule.terms, self.context.tables)
        due = reckoner.due(run.marks)
        point = due if self.rule.fire_at is None else reckoner.due(run.marks, self.rule.fire_at.scale)
        in_time = run.stop is not None and reckoner.is_in_time(run.stop, point)
        return _Outcome(run, reckoner, due, point, not run.void and not in_time and reckoner.ran_out(point, self.now))

    def breach(self, occasion: tuple[str, str]) -> _Outcome | None:
        """The breach of that occasion, if it stands."""
        return next((o for o in self.outcomes if o.breach and o.run.start.identity == occasion), None)

    def ruling(self) -> Ruling:
        verdicts: list[Verdict] = []
        clocks: list[Clock] = []
        for outcome in self._weighed():
            clocks.append(self._clock(outcome))
            if outcome.run.void:
                continue
            verdicts += self._warnings(outcome)
            if outcome.breach:
                verdicts.append(self._breach(outcome))
            elif outcome.point.at is not None and outcome.run.stop is None:
                self._wake_at(outcome, outcome.point)
        wake = min((at for at in self.wakes if at > self.now), default=None)
        counted = (f"no_limit:{self.rule.rule}",) * self.without_limit
        return Ruling(tuple(verdicts), tuple(clocks), wake, counted)

    def _wake_at(self, outcome: _Outcome, due: Due) -> None:
        if due.at is not None:
            self.wakes.append(due.at if outcome.reckoner.by_day() else due.at + 1)

    def _weighed(self) -> list[_Outcome]:
        """The whole reading, but the strict one's due time where a card would be wiped by typing (CLOCKS.md 18)."""
        found = {outcome.run.start.identity: outcome for outcome in self.outcomes}
        for strict in self.strict:
            key = strict.run.start.identity
            whole = found.get(key)
            if whole is not None and whole.breach and not _later(whole.point, strict.point):
                continue
            strict.contested = True
            if whole is not None:
                strict.run.stop = whole.run.stop
            found[key] = strict
        return list(found.values())

    def _warnings(self, outcome: _Outcome) -> list[Verdict]:
        run, reckoner = outcome.run, outcome.reckoner
        found: list[Verdict] = []
        for rung in self.rule.warn_at:
            due = reckoner.due(run.marks, rung.scale)
            if due.at is None or (run.stop is not None and reckoner.is_in_time(run.stop, due)):
                continue
            if reckoner.ran_out(due, self.now):
                found.append(self._verdict(outcome, step=rung.name, severity=SEVERITIES[0], at=due.at))
            elif run.stop is None:
                self._wake_at(outcome, due)
        return found

    def _breach(self, outcome: _Outcome) -> Verdict:
        assert outcome.point.at is not None
        severity, audience = self._escalated(outcome)
        if outcome.reckoner.is_provisional(outcome.due):
            severity = SEVERITIES[0]
        return self._verdict(outcome, severity=severity, at=outcome.point.at, audience=audience)

    def _escalated(self, outcome: _Outcome) -> tuple[str, str]:
        severity, audience = self.rule.severity, ""
        reckoner, due, stop = outcome.reckoner, outcome.due, outcome.run.stop
        for escalation in self.rule.escalate:
            if due.day is None or due.at is None:
                continue
            if escalation.after.unit == "exact":
                at = due.at + escalation.after.amount
            else:
                at = next_midnight(reckoner.later(due.day, escalation.after), reckoner.zone)
            if stop is not None and stop.at < at:
                continue
            if self.now < at:
                self.wakes.append(at)
                continue
            audience = escalation.to or audience
            if escalation.severity and SEVERITIES.index(escalation.severity) > SEVERITIES.index(severity):
                severity = escalation.severity
        return severity, audience

    def _verdict(self, outcome: _Outcome, *, audience: str = "", **said: Any) -> Verdict:
        run, due, stop = outcome.run, outcome.due, outcome.run.stop
        params = {"limit": str(Span(run.total, run.unit)), "start": str(outcome.reckoner.day)}  # type: ignore[arg-type]
        if due.day is not None:
            params["due"] = str(due.day)
        if audience:
            params["audience"] = audience
        adjusting = [p.begin.identity for p in due.pauses]
        adjusting += [m.identity for m in run.marks if m.role == EXTEND] if due.extended else []
        return Verdict(
            occasion=run.start.identity,
            state=_state_of(outcome),
            reason="closed_late" if stop else "still_open",
            ended_at=stop.at if stop else None,
            due_date=due.day,
            due_at=due.at,
            provisional=outcome.reckoner.is_provisional(due),
            params=params,
            rests_on=(run.start.identity, *adjusting, *([stop.identity] if stop else [])),
            **said,
        )

    def _clock(self, outcome: _Outcome) -> Clock:
        rule, run, due, reckoner = self.rule, outcome.run, outcome.due, outcome.reckoner
        used = reckoner.used(due, self.now)
        whole = run.total + due.extended
        return Clock(
            clock_id=identity(rule.rule, rule.clock, self.context.subject, *run.start.identity),
            rule=rule.rule,
            clock=rule.clock,
            key="" if run.start.key == ALL_KEYS else run.start.key,
            subject=self.context.subject,
            stream=rule.stream,
            occasion=run.start.identity,
            region=run.start.region,
            item=run.start.item,
            department=self.context.department,
            responsible=self.context.organ,
            start_at=run.start.at,
            start_date=reckoner.day,
            unit="exact" if reckoner.exact else run.unit,
            limit=run.total,
            extended=due.extended,
            paused=due.paused,
            used=used,
            left=whole - used,
            due_date=due.day,
            due_at=due.at,
            stopped_at=run.stop.at if run.stop else None,
            state=_state_of(outcome),
            in_time=self._kept(outcome),
            provisional=reckoner.is_provisional(due),
            as_of=self.now,
        )


    def _kept(self, outcome: _Outcome) -> bool | None:
        """Whether the limit was kept; None while that is open."""
        run, reckoner = outcome.run, outcome.reckoner
        if run.void:
            return None
        if run.stop is not None and not outcome.contested:
            return reckoner.is_in_time(run.stop, outcome.due)
        return False if reckoner.ran_out(outcome.due, self.now) else None


def _state_of(outcome: _Outcome) -> str:
    if outcome.run.void:
        return "void"
    return "contested" if outcome.contested else ("ended" if outcome.run.stop else "open")


def _later(one: Due, other: Due) -> bool:
    return one.at is None or (other.at is not None and one.at > other.at)


__all__ = ["Amount", "Deadline", "Escalation", "FULL", "Rung"]
