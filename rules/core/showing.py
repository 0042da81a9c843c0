"""Decides which clocks a subject has at an instant, each with the revision that was said last."""

from __future__ import annotations

from collections.abc import Iterator

from rules.core.folding import fold, ruling, slots_of
from rules.core.record import Record
from rules.core.saying import shown_clocks
from rules.core.slots import Slots
from rules.core.waking import last_judged
from rules.model.alerts import Clock


def clocks_of(record: Record, slots: Slots, now: int) -> Iterator[Clock]:
    """The clocks as they stand at `now`, or when the subject is let go."""
    if record.states is None:
        fold(record, slots, now)
    now, slots = last_judged(record, now), slots_of(record, slots)
    for slot in slots.clocks:
        if slot in record.off:
            continue
        for view in shown_clocks(record, slots, slot, ruling(record, slots, slot, now).clocks, now):
            old = record.clocks.get((slots.rules[slot].id, view.occasion))
            yield view.make(old.revision, old.clock_id) if old else view.make(1, "")
    if record.quiet is not None:  # the whole states were for the asking
        record.states = None
