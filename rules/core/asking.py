"""Decides what the rules that an event touched are asked, and of which of them the alerts may have changed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rules.core.folding import ruling
from rules.core.record import Record
from rules.core.saying import say_clocks, shown_clocks
from rules.core.slots import Slots
from rules.core.step import Step
from rules.judging.verdicts import SILENT, ClockView


def ask(
    record: Record, slots: Slots, concerned: Iterable[int], now: int, whole: bool, step: Step, tells_clocks: bool
) -> list[int]:
    """Takes new rulings and says their clocks; gives back the slots whose alerts may have changed."""
    rulings = record.rulings
    stale: list[int] = list(concerned) if whole else []
    versioned: dict[str, list[ClockView]] = {}
    for slot in concerned:
        new = ruling(record, slots, slot, now)
        old = rulings.get(slot, SILENT)
        if new is not old:
            rulings[slot] = new.said
            if new.counted:
                _note(record, new.counted, step)
            if not whole and new.verdicts != old.verdicts:
                stale.append(slot)
        if tells_clocks and slots.clocked >> slot & 1 and (new.clocks or record.clocks):
            if slots.dated >> slot & 1:
                shown = versioned.setdefault(slots.rules[slot].id, [])
                shown += shown_clocks(record, slots, slot, new.clocks, now)
            else:
                say_clocks(record, slots.rules[slot].id, new.clocks, step)
    for rule, clocks in versioned.items():
        say_clocks(record, rule, clocks, step)
    return stale


def _note(record: Record, counted: Sequence[str], step: Step) -> None:
    """Counts what was not counted of this subject before."""
    step.counted += sorted(set(counted) - record.noted)
    record.noted |= set(counted)
