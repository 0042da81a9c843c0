"""Decides what a book declares around its rules: versions, cards, escalation, by their definitions (docs/rules.md)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from tests.oracle.days import Days, end_of
from tests.oracle.history import Key

SEVERITIES = ("notice", "yellow_card", "red_card")


@dataclass(frozen=True)
class Step:
    """An alert that still stands open so long after is raised in severity, or shown to more people."""

    after: str
    severity: str = ""
    to: str = ""

    def reached(self, card: Card, days: Days) -> datetime:
        """Days exclude the day of the alert itself; those of a clock are counted from its due date."""
        number, unit = self.after.split()
        if unit == "h":
            return card.at + timedelta(hours=int(number))
        return end_of(days.after(card.due_date or card.at.date(), int(number), unit))


@dataclass(frozen=True)
class Edition:
    """One version of a rule: from when it judges what, and whose alerts join its card."""

    rule: str
    version: int = 1
    mode: str = "live"
    effective: date | None = None
    activates: datetime | None = None
    keeps: bool = False
    absorbs: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()
    severity: str = "notice"

    def takes(self, began: datetime, now: datetime) -> bool:
        """Whether it may judge what began then."""
        if self.activates is not None and (self.activates > now or (self.keeps and began < self.activates)):
            return False
        return self.effective is None or self.effective <= began.date()

    def governs(self, editions: Iterable[Edition], began: datetime, now: datetime) -> bool:
        """Whether it is the highest live version that may; a shadow asks itself alone."""
        others = [each for each in editions if each.rule == self.rule and each.mode == "live"]
        higher = any(each.version > self.version and each.takes(began, now) for each in others)
        return self.takes(began, now) and (self.mode == "shadow" or not higher)


@dataclass(frozen=True)
class Card:
    """One alert as it stands: by which version, how far it was raised, and whose card it joined."""

    rule: str
    version: int
    mode: str
    subject: str
    occasion: Key
    step: str
    at: datetime
    state: str
    ended_at: datetime | None
    severity: str
    reason: str = ""
    due_date: date | None = None
    value: float | None = None
    audience: str = ""
    joined: str = ""


def raised(card: Card, edition: Edition, days: Days, now: datetime) -> Card:
    """As far up as it has come by now; what ended before a step was reached does not reach it."""
    for step in edition.steps:
        reached = step.reached(card, days)
        if now >= reached and (card.ended_at is None or card.ended_at >= reached):
            grave = max(card.severity, step.severity or card.severity, key=SEVERITIES.index)
            card = replace(card, severity=grave, audience=step.to or card.audience)
    return card


def joined(cards: Iterable[Card], editions: Iterable[Edition]) -> set[Card]:
    """While an alert of a rule that absorbs others stands, theirs on the same clock say whose card they joined."""
    known, found = set(cards), set()
    absorbing = {(each.rule, each.version): each.absorbs for each in editions}
    for card in known:
        over = [
            each.rule
            for each in known
            if not each.step
            and (each.subject, each.occasion, each.mode) == (card.subject, card.occasion, card.mode)
            and card.rule in absorbing[each.rule, each.version]
        ]
        found.add(replace(card, joined=over[0] if over else ""))
    return found
