"""Decides that one event by itself satisfies a condition: one verdict per event."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from rules.expression import Compiled
from rules.judging.context import Context
from rules.judging.selector import Selector
from rules.judging.verdicts import SILENT, Ruling, Verdict, Versions
from rules.model.events import RANK_OF


class Match(Struct, frozen=True, kw_only=True):
    """One match rule, compiled."""

    rule: str
    severity: str
    event: Selector
    when: Compiled | None = None
    ranks: frozenset[int] = frozenset()

    def new(self) -> list[Verdict]:
        return []

    def step(self, state: list[Verdict], fact: Any, context: Context) -> None:
        if self.event.clause_of(fact, context) is None:
            return
        if self.when is not None and not self.when.functions[RANK_OF[type(fact)]](fact, context):
            return
        key = (fact.source, fact.id)
        state.append(
            Verdict(
                occasion=key, reason="matched", severity=self.severity, at=context.time_of(fact),
                actor=fact.actor, rests_on=(key,),
            )
        )  # fmt: skip

    def ruling(self, state: list[Verdict], context: Context, now: int, versions: Versions | None) -> Ruling:
        return Ruling(tuple(state)) if state else SILENT
