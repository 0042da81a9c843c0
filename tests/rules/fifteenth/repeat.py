"""Decides whether a subject shows an event more often than it may: one verdict per event too many."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from rules.judging.context import Context
from rules.judging.selector import Selector
from rules.judging.verdicts import SILENT, Ruling, Verdict, Versions


class Shown(Struct, gc=False):
    """The events so far, and what was found."""

    keys: list[tuple[str, str]] = []
    verdicts: list[Verdict] = []


class Repeat(Struct, frozen=True, kw_only=True):
    """One repeat rule, compiled: everything that an applicant must correct is told at once (Licensing Law 32)."""

    rule: str
    severity: str
    event: Selector
    most: float
    ranks: frozenset[int] = frozenset()

    def new(self) -> Shown:
        return Shown()

    def step(self, state: Shown, fact: Any, context: Context) -> None:
        if self.event.clause_of(fact, context) is None:
            return
        key = (fact.source, fact.id)
        state.keys.append(key)
        if len(state.keys) > self.most:
            state.verdicts.append(
                Verdict(
                    occasion=key, reason="repeated", severity=self.severity, at=context.time_of(fact),
                    actor=fact.actor, value=len(state.keys), threshold=self.most, rests_on=tuple(state.keys),
                )
            )  # fmt: skip

    def ruling(self, state: Shown, context: Context, now: int, versions: Versions | None) -> Ruling:
        return Ruling(tuple(state.verdicts)) if state.verdicts else SILENT
