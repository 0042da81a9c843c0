"""Decides which faults are planted in service cases: the table, in the order in which they are planted."""

from __future__ import annotations

from streams.simulate import planted_deeds, planted_limits, planted_procedures
from streams.simulate.faults import ENTERED, Fault

ROOMS = (planted_limits, planted_deeds, planted_procedures)
FAULTS: tuple[Fault, ...] = tuple(each for room in ROOMS for each in ENTERED if each.tell.__module__ == room.__name__)
