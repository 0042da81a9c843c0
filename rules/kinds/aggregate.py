"""Decides whether a sum, an average or another figure of a field over a window lies beyond a bound."""

from __future__ import annotations

from bisect import bisect_left, insort
from typing import Any, Literal, TypeAlias

import msgspec

from rules.expression import Compiled
from rules.judging.bounds import MILLION, amount_of
from rules.judging.context import Context
from rules.judging.selector import read
from rules.judging.sweeping import Sweep, Windowed
from rules.judging.windows import Entry

Function: TypeAlias = Literal["sum", "avg", "rank"]
WHOLE_RANK = 100 * MILLION
"""A percentile of 100 in millionths of a per cent."""


class Amounts(Sweep, array_like=True):
    """The sum of the amounts in the window, and, where their order is asked for, the amounts in order."""

    sum: int = 0
    ordered: list[int] = msgspec.field(default_factory=list)


class Aggregate(Windowed, frozen=True, kw_only=True):
    """One aggregate rule, compiled. `rank` is a percentile by nearest rank: the least amount that so many per cent of
    all do not exceed. The least and the greatest of all are the ranks 0 and 100; no value is ever interpolated."""

    field: Compiled
    function: Function
    rank: int = 0
    is_span: bool = False

    def new(self) -> Amounts:
        return Amounts()

    def decode(self, row: bytes) -> Amounts:
        return _decode(row)

    def entry(self, fact: Any, context: Context) -> Entry | None:
        if not self.takes(fact, context):
            return None
        value = read(self.field, fact, context)
        if value is None:
            return None
        return self.counted(fact, context, amount=amount_of(value, self.is_span))

    def add(self, sweep: Amounts, entry: Entry) -> None:
        sweep.sum += entry.amount
        if self.function == "rank":
            insort(sweep.ordered, entry.amount)

    def drop(self, sweep: Amounts, entry: Entry) -> None:
        sweep.sum -= entry.amount
        if self.function == "rank":
            del sweep.ordered[bisect_left(sweep.ordered, entry.amount)]

    def measure(self, sweep: Amounts) -> tuple[int, int] | None:
        if self.function == "sum":
            return sweep.sum, MILLION
        if self.function == "avg":
            return sweep.sum, MILLION * sweep.total
        place = -(-self.rank * sweep.total // WHOLE_RANK)
        return sweep.ordered[max(place, 1) - 1], MILLION

    def said(self) -> dict[str, str]:
        return {"unit": "s"} if self.is_span else {}


_decode = msgspec.msgpack.Decoder(Amounts).decode
