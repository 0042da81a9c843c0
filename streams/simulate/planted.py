"""Decides which faults are planted in service cases: the table, in the order in which they are planted."""

from __future__ import annotations

from streams.simulate import planted_deeds, planted_limits
from streams.simulate.faults import ENTERED, Fault

FAULTS: tuple[Fault, ...] = tuple(
    each for room in (planted_limits, planted_deeds) for each in ENTERED if each.tell.__module__ == room.__name__
)
