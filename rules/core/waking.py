"""Decides when a subject is looked at again: what its rules wait for, what settles, is activated, or is let go."""

from __future__ import annotations

from rules.core.alerting import WITHDRAWN, settles_at
from rules.core.folding import KEEP, TRANSIT
from rules.core.record import CLOSING, NEVER, Record
from rules.core.slots import Slots
from rules.model.events import RANK_OF, Fact


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


def last_judged(record: Record, now: int) -> int:
    """`now`, but no later than when the record is let go: whether a tick came before that must not matter."""
    return now if record.closed_at is None else min(now, record.closed_at + KEEP + TRANSIT)


def is_heard(record: Record, fact: Fact) -> bool:
    """Whether closing leaves every version judged: neither this one nor one before was recorded too long after."""
    if record.closed_at is not None:
        return fact.recorded_at <= record.closed_at + KEEP
    if RANK_OF[type(fact)] in CLOSING:
        return max(fact.recorded_at, record.latest_recorded) <= fact.occurred_at + KEEP
    return True
