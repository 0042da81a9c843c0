"""Decides which version of a rule governs an occasion: by the day and instant it began, the book and `now` (RULES §1).

Of the live versions that share an id, the highest one that is active at `now`, whose `effective` date covers the day on
which the occasion began, and which takes over what had begun before it was activated (`on_change: recompute`) or need
not. Shadow versions ask themselves alone: they stand beside the deployed one and are told apart in the alert's id.
"""

from __future__ import annotations

from bisect import bisect_right

from rules.language.rule import LIVE, Book, Rule
from rules.model.times import local_day


class Governing:
    """The versions of every rule of a book. `activations` are the instants at which `now` alone changes the answer."""

    __slots__ = ("activations", "dated", "live")

    def __init__(self, book: Book) -> None:
        self.live: dict[str, tuple[Rule, ...]] = {}
        for rule in sorted(book.rules, key=lambda rule: -rule.version):
            if rule.mode == LIVE:
                self.live[rule.id] = (*self.live.get(rule.id, ()), rule)
        self.dated = frozenset(
            rule.id
            for rule in book.rules
            if rule.effective is not None or rule.activates_at is not None or len(self.live.get(rule.id, ())) > 1
        )
        self.activations = sorted(
            {rule.activates_at for rule in book.rules if rule.activates_at is not None and rule.on_change != "keep"}
        )

    def governs(self, rule: Rule, began: int, zone: str, now: int) -> bool:
        """Whether what this rule says of an occasion that began then stands at `now`."""
        if rule.id not in self.dated:
            return True
        if rule.mode != LIVE:
            return _takes(rule, began, zone, now)
        chosen = next((each for each in self.live[rule.id] if _takes(each, began, zone, now)), None)
        return chosen is not None and chosen.version == rule.version

    def epoch(self, now: int) -> int:
        """How many activations lie behind `now`."""
        return bisect_right(self.activations, now)

    def next_after(self, now: int) -> int | None:
        """The next activation that may change what stands."""
        position = self.epoch(now)
        return self.activations[position] if position < len(self.activations) else None


def _takes(rule: Rule, began: int, zone: str, now: int) -> bool:
    since = rule.activates_at
    if since is not None and (since > now or (rule.on_change == "keep" and began < since)):
        return False
    return rule.effective is None or local_day(began, zone) >= rule.effective
