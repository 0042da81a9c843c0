"""Decides what is kept of one subject: its log is the truth, everything folded from it is a cache."""

from __future__ import annotations

from operator import attrgetter
from types import MappingProxyType
from typing import Any

import msgspec
from msgspec import Struct

from rules.core.logged import first_entry, further_entry, versions_in
from rules.judging.context import Context
from rules.judging.verdicts import Ruling
from rules.model.alerts import Alert, Clock
from rules.model.events import RANK_OF, TYPES, Fact

FORMAT = 2
HEADER = 17
"""Bytes before the msgpack of a row: the format, the instant of its next timer, the mark of the book."""
NEVER = (1 << 63) - 1
CLOSING = frozenset(TYPES[name].rank for name in ("case.closed", "case.withdrawn", "penalty.closed"))


NOWHERE = (0, 0)
NOTHING: Any = MappingProxyType({})
"""What most records have of alerts, clocks and rules that are off; replaced before the first is written."""


class NewerFormat(Exception):
    """A state row was written by a newer program; this one must not touch it."""

    exit_status = 3


class Kept(Struct, array_like=True):
    """A record as it rests in a row."""

    count: int
    log: bytes
    alerts: list[Alert]
    clocks: list[Clock]
    stream: str
    noted: list[str] = []
    unjudged: int = 0
    common: tuple[int, int] = NOWHERE


class Record:
    """One subject in memory. `states` is None until the log has been folded; it and `rulings` are by slot, without
    those of which there is nothing to say. Of a subject followed quietly only `quiet` is there; once `loud`, it is not
    again. `touched` has the bits of the slots to be asked, `epoch` says how many activations the last answers know of,
    `stamp` when it was touched last; `common` is where in the log the end of its first entry lies, which others share;
    `former` is the mark of another book that judged it last."""

    __slots__ = (
        "alerts",
        "clocks",
        "closed_at",
        "common",
        "context",
        "count",
        "epoch",
        "former",
        "late",
        "latest_recorded",
        "log",
        "loud",
        "noted",
        "off",
        "quiet",
        "rulings",
        "seen",
        "slow",
        "stamp",
        "states",
        "stream",
        "subject",
        "touched",
        "unjudged",
        "wake",
    )

    def __init__(self, subject: str, stream: str) -> None:
        self.subject, self.stream = subject, stream
        self.log, self.count, self.common = b"", 0, NOWHERE
        self.seen = self.latest_recorded = -NEVER
        self.slow = self.late = self.loud = False
        self.quiet: list[Any] | None = None
        self.stamp = 0
        self.closed_at: int | None = None
        self.context: Context | None = None
        self.states: dict[int, Any] | None = None
        self.rulings: dict[int, Ruling] = NOTHING
        self.alerts: dict[str, Alert] = NOTHING
        self.clocks: dict[tuple[str, tuple[str, str]], Clock] = NOTHING
        self.off: dict[int, Any] = NOTHING
        self.touched = 0
        self.unjudged = self.epoch = 0
        self.wake: int | None = NEVER
        self.noted: frozenset[str] = frozenset()
        self.former: bytes | None = None

    def append(self, fact: Fact) -> None:
        """Adds a version to the log."""
        if self.count:
            self.log += further_entry(fact, self.log[slice(*self.common)])
        else:
            self.log, length = first_entry(fact)
            self.common = (len(self.log) - length, len(self.log)) if length else NOWHERE
        self.count += 1

    def restore(self, count: int, length: int) -> None:
        """Takes what was appended to the log off again; what was folded of it is forgotten."""
        self.log = self.log[:length]
        self.count, self.states, self.quiet = count, None, None

    def versions(self) -> list[Fact]:
        """Every version in the order of arrival."""
        return versions_in(self.log, self.count, self.log[slice(*self.common)])

    def may_know(self, fact: Fact) -> bool:
        """Whether the log may have a version of this event; seldom said of one that it has not."""
        return fact.id.encode() in self.log

    def in_order(self) -> list[Fact]:
        """Every version in the order in which events are judged; of a quiet subject each is an event."""
        facts = self.versions()
        times = [fact.occurred_at for fact in facts]
        if len(set(times)) < len(times):
            facts.sort(key=place_in_order)
        elif sorted(times) != times:
            facts.sort(key=attrgetter("occurred_at"))
        return facts


def place_in_order(fact: Fact) -> tuple[int, int, str, str]:
    """Where an event that has a time is judged among those of its subject."""
    return fact.occurred_at, RANK_OF[type(fact)], fact.source, fact.id


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Kept).decode


def head(wake: int | None, mark: bytes) -> bytes:
    """What every row begins with. `mark` tells one book from another: its 8 bytes."""
    return bytes((FORMAT,)) + (NEVER if wake is None else wake).to_bytes(8, "big", signed=True) + mark


def encode_row(record: Record, wake: int | None, mark: bytes) -> bytes:
    """A record as a row."""
    alerts, clocks = list(record.alerts.values()), list(record.clocks.values())
    kept = Kept(
        record.count, record.log, alerts, clocks, record.stream, list(record.noted), record.unjudged, record.common
    )
    return head(wake, mark) + _encode(kept)


def wake_of(row: bytes) -> int | None:
    """When the timer of a row is due; None for none. Raises NewerFormat."""
    if row[0] > FORMAT:
        raise NewerFormat(f"a state row has format {row[0]}, this program knows {FORMAT}: run the newer program")
    at = int.from_bytes(row[1:9], "big", signed=True)
    return None if at == NEVER else at


def judged_by(row: bytes) -> bytes:
    """The mark of the book that judged a row last; empty for the trace of what was let go."""
    return row[9:HEADER] if len(row) > HEADER else b""


def decode_row(subject: str, row: bytes) -> Record | None:
    """The record of a row; None for the trace that an evicted subject leaves."""
    if len(row) == HEADER:
        return None
    kept = _decode(row[HEADER:])
    record = Record(subject, kept.stream)
    record.count, record.log, record.common = kept.count, kept.log, kept.common
    record.noted, record.unjudged = frozenset(kept.noted), kept.unjudged
    record.alerts = {alert.alert_id: alert for alert in kept.alerts} or NOTHING
    record.clocks = {(clock.rule, clock.occasion): clock for clock in kept.clocks} or NOTHING
    return record


def trace(mark: bytes) -> bytes:
    """What stays of an evicted subject, so that a straggler is not taken for a new case."""
    return head(None, mark)
