"""Decides whether the share of some events among all in a window lies beyond a bound."""

from __future__ import annotations

from typing import Any

import msgspec

from rules.expression import Compiled
from rules.judging.context import Context
from rules.judging.selector import read
from rules.judging.sweeping import Sweep, Windowed
from rules.judging.windows import Entry

PERCENT = 100


class Shares(Sweep, array_like=True):
    """How many of the points in the window belong to the part."""

    hits: int = 0


class Ratio(Windowed, frozen=True, kw_only=True):
    """One ratio rule, compiled. The whole are the events that satisfy `denominator`, the part those of them that
    satisfy `numerator` too; a value is in per cent."""

    numerator: Compiled
    denominator: Compiled | None = None

    def new(self) -> Shares:
        return Shares()

    def decode(self, row: bytes) -> Shares:
        return _decode(row)

    def entry(self, fact: Any, context: Context) -> Entry | None:
        if not self.takes(fact, context):
            return None
        if self.denominator is not None and not read(self.denominator, fact, context):
            return None
        hit = 1 if read(self.numerator, fact, context) else 0
        return self.counted(fact, context, amount=hit)

    def add(self, sweep: Shares, entry: Entry) -> None:
        sweep.hits += entry.amount

    def drop(self, sweep: Shares, entry: Entry) -> None:
        sweep.hits -= entry.amount

    def measure(self, sweep: Shares) -> tuple[int, int] | None:
        return PERCENT * sweep.hits, sweep.total

    def said(self) -> dict[str, str]:
        return {"unit": "%"}


_decode = msgspec.msgpack.Decoder(Shares).decode
