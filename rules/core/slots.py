"""Decides how a book is laid out for the fold: which rules an event type concerns, and what must be remembered."""

from __future__ import annotations

from typing import Any

import msgspec

from rules.core.record import NEVER
from rules.judging.place import Places
from rules.kinds.count import Count, Grouping
from rules.kinds.deadline import Deadline
from rules.language.rule import Book, Rule


class Slots:
    """The rules of subjects, each in its slot, and the groupings of those that judge groups."""

    __slots__ = ("book", "by_rank", "groupings", "places", "relief", "remembered", "rules")

    def __init__(self, book: Book) -> None:
        self.book = book
        self.places = Places(book.tables)
        self.rules: list[Rule] = [rule for rule in book.rules if grouping_of(rule) is None]
        self.by_rank: dict[int, list[int]] = {}
        for slot, rule in enumerate(self.rules):
            for rank in rule.body.ranks:
                self.by_rank.setdefault(rank, []).append(slot)
        self.groupings = _groupings(book)
        self.remembered = _remembered(book)
        self.relief = min((within for rule in self.rules if (within := _relief(rule)) is not None), default=NEVER)


def grouping_of(rule: Rule) -> Grouping | None:
    """By what a rule groups events; None for a rule that judges one subject."""
    return rule.body.grouping if isinstance(rule.body, Count) else None


def _relief(rule: Rule) -> int | None:
    within = rule.body.relief if isinstance(rule.body, Deadline) else None
    return within.amount if within is not None else None


def _groupings(book: Book) -> dict[int, list[Grouping]]:
    """The groupings that events of each rank belong to; rules that group alike share one."""
    merged: dict[str, Grouping] = {}
    for rule in book.rules:
        grouping = grouping_of(rule)
        if grouping is None:
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


def _remembered(book: Book) -> frozenset[int]:
    """The event types whose latest or first fact some expression reads."""
    found: set[int] = set()
    pending: list[Any] = [rule.body for rule in book.rules]
    while pending:
        each = pending.pop()
        if isinstance(each, msgspec.Struct):
            found |= getattr(each, "reads", frozenset())
            pending += [getattr(each, name) for name in each.__struct_fields__]
        elif isinstance(each, tuple):
            pending += each
    return frozenset(found)
