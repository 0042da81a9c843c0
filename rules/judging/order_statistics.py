"""Decides the median of sorted numbers and the median of their distances from it, without going through them all."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence


def twice_median(ordered: Sequence[int]) -> int:
    """Twice the median of sorted whole numbers, which is whole: of an even number, the sum of the middle two."""
    number = len(ordered)
    return ordered[(number - 1) // 2] + ordered[number // 2]


def four_times_mad(ordered: Sequence[int]) -> int:
    """Four times the median of the absolute distances of sorted whole numbers from their median, which is whole."""
    number, middle = len(ordered), twice_median(ordered)
    return _distance(ordered, middle, (number - 1) // 2) + _distance(ordered, middle, number // 2)


def _distance(ordered: Sequence[int], middle: int, place: int) -> int:
    """The `place`-th of twice the distances from the median, in order: they grow to both sides of it."""
    split = bisect_left(ordered, -(-middle // 2))
    low, high = max(0, place + 1 - (len(ordered) - split)), min(split, place + 1)
    while low < high:  # how many of the nearest `place + 1` lie below the median
        below = (low + high) // 2
        above = place + 1 - below
        if above and middle - 2 * ordered[split - 1 - below] < 2 * ordered[split + above - 1] - middle:
            low = below + 1
        else:
            high = below
    above = place + 1 - low
    return max(middle - 2 * ordered[split - low] if low else 0, 2 * ordered[split + above - 1] - middle if above else 0)
