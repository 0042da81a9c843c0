"""Decides what an alert and a clock are, how they are known, and how they are written."""

from __future__ import annotations

from datetime import date
from hashlib import blake2b
from typing import Any

import msgspec
from msgspec import Struct

from rules.model.times import iso, parse_time

SEVERITIES = ("notice", "yellow_card", "red_card")
MODES = ("live", "shadow")


class Evidence(Struct, frozen=True, gc=False):
    """One event that an alert rests on, in the version that was judged."""

    source: str
    id: str
    recordedat: int
    hash: str


class Text(Struct, frozen=True, gc=False):
    """The same words in Chinese and English."""

    zh: str
    en: str


DOUBTFUL = "doubtful"
"""The parameter that marks an alert of which an event is missing."""


class Alert(Struct, frozen=True, kw_only=True, gc=False):
    """One verdict that stands, ended, was withdrawn, or is contested. Times are epoch microseconds.

    `mode` is that of its rule: what is `shadow` is delivered to nobody. `absorbed_by` is the id of the alert whose card
    it joined: its own line, state and revisions go on.
    """

    alert_id: str
    revision: int = 0
    rule: str
    step: str = ""
    version: int = 1
    book: str = ""
    subject: str
    stream: str
    state: str = "open"
    ended_at: int | None = None
    severity: str
    reason: str
    at: int
    due_date: date | None = None
    due_at: int | None = None
    provisional: bool = False
    settled: bool = False
    occasion: tuple[str, str]
    department: str = ""
    responsible: str = ""
    region: str = ""
    item: str = ""
    actor: str = ""
    group: str = ""
    value: float | None = None
    threshold: float | None = None
    params: dict[str, str] = {}
    message: Text = Text("", "")
    evidence: tuple[Evidence, ...] = ()
    evidence_total: int = 0
    mode: str = "live"
    absorbed_by: str = ""

    @property
    def is_doubtful(self) -> bool:
        """Whether an event of its subject could not be taken in."""
        return DOUBTFUL in self.params


class Clock(Struct, frozen=True, kw_only=True, gc=False):
    """One clock as it stood at `as_of`; `used`, `left`, `paused` are days, or microseconds if exact."""

    clock_id: str
    revision: int = 0
    rule: str
    clock: str
    key: str = ""
    subject: str
    stream: str
    occasion: tuple[str, str]
    region: str = ""
    item: str = ""
    department: str = ""
    responsible: str = ""
    start_at: int
    start_date: date
    unit: str
    limit: int | None = None
    extended: int = 0
    paused: int = 0
    used: int = 0
    left: int | None = None
    due_date: date | None = None
    due_at: int | None = None
    stopped_at: int | None = None
    state: str = "open"
    in_time: bool | None = None
    provisional: bool = False
    as_of: int = 0


def identity(*parts: str) -> str:
    """blake2b-128 over length-prefixed parts: the same in every run, host and replay."""
    encoded = [part.encode() for part in parts]
    framed = b"".join([len(part).to_bytes(4, "big") + part for part in encoded])
    return blake2b(framed, digest_size=16).hexdigest()


ALERT_TIMES = ("ended_at", "at", "due_at")
CLOCK_TIMES = ("start_at", "due_at", "stopped_at", "as_of")


def _written(value: Struct, times: tuple[str, ...], zone: str) -> dict[str, Any]:
    made: dict[str, Any] = msgspec.to_builtins(value)
    for name in times:
        if made[name] is not None:
            made[name] = iso(made[name], zone)
    return made


def alert_json(alert: Alert, zone: str = "Asia/Shanghai") -> bytes:
    """An alert as one JSON line (COMMANDS.md), times in ISO 8601 with the zone's offset."""
    made = _written(alert, ALERT_TIMES, zone)
    for piece in made["evidence"]:
        piece["recordedat"] = iso(piece["recordedat"], zone)
    return msgspec.json.encode(made)


def clock_json(clock: Clock, zone: str = "Asia/Shanghai") -> bytes:
    """A clock as one JSON line, times in ISO 8601 with the zone's offset."""
    return msgspec.json.encode(_written(clock, CLOCK_TIMES, zone))


def _read(line: bytes, times: tuple[str, ...]) -> dict[str, Any]:
    raw = msgspec.json.decode(line, type=dict[str, Any])
    for name in times:
        if raw.get(name) is not None:
            raw[name] = parse_time(str(raw[name]))
    return raw


def parse_alert(line: bytes) -> Alert:
    """The alert of one JSON line. Raises msgspec.MsgspecError or ValueError."""
    raw = _read(line, ALERT_TIMES)
    evidence = msgspec.convert(raw.get("evidence", []), list[dict[str, Any]])
    raw["evidence"] = [piece | {"recordedat": parse_time(str(piece.get("recordedat")))} for piece in evidence]
    return msgspec.convert(raw, Alert)


def parse_clock(line: bytes) -> Clock:
    """The clock of one JSON line. Raises msgspec.MsgspecError or ValueError."""
    return msgspec.convert(_read(line, CLOCK_TIMES), Clock)
