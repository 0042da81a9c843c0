"""Decides what a changed book means for what another one judged: which rules of groups must hear of the past."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b

import msgspec

from rules.core.slots import Slots, grouping_of
from rules.core.step import Rows
from rules.judging.windows import Grouping
from rules.language.rule import Book

PREFIX = b"b"
"""Rows under the mark of a book: by which rules of groups it told facts."""


class Heard:
    """Which rules of groups heard of a subject's past under each book that judged rows of this store."""

    def __init__(self, slots: Slots, rows: Rows | None) -> None:
        self._rows, self._mark = rows, slots.book.mark
        self._ours = told_by(slots.book)
        self._groupings = {each.name: each for rule in slots.book.rules if (each := grouping_of(rule)) is not None}
        self._groupings |= {each.name: each for found in slots.groupings.values() for each in found}
        self._owed: dict[bytes, list[Grouping]] = {}
        self._noted = rows is None or rows.get(PREFIX + self._mark) is not None

    def owed(self, former: bytes) -> list[Grouping]:
        """The groupings that must hear of the past again, since a rule of theirs is not as it was under that book."""
        found = self._owed.get(former)
        if found is None:
            row = self._rows.get(PREFIX + former) if self._rows is not None else None
            theirs = set(msgspec.msgpack.decode(row, type=list[bytes])) if row is not None else set()
            names = [name for name, rules in self._ours.items() if not rules <= theirs]
            found = self._owed[former] = [self._groupings[name] for name in names]
        return found

    def note(self, rows: dict[bytes, bytes | None]) -> None:
        """Writes down by which rules this book tells facts, beside the first rows that bear its mark."""
        if not self._noted and rows:
            self._noted = True
            rows[PREFIX + self._mark] = msgspec.msgpack.encode(sorted(set().union(*self._ours.values())))


def told_by(book: Book) -> dict[str, set[bytes]]:
    """Grouping → its rules, each as eight bytes: what it is, and what decides whether an event is too late for it."""
    tables = book.tables.sources.hash + book.tables.regions.hash
    found: dict[str, set[bytes]] = {}
    for rule in book.rules:
        grouping = grouping_of(rule)
        if grouping is not None:
            found.setdefault(grouping.name, set()).add(_digest((grouping.name, rule.id, rule.hash, tables)))
    return found


def _digest(parts: Iterable[str]) -> bytes:
    return blake2b("\0".join(parts).encode(), digest_size=8).digest()
