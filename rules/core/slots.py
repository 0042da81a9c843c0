"""Decides how a book is laid out for the fold: which rules an event type concerns, and what must be remembered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from rules.core.absorbing import absorbing_of
from rules.core.governing import Governing
from rules.core.reaching import reaches
from rules.core.record import NEVER
from rules.expression import expressions_in
from rules.judging.context import Context
from rules.judging.ladder import Ladder
from rules.judging.place import Places
from rules.judging.windows import Grouped, Grouping
from rules.kinds.deadline import Deadline
from rules.kinds.overlap import Overlap
from rules.kinds.silence import Silence
from rules.language.rule import LIVE, Book, Rule

NO_LADDER = Ladder("", "", "", "")
MOST_LISTED = 10_000


class Slots:
    """The rules of subjects, each in its slot, and the groupings of those that judge groups."""

    __slots__ = (
        "_listed", "_within", "absorbing", "bare", "book", "clocked", "clocks", "concerned", "dated", "every",
        "governing", "groupings", "home", "homes", "ids", "kin", "listening", "opening", "opening_ranks", "places",
        "reaches", "regional", "relief", "remembered", "remembered_first", "rules", "sharing", "telling",
    )  # fmt: skip

    def __init__(self, book: Book) -> None:
        self.book, self.regional = book, bool(book.regional)
        self._within: dict[str, Slots] = {}
        self.places = Places(book.tables)
        self.bare = Context("", self.places, frozenset())
        self.rules: list[Rule] = [rule for rule in book.rules if grouping_of(rule) is None]
        self.home, self.clocked = _homes(self.rules)
        self.sharing: dict[int, list[int]] = {}
        self.homes: dict[int, tuple[tuple[int, Any], ...]] = {}
        self.concerned: dict[int, int] = {}
        for slot, rule in enumerate(self.rules):
            home = self.home[slot]
            self.sharing.setdefault(home, []).append(slot)
            for rank in rule.body.ranks:
                self.concerned[rank] = self.concerned.get(rank, 0) | 1 << slot
                if home == slot:
                    self.homes[rank] = (*self.homes.get(rank, ()), (slot, rule.body))
        self.every = tuple(range(len(self.rules)))
        self.governing, self.absorbing, self.kin = Governing(book), absorbing_of(book), _kin(self.rules)
        self.dated = sum(1 << slot for slot, rule in enumerate(self.rules) if rule.id in self.governing.dated)
        self._listed: dict[int, tuple[int, ...]] = {}
        self.clocks = tuple(slot for slot in self.every if self.clocked >> slot & 1)
        self.ids = frozenset(self.rules[slot].id for slot in self.clocks)
        self.groupings, self.reaches = _groupings(book), reaches(book)
        self.listening, (self.opening, self.opening_ranks) = _listening(book), _opening(book)
        self.telling = self.groupings.keys() | self.opening_ranks  # the event types by which groups are told something
        self.remembered, self.remembered_first = _remembered(book)
        self.relief = _relief(book)

    def within(self, region: str) -> Slots:
        """The same rules in the same slots, as they read in a region that overrides their parameters."""
        code = self.book.tables.regions.of(region).code
        found = self._within.get(code)
        if found is None:
            book = self.book.within(region)
            found = self._within[code] = self if book is self.book else Slots(book)
            found.reaches = self.reaches  # a group hears from every region
        return found

    def listed(self, mask: int) -> tuple[int, ...]:
        """The slots whose bits are set and those of the same rules, in order; few combinations occur."""
        known = self._listed.get(mask)
        if known is None:
            if len(self._listed) > MOST_LISTED:
                self._listed.clear()
            found = {kin for slot in self.every if mask >> slot & 1 for kin in self.kin.get(slot, (slot,))}
            known = self._listed[mask] = tuple(sorted(found))
        return known


def _homes(rules: Sequence[Rule]) -> tuple[list[int], int]:
    """The slot that holds the state of each rule, and the bits of those whose clocks are told: a shadow says none.

    Rules that differ only in what they say along a clock share its runs.
    """
    home = list(range(len(rules)))
    clocked = 0
    clocks: list[tuple[int, Deadline]] = []
    for slot, rule in enumerate(rules):
        if not isinstance(rule.body, Deadline):
            continue
        clocked |= (1 << slot) * (rule.mode == LIVE)
        bare = msgspec.structs.replace(rule.body, ladder=NO_LADDER, relief=None)
        home[slot] = next((other for other, clock in clocks if clock == bare), slot)
        if home[slot] == slot:
            clocks.append((slot, bare))
    return home, clocked


def _kin(rules: Sequence[Rule]) -> dict[int, tuple[int, ...]]:
    """The slots of each rule that has several: what one version says stands or falls with what the others say."""
    named: dict[str, tuple[int, ...]] = {}
    for slot, rule in enumerate(rules):
        named[rule.id] = (*named.get(rule.id, ()), slot)
    return {slot: slots for slots in named.values() if len(slots) > 1 for slot in slots}


def grouping_of(rule: Rule) -> Grouping | None:
    """By what a rule groups events; None for a rule that judges one subject."""
    return rule.body.grouping if isinstance(rule.body, Grouped) else None


def _relief(book: Book) -> int:
    """How long after it occurred an event may be recorded in every rule's view; NEVER where none asks."""
    bodies = [rule.body for rules in (book.rules, *book.regional.values()) for rule in rules]
    asked = [body.relief.amount for body in bodies if isinstance(body, Deadline) and body.relief is not None]
    return min(asked, default=NEVER)


def _groupings(book: Book) -> dict[int, list[Grouping]]:
    """The groupings that events of each rank belong to; rules that group alike share one."""
    merged: dict[str, Grouping] = {}
    for rule in book.rules:
        grouping = grouping_of(rule)
        if grouping is None or grouping.holds != "events":
            continue
        other = merged.get(grouping.name)
        if other is not None:
            parts = tuple(
                msgspec.structs.replace(one, functions={**two.functions, **one.functions})
                for one, two in zip(grouping.parts, other.parts, strict=True)
            )
            grouping = Grouping(grouping.name, parts, grouping.ranks | other.ranks)
        merged[grouping.name] = grouping
    found: dict[int, list[Grouping]] = {}
    for grouping in merged.values():
        for rank in grouping.ranks:
            found.setdefault(rank, []).append(grouping)
    return found


def _listening(book: Book) -> dict[int, tuple[tuple[Silence, Callable[[Any, Context], tuple[Any, ...]]], ...]]:
    """Which rules hear messages of each rank, and how the group that hears one is found."""
    found: dict[int, tuple[tuple[Silence, Callable[[Any, Context], tuple[Any, ...]]], ...]] = {}
    for body in (rule.body for rule in book.rules if isinstance(rule.body, Silence)):
        for rank in body.ranks:
            found[rank] = (*found.get(rank, ()), (body, body.group_of(rank)))
    return found


def _opening(book: Book) -> tuple[tuple[Overlap, ...], frozenset[int]]:
    """The rules that ask when subjects are open, and the event types that may open or close one."""
    found = tuple(rule.body for rule in book.rules if isinstance(rule.body, Overlap))
    return found, frozenset(rank for body in found for rank in body.ranks | body.stop.ranks)


def _remembered(book: Book) -> tuple[frozenset[int], frozenset[int]]:
    """The event types whose latest or first fact some expression reads, and those whose first one may be."""
    found = [compiled for rule in book.rules for compiled in expressions_in(rule.body)]
    latest = frozenset[int]().union(*(compiled.reads for compiled in found))
    return latest, frozenset[int]().union(*(compiled.reads for compiled in found if "first" in compiled.text))
