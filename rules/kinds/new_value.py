"""Decides whether a group shows a value that it never showed before, once it has a past to compare with."""

from __future__ import annotations

from typing import Any

import msgspec

from rules.expression import Compiled
from rules.judging.context import Context
from rules.judging.pointed import Pointed, Trail, found
from rules.judging.selector import text_of
from rules.judging.windows import Entry, Window, cut
from rules.model.times import DAY

TAKEN_BACK = 90 * DAY
"""How long a value that is never forgotten can still be taken back by a correction of the event that showed it."""


class Known(Trail, array_like=True):
    """How often each value was seen, by how many events since when; those that may be forgotten in order."""

    seen: dict[str, int] = msgspec.field(default_factory=dict)
    total: int = 0
    since: int = 0
    entries: list[Entry] = msgspec.field(default_factory=list)
    start: int = 0


class NewValue(Pointed, frozen=True, kw_only=True):
    """One new_value rule, compiled. It is silent until the group has shown `min_samples` events, the first of them
    `history` ago; what was not seen for longer than `memory` is forgotten."""

    field: Compiled
    memory: Window
    history: Window
    min_samples: int = 1

    def new(self) -> Known:
        return Known()

    def decode(self, row: bytes) -> Known:
        return _decode(row)

    def entry(self, fact: Any, context: Context) -> Entry | None:
        if not self.takes(fact, context):
            return None
        value = text_of(self.field, fact, context)
        return self.counted(fact, context, value) if value is not None else None

    def push(self, known: Known, instant: list[Entry], zone: str) -> None:
        """Judges the values of one instant by those before it; a value that several events show is new once."""
        at = instant[0].at
        if self.memory.size is not None:
            self._forget(known, at, zone)
        shown: set[str] = set()
        if known.total >= self.min_samples and self._has_learned(known, at, zone):
            for entry in instant:
                if entry.what not in known.seen and entry.what not in shown:
                    known.found.append(found(entry))
                    shown.add(entry.what)
        if not known.total:
            known.since = at
        for entry in instant:
            known.total += 1
            known.seen[entry.what] = known.seen.get(entry.what, 0) + 1
            if self.memory.size is not None:
                known.entries.append(entry)

    def _has_learned(self, known: Known, at: int, zone: str) -> bool:
        return self.history.size is None or self.history.leaves(known.since, zone) <= at

    def _forget(self, known: Known, at: int, zone: str) -> None:
        entries = known.entries
        start = self.memory.outlived(entries, known.start, at, zone)
        for place in range(known.start, start):
            value = entries[place].what
            known.seen[value] -= 1
            if not known.seen[value]:
                del known.seen[value]
        known.total -= start - known.start
        if start < len(entries):
            known.since = entries[start].at
        known.start = cut(entries, start)

    def reach(self) -> int:
        return self.memory.reach() if self.memory.size is not None else max(TAKEN_BACK, self.history.reach())


_decode = msgspec.msgpack.Decoder(Known).decode
