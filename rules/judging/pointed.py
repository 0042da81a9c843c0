"""Decides what kinds of groups share that judge each point by those before it: one verdict per point that breaks.

Points of one instant know nothing of each other: each is judged by what had been before the instant.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from rules.judging.context import Context
from rules.judging.verdicts import SILENT, Ruling, Verdict, Versions
from rules.judging.windows import Entry, Grouped, Key


class Finding(Struct, array_like=True, gc=False):
    """One point that broke the rule: by which value, on which points it rests."""

    key: Key
    at: int
    actor: str
    rests_on: list[Key]
    value: float | None = None
    threshold: float | None = None
    step: str = ""
    severity: str = ""
    total: int = 0


class Trail(Struct, array_like=True):
    """What a kind remembers of a group, and what it found."""

    found: list[Finding] = field(default_factory=list)


class Pointed(Grouped, frozen=True, kw_only=True):
    """A kind whose alerts are about single points."""

    reason: str

    def ruling(self, state: Trail, context: Context, now: int, versions: Versions | None) -> Ruling:
        return Ruling(tuple(self._verdict(finding) for finding in state.found)) if state.found else SILENT

    def _verdict(self, finding: Finding) -> Verdict:
        params = self.said()
        if finding.total:
            params["total"] = str(finding.total)
        return Verdict(
            step=finding.step, occasion=finding.key, reason=finding.step or self.reason,
            severity=finding.severity or self.severity, at=finding.at, actor=finding.actor, value=finding.value,
            threshold=finding.threshold, params=params, rests_on=tuple(finding.rests_on),
        )  # fmt: skip

    def seal(self, state: Trail) -> frozenset[Key]:
        """A point that was found is found for good."""
        state.found = []
        return frozenset()

    def may_show(self, state: Any) -> frozenset[Key]:
        """A point rests on itself alone, unless a kind says otherwise."""
        return frozenset()


def found(entry: Entry, **said: Any) -> Finding:
    """A finding about one entry."""
    return replace(Finding(entry.key, entry.at, entry.actor, [entry.key]), **said)
