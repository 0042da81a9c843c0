"""Decides at which points of a clock something is said: when it is due, before, and how a breach is escalated."""

from __future__ import annotations

from msgspec import Struct

from rules.model.spans import Span


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


class Ladder(Struct, frozen=True):
    """What one rule says along a clock. With `fire_at` it fires there rather than when the clock is due."""

    rule: str
    clock: str
    stream: str
    severity: str
    fire_at: Rung | None = None
    warn_at: tuple[Rung, ...] = ()
    escalate: tuple[Escalation, ...] = ()
