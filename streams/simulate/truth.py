"""Decides what a correct judge must say at the end of a simulated time, from what was planted alone."""

from __future__ import annotations

from datetime import date
from typing import Any

import msgspec
from msgspec import Struct

from rules.model.times import iso
from streams.simulate.hours import ZONE


class Expected(Struct, frozen=True, kw_only=True):
    """One alert that must stand, and the fault that was planted for it."""

    rule: str
    subject: str
    fault: str
    reason: str
    state: str
    at: int
    due_date: date | None = None

    @property
    def key(self) -> tuple[str, str, str]:
        return self.rule, self.subject, self.reason


class Limit(Struct, frozen=True, kw_only=True):
    """A limit as it was planned: it ends at `due_at`; `stopped_at` is when the clock stopped, if ever.

    `contested`: it was kept by the dates, but that was typed in when the breach already stood.
    """

    rule: str
    fault: str
    due_date: date
    """The last day of the clock; a warning comes before it."""
    due_at: int
    stopped_at: int | None
    contested: bool = False


class Hit(Struct, frozen=True, kw_only=True):
    """An event that breaks a rule by itself.

    `ended_at` is when that was over, `subject` whose it is if not the story's.
    """

    rule: str
    fault: str
    at: int
    reason: str = "matched"
    subject: str = ""
    ended_at: int | None = None
    due_date: date | None = None

    def expected(self, subject: str, now: int) -> Expected:
        ended = self.ended_at is not None and self.ended_at <= now
        return Expected(
            rule=self.rule, subject=self.subject or subject, fault=self.fault, reason=self.reason,
            state="ended" if ended else "open", at=self.at, due_date=self.due_date,
        )  # fmt: skip


def expected_of(limit: Limit, subject: str, now: int) -> Expected | None:
    """The alert of a limit at `now`; None for one that was kept or is not yet due."""
    stopped = limit.stopped_at if limit.stopped_at is not None and limit.stopped_at <= now else None
    kept = stopped is not None and stopped < limit.due_at
    if limit.due_at > now or (kept and not limit.contested):
        return None
    reason = "closed_late" if stopped is not None else "still_open"
    state = "contested" if limit.contested else "ended" if stopped is not None else "open"
    return Expected(
        rule=limit.rule, subject=subject, fault=limit.fault, reason=reason, state=state,
        at=limit.due_at, due_date=limit.due_date,
    )  # fmt: skip


def truth_json(expected: Expected) -> bytes:
    """One line of the truth file."""
    written: dict[str, Any] = msgspec.to_builtins(expected)
    written["at"] = iso(expected.at, ZONE)
    return msgspec.json.encode({name: value for name, value in written.items() if value is not None})
