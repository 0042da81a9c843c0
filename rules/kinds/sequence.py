"""Decides whether the events of a subject come in a forbidden order, or a required step is missing at a point."""

from __future__ import annotations

from collections.abc import Set
from typing import Any

from msgspec import Struct

from rules.expression import Compiled
from rules.judging.context import Context
from rules.judging.selector import Selector, read
from rules.judging.verdicts import SILENT, Ruling, Verdict, Versions
from rules.model.events import RANK_OF


class Point(Struct, gc=False):
    """A point at which the order is judged: what was required there, and what has been seen by `until`."""

    key: tuple[str, str]
    at: int
    until: int
    actor: str
    required: frozenset[str]
    seen: set[str]
    rests_on: list[tuple[str, str]]


NO_NAMES: Set[str] = frozenset()


class Trail(Struct, gc=False):
    """What a subject went through so far."""

    seen: set[str] = set()
    points: list[Point] = []
    verdicts: list[Verdict] = []
    forbidden: tuple[str, str] | None = None


class Sequence(Struct, frozen=True, kw_only=True):
    """One sequence rule, compiled: `forbid` a pair of events in this order, or require steps `before` one.

    A step counts until `wait` after the point; with `follow` the steps must come after it, within `wait`
    (`followed_by`), or must not (`not_followed_by`: `banned`).
    """

    rule: str
    severity: str
    forbid: tuple[Selector, ...] = ()
    before: Selector = Selector()
    steps: tuple[Selector, ...] = ()
    names: tuple[str, ...] = ()
    declared_steps: Compiled | None = None
    step_of: Compiled | None = None
    step_event: Selector = Selector()
    wait: int = 0
    follow: bool = False
    banned: bool = False
    when: Compiled | None = None
    ranks: frozenset[int] = frozenset()

    def new(self) -> Trail:
        return Trail()

    def step(self, state: Trail, fact: Any, context: Context) -> None:
        if self.forbid:
            self._forbidden(state, fact, context)
            return
        names = self._names_of(fact, context)
        if names:
            state.seen |= names
            for point in state.points:
                if context.time_of(fact) <= point.until and point.key != (fact.source, fact.id):
                    point.seen |= names
                    if self.banned:
                        point.rests_on.append((fact.source, fact.id))
        if self.before.clause_of(fact, context) is not None and self._asked(fact, context):
            at = context.time_of(fact)
            key = (fact.source, fact.id)
            seen = set() if self.follow else set(state.seen)
            state.points.append(Point(key, at, at + self.wait, fact.actor, self._required(fact, context), seen, [key]))

    def _asked(self, fact: Any, context: Context) -> bool:
        return self.when is None or bool(self.when.functions[RANK_OF[type(fact)]](fact, context))

    def _names_of(self, fact: Any, context: Context) -> Set[str]:
        if self.step_of is not None and self.step_event.clause_of(fact, context) is not None:
            name = read(self.step_of, fact, context)
            return {name} if name else set()
        found = NO_NAMES
        for name, step in zip(self.names, self.steps, strict=True):
            if step.clause_of(fact, context) is not None:
                found = {*found, name}
        return found

    def _required(self, fact: Any, context: Context) -> frozenset[str]:
        if self.declared_steps is not None:
            return frozenset(read(self.declared_steps, fact, context) or ())
        return frozenset(self.names)

    def _forbidden(self, state: Trail, fact: Any, context: Context) -> None:
        key = (fact.source, fact.id)
        first, second = self.forbid
        if state.forbidden and second.clause_of(fact, context) is not None and self._asked(fact, context):
            state.verdicts.append(self._verdict(key, context.time_of(fact), fact.actor, (state.forbidden, key), {}))
        if state.forbidden is None and first.clause_of(fact, context) is not None:
            state.forbidden = key

    def _verdict(
        self,
        key: tuple[str, str],
        at: int,
        actor: str,
        rests_on: tuple[tuple[str, str], ...],
        params: dict[str, str],
    ) -> Verdict:
        reason = "wrong_order" if self.forbid or self.banned else "step_missing"
        return Verdict(
            occasion=key,
            reason=reason,
            severity=self.severity,
            at=at,
            actor=actor,
            rests_on=rests_on,
            params=params,
        )

    def ruling(self, state: Trail, context: Context, now: int, versions: Versions | None) -> Ruling:
        if not state.points:
            return Ruling(tuple(state.verdicts)) if state.verdicts else SILENT
        found: list[Verdict] = []
        wake: int | None = None
        for point in state.points:
            missing = point.required - point.seen
            broken = bool(point.required & point.seen) if self.banned else bool(missing)
            if not broken:
                continue
            if self.wait and now <= point.until and not self.banned:
                wake = point.until + 1 if wake is None else min(wake, point.until + 1)
                continue
            params = {} if self.banned else {"missing": ", ".join(sorted(missing))}
            at = point.at if self.banned else point.until
            found.append(self._verdict(point.key, at, point.actor, tuple(point.rests_on), params))
        return Ruling(tuple(found), wake=wake)
