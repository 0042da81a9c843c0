"""Decides how a record travels: when it was typed in and arrived, how often, and what was put right."""

from __future__ import annotations

from random import Random
from typing import Any

import msgspec
from msgspec import Struct

from rules.model.times import HOUR, MINUTE, SECOND, iso
from streams.simulate.hours import ZONE

TYPED_WITHIN = 2 * HOUR
"""Clean records are typed in long before the 24 hours that backfilling and relief speak of."""


class Record(Struct):
    """One event as it was planned. `lag` is how long the clerk waited before typing it in; None draws one."""

    id: str
    source: str
    stream: str
    subject: str
    type: str
    at: int
    data: dict[str, Any]
    lag: int | None = None
    whole_day: bool = False
    before: dict[str, Any] | None = None
    """What the first version said instead, where this is the corrected one."""
    travel: int | None = None
    """How long it took to arrive, where it came by a line of its own that nothing disturbs."""
    deleted: bool = False
    """Entered by mistake and deleted an hour or two later."""


class Message(Struct, frozen=True, gc=False):
    """One message in the order of arrival: bytes of the contract, `subject` is its key in Kafka."""

    arrives_at: int
    occurred_at: int
    stream: str
    subject: str
    value: bytes


class Post:
    """Turns records into messages. Nothing arrives after `until`: the end of a month knows all of it."""

    def __init__(self, until: int | None = None, disorder: int = 0, travel: int = 8 * MINUTE) -> None:
        """`travel` and `disorder` are how many microseconds a message may take, in order and out of it."""
        self.until, self.disorder, self.travel = until, disorder, travel

    def messages(self, record: Record, rng: Random) -> list[Message]:
        lag = _typing_time(rng) if record.lag is None else record.lag
        recorded = self._clamped(record.at + lag)
        if record.deleted:
            later = self._clamped(recorded + rng.randrange(20 * MINUTE, 2 * HOUR, SECOND))
            made = [self._message(record, record.data, "i", recorded, rng)]
            return [*made, self._deletion(record, later, rng)]
        if record.before is not None:
            later = self._clamped(recorded + rng.randrange(20 * MINUTE, 3 * HOUR, SECOND))
            first = self._message(record, record.before, "i", recorded, rng)
            return [first, self._message(record, record.data, "u", later, rng)]
        made = [self._message(record, record.data, "i", recorded, rng)]
        if rng.random() < 0.02:
            made.append(self._again(made[0], rng))
        return made

    def _message(self, record: Record, data: dict[str, Any], operation: str, recorded: int, rng: Random) -> Message:
        arrives = self._arrival(recorded, rng) if record.travel is None else self._clamped(recorded + record.travel)
        written: dict[str, Any] = {"specversion": "1.0", "id": record.id, "source": record.source}
        written |= {
            "type": record.type,
            "time": iso(record.at, ZONE),
            "subject": record.subject,
            "data": data,
        }
        written |= {
            "recordedat": iso(recorded, ZONE),
            "receivedat": iso(arrives, ZONE),
            "operation": operation,
        }
        if record.whole_day:
            written["precision"] = "day"
        value = msgspec.json.encode(written)
        return Message(arrives, record.at, record.stream, record.subject, value)

    def _deletion(self, record: Record, recorded: int, rng: Random) -> Message:
        if rng.random() < 0.5:
            return self._message(record, record.data, "d", recorded, rng)
        arrives = self._arrival(recorded, rng)
        written = {"specversion": "1.0", "id": record.id, "source": record.source, "type": record.type}
        written |= {"subject": record.subject, "operation": "d"}
        written |= {"recordedat": iso(recorded, ZONE), "receivedat": iso(arrives, ZONE)}
        return Message(arrives, record.at, record.stream, record.subject, msgspec.json.encode(written))

    def _again(self, message: Message, rng: Random) -> Message:
        arrives = self._clamped(message.arrives_at + rng.randrange(SECOND, HOUR, SECOND))
        return msgspec.structs.replace(message, arrives_at=arrives)

    def _arrival(self, recorded: int, rng: Random) -> int:
        travelled = rng.randrange(SECOND, self.travel, SECOND)
        return self._clamped(recorded + travelled + int(rng.random() * self.disorder))

    def _clamped(self, at: int) -> int:
        return at if self.until is None else min(at, self.until)


def _typing_time(rng: Random) -> int:
    """Minutes in most cases, up to two hours in some; whole seconds."""
    minutes = min(rng.lognormvariate(1.2, 1.3), TYPED_WITHIN / MINUTE)
    return int(minutes * 60) * SECOND
