"""Decides whether the events of a subject come in a forbidden order, or a step is missing at a point or after it."""

from __future__ import annotations

from collections.abc import Set
from typing import Any

from msgspec import Struct

from rules.expression import Compiled
from rules.judging.context import Context
from rules.judging.limit import Limit, limit_of
from rules.judging.quiet import CALM, LOUD, NEVER, Quiet, QuietStep
from rules.judging.selector import Selector, read
from rules.judging.verdicts import SILENT, Ruling, Verdict, Versions
from rules.model.events import RANK_OF
from rules.model.spans import Span

Key = tuple[str, str]
FORBID, REQUIRE, FOLLOWED_BY, NOT_FOLLOWED_BY, NEXT, NOT_NEXT = range(6)
NOTHING: Set[str] = frozenset()
MOST_SETS = 10_000


class Step(Struct, frozen=True):
    """One step: which events are one, its name, and at which points it is asked for (None: at every one)."""

    name: str
    event: Selector
    asked: Compiled | None = None


class Point(Struct, gc=False):
    """An event at which, or after which, something is asked for: what has not been seen, and until when it may be."""

    key: Key
    at: int
    limit: Limit
    actor: str
    missing: set[str]


class Trail(Struct, gc=False):
    """What a subject went through so far: steps seen, points that ask for something, offences."""

    seen: set[str] = set()
    points: list[Point] = []
    verdicts: list[Verdict] = []
    first: Key | None = None


class Sequence(Struct, frozen=True, kw_only=True):
    """One sequence rule, compiled. Its `form` says what is asked of the order of events.

    FORBID: no `steps` after `point`. REQUIRE: every step before `point`, or until `within` after it.
    FOLLOWED_BY, NOT_FOLLOWED_BY: a step, or none, after `point` until `within`. NEXT, NOT_NEXT: the very next of the
    events `among` is a step, or is none.
    """

    rule: str
    severity: str
    form: int
    point: Selector
    steps: tuple[Step, ...] = ()
    declared_steps: Compiled | None = None
    step_of: Compiled | None = None
    step_event: Selector = Selector()
    among: Selector = Selector()
    within: Span | None = None
    when: Compiled | None = None
    ranks: frozenset[int] = frozenset()

    def new(self) -> Trail:
        return Trail()

    def quiet(self, place: int) -> Quiet | None:
        """How the rule is followed quietly; None where something may still come after a point."""
        passing = self.form == FORBID or (self.form == REQUIRE and self.within is None)
        return Passing(self, place) if passing else None

    def step(self, state: Trail, fact: Any, context: Context) -> None:
        names = self.names_of(fact, context)
        if self.form == FORBID:
            self._forbidden(state, fact, context, bool(names))
            return
        if self.form == REQUIRE:
            state.seen |= names
        if state.points and self.form in (NEXT, NOT_NEXT):
            self._next(state, fact, context, names)
        elif state.points and names:
            self._came(state, fact, context, names)
        if self.point.clause_of(fact, context) is not None and self.holds(self.when, fact, context):
            missing = set(self.required(fact, context)) - state.seen
            if missing:
                key, limit = (fact.source, fact.id), limit_of(self.within, fact, context)
                state.points.append(Point(key, context.time_of(fact), limit, fact.actor, missing))

    @staticmethod
    def holds(condition: Compiled | None, fact: Any, context: Context) -> bool:
        return condition is None or bool(condition.functions[RANK_OF[type(fact)]](fact, context))

    def names_of(self, fact: Any, context: Context) -> Set[str]:
        """Which steps an event is."""
        if self.step_of is not None and self.step_event.clause_of(fact, context) is not None:
            name = read(self.step_of, fact, context)
            return {name} if name else NOTHING
        found = NOTHING
        for step in self.steps:
            if step.event.clause_of(fact, context) is not None:
                found = {*found, step.name}
        return found

    def required(self, fact: Any, context: Context) -> Set[str]:
        """Which steps a point asks for."""
        if self.declared_steps is not None:
            return frozenset(read(self.declared_steps, fact, context) or ())
        return {step.name for step in self.steps if self.holds(step.asked, fact, context)}

    def _forbidden(self, state: Trail, fact: Any, context: Context, offends: bool) -> None:
        if state.first is not None and offends and self.holds(self.when, fact, context):
            self._offence(state, fact, context, state.first)
        elif state.first is None and self.point.clause_of(fact, context) is not None:
            state.first = (fact.source, fact.id)

    def _came(self, state: Trail, fact: Any, context: Context, names: Set[str]) -> None:
        """A step after points: in time for some of them, and for a step that must not follow an offence."""
        at = context.time_of(fact)
        reached = [point for point in state.points if at <= point.limit.last]
        if self.form == NOT_FOLLOWED_BY:
            if reached:
                self._offence(state, fact, context, reached[-1].key)
            state.points = reached
            return
        for point in reached:
            point.missing -= names
        state.points = [point for point in state.points if point.missing]

    def _next(self, state: Trail, fact: Any, context: Context, names: Set[str]) -> None:
        """The first event after a point; a point that it is too late for stays as one that nothing followed."""
        if self.among.clause_of(fact, context) is None:
            return
        at = context.time_of(fact)
        waiting = [point for point in state.points if self.within is None or at <= point.limit.last]
        state.points = [point for point in state.points if point not in waiting]
        if waiting and (self.form == NEXT) != bool(names):
            self._offence(state, fact, context, waiting[-1].key)

    def _offence(self, state: Trail, fact: Any, context: Context, after: Key) -> None:
        """The verdict on an event that should not have come where it came."""
        key = (fact.source, fact.id)
        missing = self.steps[0].name if self.form == NEXT else ""
        state.verdicts.append(
            Verdict(
                occasion=key, reason="wrong_order", severity=self.severity, at=context.time_of(fact),
                actor=fact.actor, rests_on=(after, key),
                params={"missing": missing, "limit": str(self.within or "")},
            )
        )  # fmt: skip

    def ruling(self, state: Trail, context: Context, now: int, versions: Versions | None) -> Ruling:
        found, wake = list(state.verdicts), None
        said = {verdict.occasion for verdict in found}  # an event has one alert: that it came is the graver offence
        if self._may_miss:
            for point in (each for each in state.points if each.key not in said):
                if self.within is None or point.limit.has_passed(now):
                    found.append(self._missing(point))
                elif wake is None or point.limit.last < wake:
                    wake = point.limit.last + 1
        return Ruling(tuple(found), wake=wake) if found or wake is not None else SILENT

    @property
    def _may_miss(self) -> bool:
        """Whether a step that does not come is an offence."""
        return self.form in (REQUIRE, FOLLOWED_BY) or (self.form == NEXT and self.within is not None)

    def _missing(self, point: Point) -> Verdict:
        limit, span = point.limit, self.within
        return Verdict(
            occasion=point.key, reason="step_missing", severity=self.severity,
            at=limit.at, due_date=limit.day, due_at=limit.at if span is not None else None, began=point.at,
            provisional=limit.provisional, actor=point.actor, rests_on=(point.key,),
            params={"missing": ", ".join(sorted(point.missing)), "limit": str(span or "")},
        )  # fmt: skip


class Passing:
    """A sequence rule of which everything is known at each event: what was seen is all that has to be kept."""

    def __init__(self, body: Sequence, place: int) -> None:
        self.body, self.place = body, place
        self._step = self._forbid if body.form == FORBID else self._require
        self._sets: dict[frozenset[str], frozenset[str]] = {}

    def asked(self, rank: int) -> QuietStep | None:
        if rank not in self.body.ranks:
            return None
        return self._plainly(rank) if self._is_plain(rank) else self._step

    def wake(self, state: Any) -> int:
        return NEVER

    def _is_plain(self, rank: int) -> bool:
        """Whether the type of an event alone says what it is to a rule that requires steps."""
        body = self.body
        asks = body.form != REQUIRE or body.when or body.declared_steps or body.step_of
        if asks or any(step.asked is not None for step in body.steps):
            return False
        met = [each for each in (body.point, *(step.event for step in body.steps)) if rank in each.ranks]
        return all(each.is_plain(rank) for each in met)

    def _plainly(self, rank: int) -> QuietStep:
        body, place, shared = self.body, self.place, self._shared
        names = frozenset(step.name for step in body.steps if rank in step.event.ranks)
        required = frozenset(step.name for step in body.steps) if rank in body.point.ranks else NOTHING

        def step(states: list[Any], fact: Any, context: Context) -> int:
            seen: Set[str] = states[place] or NOTHING
            if not names <= seen:
                seen = states[place] = shared(names | seen)
            return CALM if required <= seen else LOUD

        return step

    def _forbid(self, states: list[Any], fact: Any, context: Context) -> int:
        body, place = self.body, self.place
        if states[place]:
            return LOUD if body.names_of(fact, context) and body.holds(body.when, fact, context) else CALM
        if body.point.clause_of(fact, context) is not None:
            states[place] = True
        return CALM

    def _require(self, states: list[Any], fact: Any, context: Context) -> int:
        body, place = self.body, self.place
        names = body.names_of(fact, context)
        seen: Set[str] = states[place] or NOTHING
        if names:
            seen = states[place] = self._shared(seen | names)
        if body.point.clause_of(fact, context) is None or not body.holds(body.when, fact, context):
            return CALM
        return LOUD if set(body.required(fact, context)) - seen else CALM

    def _shared(self, names: Set[str]) -> frozenset[str]:
        """The same set for every subject that has seen the same steps."""
        if len(self._sets) > MOST_SETS:
            self._sets.clear()
        found = frozenset(names)
        return self._sets.setdefault(found, found)
