"""Decides what backtests and comparisons keep of an alert and of a clock: what is counted, and what may differ."""

from __future__ import annotations

from datetime import date

from msgspec import Struct

from rules.model.alerts import Alert, Clock


class Found(Struct, frozen=True, array_like=True, gc=False):
    """One alert as it stood at the end; times in epoch microseconds. The words of its message are left out."""

    alert_id: str
    rule: str
    step: str
    version: int
    mode: str
    absorbed_by: str
    subject: str
    group: str
    state: str
    severity: str
    reason: str
    at: int
    ended_at: int | None
    due_date: date | None
    due_at: int | None
    provisional: bool
    department: str
    responsible: str
    region: str
    item: str
    actor: str
    value: float | None
    threshold: float | None

    @property
    def name(self) -> str:
        """`T03` or, of a step, `T03 80%`."""
        return f"{self.rule} {self.step}".strip()


class FoundClock(Struct, frozen=True, array_like=True, gc=False):
    """One clock as it stood at the end: what tells when it is due, and where it runs."""

    clock_id: str
    rule: str
    clock: str
    subject: str
    start_date: date
    state: str
    due_date: date | None
    due_at: int | None
    provisional: bool
    department: str
    region: str
    item: str


ALERT_FIELDS = Found.__struct_fields__
CLOCK_FIELDS = FoundClock.__struct_fields__


def found(alert: Alert) -> Found:
    """What is kept of an alert."""
    return Found(*[getattr(alert, name) for name in ALERT_FIELDS])


def found_clock(clock: Clock) -> FoundClock:
    """What is kept of a clock."""
    return FoundClock(*[getattr(clock, name) for name in CLOCK_FIELDS])
