"""Decides whether a record's bytes are an event of its partition, and how one that is not is reported."""

from hashlib import blake2b
from typing import Any

import msgspec
from aiokafka.partitioner import murmur2

from rules.model.events import Envelope, Event, Tombstone, Undecodable, decode_event
from rules.model.times import MINUTE, iso

TOLERANCE = 5 * MINUTE
"""How far a source's clock may run ahead of the broker's: one event of 2099 must not fire every clock."""

LARGEST = 1_000_000
"""Bytes of one event."""

REMEMBERED_KEYS = 200_000

_encode = msgspec.json.Encoder().encode


def partition_of(key: bytes, partitions: int) -> int:
    """The partition of a key, as Kafka's default partitioner chooses it."""
    hashed: int = murmur2(key)
    return (hashed & 0x7FFFFFFF) % partitions


class Partitioner:
    """`partition_of` for one topic, remembered: murmur2 in Python costs as much as decoding an event."""

    def __init__(self, partitions: int) -> None:
        self.partitions = partitions
        self._known: dict[bytes, int] = {}

    def __call__(self, key: bytes) -> int:
        found = self._known.get(key)
        if found is None:
            if len(self._known) >= REMEMBERED_KEYS:
                self._known.clear()
            found = self._known[key] = partition_of(key, self.partitions)
        return found


def decode(value: bytes | None, key: bytes | None = None, appended_at: int | None = None) -> Event:
    """One CloudEvent → the event that rules judge. Raises Undecodable.

    `key` is the record's key, if it is in one; `appended_at` the broker's append time in microseconds.
    """
    if not value:
        raise Undecodable("empty", "$", "the record has no value")
    if len(value) > LARGEST:
        raise Undecodable("too_large", "$", f"{len(value)} bytes, at most {LARGEST} are read")
    try:
        event = decode_event(value)
    except RecursionError as fault:
        raise Undecodable("not_json", "$", "nested too deeply") from fault
    if key is not None and event.subject.encode() != key:
        raise Undecodable("misrouted", "$.subject", "the record's key is not its subject")
    if appended_at is not None:
        _refuse_the_future(event, appended_at + TOLERANCE)
    return event


def _refuse_the_future(event: Event, latest: int) -> None:
    fact = event.fact
    if fact.occurred_at > latest:
        raise Undecodable("from_the_future", "$.time", f"{iso(fact.occurred_at)} is later than its arrival")
    if fact.recorded_at > latest:
        detail = f"{iso(fact.recorded_at)} is later than its arrival"
        raise Undecodable("from_the_future", "$.recordedat", detail)


class Route:
    """Refuses records that another partition should hold: their subject's state would be split."""

    def __init__(self, partition: int, partitioner: Partitioner) -> None:
        self.partition = partition
        self._partitioner = partitioner

    def check(self, key: bytes | None) -> None:
        """Raises Undecodable `misrouted`."""
        if key is None:
            raise Undecodable("misrouted", "$.subject", "the record has no key")
        right = self._partitioner(key)
        if right != self.partition:
            detail = f"the key belongs to partition {right}, not {self.partition}"
            raise Undecodable("misrouted", "$.subject", detail)


def encode_message(message: Envelope | Tombstone | dict[str, Any]) -> bytes:
    """A typed message, or one as a dictionary, → the bytes of its record; its key is the subject in UTF-8."""
    return _encode(message)


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Where a fault is and why, never the bytes themselves: they stay in the source and may be personal."""

    reason: str
    path: str
    detail: str
    topic: str = ""
    partition: int | None = None
    offset: int | None = None
    source_file: str = ""
    line: int | None = None
    hash: str = ""
    at: str


def dead_letter(
    fault: Undecodable,
    value: bytes | None,
    at: int,
    *,
    topic: str = "",
    partition: int | None = None,
    offset: int | None = None,
    source_file: str = "",
    line: int | None = None,
) -> DeadLetter:
    """The report of a fault; `at` is when it was found, in epoch microseconds."""
    return DeadLetter(
        reason=fault.reason,
        path=fault.path,
        detail=fault.detail[:500],
        topic=topic,
        partition=partition,
        offset=offset,
        source_file=source_file,
        line=line,
        hash=blake2b(value or b"", digest_size=16).hexdigest(),
        at=iso(at),
    )


def dead_letter_json(letter: DeadLetter) -> bytes:
    return _encode(letter)


def parse_dead_letter(value: bytes) -> DeadLetter:
    """Raises msgspec.MsgspecError."""
    return msgspec.json.decode(value, type=DeadLetter)
