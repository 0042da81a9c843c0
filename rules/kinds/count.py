"""Decides how many events, or how many distinct values, lie in a window: of a group, or of a subject's life."""

from __future__ import annotations

from typing import Any

import msgspec

from rules.expression import Compiled
from rules.judging.context import Context
from rules.judging.selector import text_of
from rules.judging.sweeping import Sweep, Windowed
from rules.judging.windows import Entry


class Counted(Sweep, array_like=True):
    """How often each value lies in the window."""

    counts: dict[str, int] = msgspec.field(default_factory=dict)


class Count(Windowed, frozen=True, kw_only=True):
    """One count rule, compiled."""

    distinct: Compiled | None = None

    def new(self) -> Counted:
        return Counted()

    def decode(self, row: bytes) -> Counted:
        return _decode(row)

    def entry(self, fact: Any, context: Context) -> Entry | None:
        if not self.takes(fact, context):
            return None
        what = text_of(self.distinct, fact, context)
        return self.counted(fact, context, what) if what is not None else None

    @property
    def fewest(self) -> int:
        bound = self.bound
        if bound.is_low:
            return self.min_samples
        least = bound.part // bound.whole
        return max(self.min_samples, least if bound.broken_by(least, 1) else least + 1)

    def add(self, sweep: Counted, entry: Entry) -> None:
        sweep.counts[entry.what] = sweep.counts.get(entry.what, 0) + 1

    def drop(self, sweep: Counted, entry: Entry) -> None:
        left = sweep.counts[entry.what] - 1
        if left:
            sweep.counts[entry.what] = left
        else:
            del sweep.counts[entry.what]

    def measure(self, sweep: Counted) -> tuple[int, int] | None:
        return (sweep.total if self.distinct is None else len(sweep.counts)), 1


_decode = msgspec.msgpack.Decoder(Counted).decode
