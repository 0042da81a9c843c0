"""Decides whether somebody acted who is not on the roster of the item on that day: one verdict per event."""

from __future__ import annotations

from datetime import date
from typing import Any

from msgspec import Struct

from rules.expression import Compiled
from rules.judging.context import Context
from rules.judging.selector import Selector, read
from rules.judging.verdicts import SILENT, Ruling, Verdict, Versions
from rules.model.times import local_day


class Who(Struct, frozen=True):
    """One field of the event that must be on the roster, among the rows of its kind."""

    kind: str
    value: Compiled


class Acts(Struct, gc=False):
    """What was done by somebody who may not; `unknown` once something was done on an item without a roster."""

    verdicts: list[Verdict] = []
    unknown: bool = False


class Roster(Struct, frozen=True, kw_only=True):
    """One roster rule, compiled. The roster is `name`, or what `roster` says at the event.

    A roster that says nothing of a kind does not limit it; somebody unnamed proves nothing.
    """

    rule: str
    severity: str
    event: Selector
    who: tuple[Who, ...]
    roster: Compiled | None = None
    name: str = ""
    at: Compiled | None = None
    fires_unknown: bool = False
    when: Compiled | None = None
    ranks: frozenset[int] = frozenset()

    def new(self) -> Acts:
        return Acts()

    def step(self, state: Acts, fact: Any, context: Context) -> None:
        if self.event.clause_of(fact, context) is None:
            return
        if self.when is not None and not read(self.when, fact, context):
            return
        rosters = context.places.tables.rosters
        roster = self.name or str(read(self.roster, fact, context) or "")
        if roster not in rosters:
            state.unknown = True
            if self.fires_unknown:
                state.verdicts.append(self._verdict(fact, context, "no_roster", roster, ""))
            return
        on = self._day(fact, context)
        absent = [
            who.kind
            for who in self.who
            if rosters.limits(roster, who.kind)
            and not all(rosters.admits(roster, who.kind, each, on) for each in _named(who.value, fact, context))
        ]
        if absent:
            state.verdicts.append(self._verdict(fact, context, "not_on_roster", roster, ", ".join(absent)))

    def _day(self, fact: Any, context: Context) -> date:
        """The local day on which the roster is asked: of `at`, else of the event."""
        moment = read(self.at, fact, context)
        if isinstance(moment, date):
            return moment
        return local_day(fact.occurred_at if moment is None else moment, context.zone)

    def _verdict(self, fact: Any, context: Context, reason: str, roster: str, who: str) -> Verdict:
        key = (fact.source, fact.id)
        return Verdict(
            occasion=key, reason=reason, severity=self.severity, at=context.time_of(fact), actor=fact.actor,
            rests_on=(key,), params={"roster": roster, "who": who},
        )  # fmt: skip

    def ruling(self, state: Acts, context: Context, now: int, versions: Versions | None) -> Ruling:
        if not state.verdicts and not state.unknown:
            return SILENT
        return Ruling(tuple(state.verdicts), counted=(f"no_roster:{self.rule}",) if state.unknown else ())


def _named(value: Compiled, fact: Any, context: Context) -> list[str]:
    """Who stands in a field of one name or of many."""
    found = read(value, fact, context)
    return [each for each in (found if isinstance(found, list) else [found]) if each]
