"""Decides when a subject is looked at again: what its rules wait for, what settles, is activated, or is let go."""

from __future__ import annotations

from rules.core.alerting import WITHDRAWN, settles_at
from rules.core.folding import KEEP, TRANSIT
from rules.core.record import NEVER, Record
from rules.core.slots import Slots


def wake_after(record: Record, slots: Slots, now: int) -> int | None:
    """When a subject that was judged at `now` wants to be looked at again; None for never."""
    wake, sources = NEVER, slots.book.tables.sources
    if slots.governing.activations:
        wake = slots.governing.next_after(now) or NEVER
    for said in record.rulings.values():
        if said.wake is not None and said.wake < wake:
            wake = said.wake
    for alert in record.alerts.values():
        if not alert.settled and alert.state != WITHDRAWN:
            wake = min(wake, settles_at(alert, sources))
    if record.closed_at is not None:
        wake = min(wake, record.closed_at + KEEP + TRANSIT)
    if record.slow:
        wake = min((v.occurred_at for v in record.versions() if now < v.occurred_at < wake), default=wake)
    return None if wake == NEVER else wake
