"""Decides on which side of its bound a value lies, exactly: values are fractions of whole numbers, never rounded."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from math import isfinite
from typing import Literal, TypeAlias

from msgspec import Struct

Way: TypeAlias = Literal["over", "at_least", "under", "at_most"]
MILLION = 1_000_000
"""Amounts are whole millionths: money is exact, and what was added can be taken out again without a trace.
Microseconds are millionths of seconds."""

MOST = 10**12 * MILLION
"""No amount counts as more: what is kept of a tally is written as numbers of 64 bits, and no honest one comes near."""


def millionths(value: float) -> int:
    """A number as written, in whole millionths; beyond the sixth decimal it is rounded."""
    whole = int(value) if isfinite(value) else 0
    if whole == value:
        return whole * MILLION
    return round(Decimal(repr(value)).scaleb(6))


def amount_of(value: float, is_span: bool) -> int:
    """What a value adds to a tally; a length of time is in microseconds already."""
    return max(-MOST, min(round(value) if is_span else millionths(value), MOST))


class Bound(Struct, frozen=True):
    """A threshold and the side that breaks it. `part` / `whole` is the threshold as a fraction."""

    way: Way
    threshold: float
    part: int
    whole: int

    @property
    def is_low(self) -> bool:
        """Whether small values break it."""
        return self.way in ("under", "at_most")

    def broken_by(self, part: int, whole: int) -> bool:
        """Whether the value part / whole breaks it; `whole` is positive."""
        value, limit = part * self.whole, self.part * whole
        if self.way == "over":
            return value > limit
        if self.way == "at_least":
            return value >= limit
        return value < limit if self.way == "under" else value <= limit

    def is_worse(self, value: float, than: float) -> bool:
        """Whether a value is further beyond it than another."""
        return value < than if self.is_low else value > than


def bound(way: Way, threshold: float) -> Bound:
    """A bound at a number as written."""
    exact = Fraction(repr(threshold)) if isinstance(threshold, float) else Fraction(threshold)
    return Bound(way, float(threshold), exact.numerator, exact.denominator)
