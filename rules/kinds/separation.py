"""Decides whether one actor performed two duties of one subject that must lie in different hands (four eyes)."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from rules.expression import Compiled
from rules.judging.context import Context
from rules.judging.selector import Selector, read
from rules.judging.verdicts import SILENT, Ruling, Verdict, Versions


class Hands(Struct, gc=False):
    """Who performed each duty first, and the verdicts found: one per pair of duties."""

    first: list[dict[str, tuple[str, str]]]
    verdicts: dict[tuple[str, str], Verdict] = {}


class Separation(Struct, frozen=True, kw_only=True):
    """One separation rule, compiled. The occasion is the pair of duties, so a subject has one alert per pair."""

    rule: str
    severity: str
    duties: tuple[Selector, ...]
    names: tuple[str, ...]
    actor: Compiled
    when: Compiled | None = None
    ranks: frozenset[int] = frozenset()

    def new(self) -> Hands:
        return Hands([{} for _ in self.duties])

    def step(self, state: Hands, fact: Any, context: Context) -> None:
        mine = [at for at, duty in enumerate(self.duties) if duty.clause_of(fact, context) is not None]
        actor = read(self.actor, fact, context) if mine else None
        if not actor or (self.when is not None and not read(self.when, fact, context)):
            return
        key = (fact.source, fact.id)
        for duty in mine:
            for other, performed in enumerate(state.first):
                pair = (self.names[min(duty, other)], self.names[max(duty, other)])
                if other != duty and actor in performed and pair not in state.verdicts:
                    state.verdicts[pair] = Verdict(
                        occasion=pair,
                        reason="same_actor",
                        severity=self.severity,
                        at=context.time_of(fact),
                        actor=actor,
                        rests_on=(performed[actor], key),
                    )
            state.first[duty].setdefault(actor, key)

    def ruling(self, state: Hands, context: Context, now: int, versions: Versions | None) -> Ruling:
        return Ruling(tuple(state.verdicts.values())) if state.verdicts else SILENT
