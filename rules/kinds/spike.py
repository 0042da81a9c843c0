"""Decides whether a window holds many more events than the time before it lets expect."""

from __future__ import annotations

from typing import Any

import msgspec

from rules.judging.context import Context
from rules.judging.sweeping import Sweep, Windowed
from rules.judging.windows import Entry, Window


class Rates(Sweep, array_like=True):
    """`fresh` of the points lie in the current window, the others in the reference window before it."""

    fresh: int = 0


class Spike(Windowed, frozen=True, kw_only=True):
    """One spike rule, compiled. `wide` is the current window with the reference window right before it; `lengths` are
    how long both are, in the same unit. A value is how many times as many as expected."""

    wide: Window
    lengths: tuple[int, int]
    min_reference: int = 1

    def new(self) -> Rates:
        return Rates()

    def decode(self, row: bytes) -> Rates:
        return _decode(row)

    @property
    def memory(self) -> Window:
        return self.wide

    def held(self, sweep: Rates) -> int:
        return sweep.fresh

    def entry(self, fact: Any, context: Context) -> Entry | None:
        return self.counted(fact, context) if self.takes(fact, context) else None

    def add(self, sweep: Rates, entry: Entry) -> None:
        sweep.fresh += 1

    def move(self, sweep: Any, at: int, zone: str) -> None:
        Windowed.move(self, sweep, at, zone)
        number = len(sweep.entries)
        sweep.fresh = number - self.window.outlived(sweep.entries, number - sweep.fresh, at, zone)

    def measure(self, sweep: Rates) -> tuple[int, int] | None:
        before = sweep.total - sweep.fresh
        if before < self.min_reference:
            return None
        current, reference = self.lengths
        return sweep.fresh * reference, before * current


_decode = msgspec.msgpack.Decoder(Rates).decode
