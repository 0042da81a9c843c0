"""Decides what a seed chooses: the same history each time, made for a fraction of what hypothesis costs."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import TypeVar

T = TypeVar("T")


class Chance:
    """Choices that follow from a seed."""

    def __init__(self, seed: int | str) -> None:
        self._random = Random(seed)
        self.whole = self._random.randint
        """A whole number between two, both included."""

    def of(self, values: Sequence[T]) -> T:
        """One of them."""
        return values[int(self._random.random() * len(values))]

    def once_in(self, times: int) -> bool:
        """True so seldom."""
        return self._random.random() * times < 1

    def some(self, values: Sequence[T], least: int, most: int) -> list[T]:
        """A few of them, any of them more than once."""
        return [self.of(values) for _ in range(self.whole(least, most))]

    def shuffled(self, values: Sequence[T]) -> list[T]:
        """All of them in any order."""
        found = list(values)
        self._random.shuffle(found)
        return found
