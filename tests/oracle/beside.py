"""Decides which openings lie beside each other by looking at every pair of them (RULES.md §2, overlap)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from tests.oracle.clocks import order
from tests.oracle.days import Days
from tests.oracle.history import Fact, Key, Version, in_order
from tests.oracle.orders import ends


@dataclass(frozen=True)
class Opened:
    """One subject from a start to its stop."""

    start: Fact
    key: tuple[str, ...]
    stop: Fact | None


@dataclass(frozen=True)
class Beside:
    """One alert: the second opening, the first of those beside it, and when one of the two was over."""

    occasion: Key
    at: datetime
    other: str
    ended_at: datetime | None


@dataclass(frozen=True)
class Double:
    """One overlap rule."""

    rule: str
    start: Callable[[Fact], bool]
    stop: Callable[[Fact], bool]
    key: Callable[[Fact], tuple[str, ...]]
    within: str

    def openings(self, facts: list[Fact]) -> Iterable[Opened]:
        """A start counts where every start before it, that counts, was followed by a stop before this one."""
        counted: list[Opened] = []
        for fact in facts:
            if self.start(fact) and all(o.stop is not None and order(o.stop) < order(fact) for o in counted):
                stops = [one for one in facts if self.stop(one) and order(one) > order(fact)]
                counted.append(Opened(fact, self.key(fact), stops[0] if stops else None))
        return [opened for opened in counted if all(opened.key)]

    def judge(self, versions: Iterable[Version], now: datetime, days: Days) -> set[Beside]:
        kept = frozenset(versions)
        opened = [
            each
            for subject in {one.subject for one in kept}
            for each in self.openings(in_order((one for one in kept if one.subject == subject), now))
        ]
        found = set()
        for second in opened:
            others = sorted((o for o in opened if self.beside(o, second, days)), key=lambda each: place(each.start))
            if others:
                over = [o.stop.at if o.stop is not None else None for o in others]
                last = max(at for at in over if at) if all(over) else None
                ended = [at for at in (last, second.stop.at if second.stop else None) if at is not None]
                ended_at = min(ended, default=None)
                found.add(Beside(second.start.key, second.start.at, others[0].start.subject, ended_at))
        return found

    def beside(self, one: Opened, second: Opened, days: Days) -> bool:
        if one.start.subject == second.start.subject or one.key != second.key:
            return False
        if place(one.start) > place(second.start):
            return False
        if self.within and second.start.at > ends(one.start, self.within, days).last:
            return False
        return one.stop is None or place(one.stop) > place(second.start)


def place(fact: Fact) -> tuple[object, ...]:
    return order(fact)
