"""Decides what the contract is: the CloudEvents envelope, a struct per type, and the fact that rules judge.

An event is known by (source, id). Its three times: `time` (it occurred), `recordedat` (the handling system
stored it), `receivedat` (it reached our edge). A fact keeps the envelope and the fields marked `judged`,
nothing else.
"""

from __future__ import annotations

from datetime import date
from typing import Any, Literal, cast

import msgspec
from msgspec import Struct

from rules.model.fields import Mark, marks
from rules.model.inspection import INSPECTION
from rules.model.service import SERVICE

OPERATIONS = {"i": 0, "u": 1, "d": 2}
DELETED = 2
CHANNELS = {"service": "service.events", "inspection": "inspection.events"}


class Envelope(Struct, kw_only=True, omit_defaults=True, tag_field="type"):
    """A CloudEvents 1.0 envelope in structured JSON, with our extension attributes."""

    id: str
    source: str
    time: str
    subject: str
    specversion: Literal["1.0"] = "1.0"
    datacontenttype: str = "application/json"
    recordedat: str = ""
    receivedat: str = ""
    operation: Literal["i", "u", "d"] = "i"
    precision: Literal["day", "second"] = "second"


class Tombstone(Struct, kw_only=True):
    """The deletion of a record: it needs no data, nor a time (that is the one of what it deletes)."""

    id: str
    source: str
    subject: str
    type: str
    operation: Literal["d"]
    time: str = ""
    recordedat: str = ""
    receivedat: str = ""


class Fact(Struct, array_like=True, gc=False, tag=0, kw_only=False):
    """One version of one event as rules see it; times in epoch microseconds.

    `occurred_at` is 0 in a deletion that names no time. Subclasses add the judged fields of their type.
    """

    source: str
    id: str
    occurred_at: int
    recorded_at: int
    received_at: int
    operation: int
    whole_day: bool


class Event(Struct, gc=False):
    """A decoded event: the record it belongs to, and its fact. What is asked of every one is here once more.

    `is_timed` where it tells of something that happened at an instant: no deletion, no date without a time.
    """

    subject: str
    fact: Fact
    rank: int
    at: int
    recorded_at: int
    is_timed: bool


class EventType(Struct, frozen=True):
    """One type of the contract. `rank` orders events of one instant: the order of the life cycle."""

    name: str
    stream: str
    rank: int
    message: type[Envelope]
    fact: type[Fact]
    fields: dict[str, Mark]
    judged: tuple[str, ...]


HELD_AS: dict[str, Any] = {
    "string": str, "text": str, "strings": list[str], "number": float | None, "bool": bool,
    "moment": int | date | None,
}  # fmt: skip
"""What a judged field of each kind is in a fact."""


def _fact_struct(name: str, rank: int, fields: dict[str, Mark]) -> type[Fact]:
    columns = [(field, HELD_AS[mark.kind]) for field, mark in fields.items() if mark.use == "judged"]
    made = msgspec.defstruct(name, columns, bases=(Fact,), array_like=True, gc=False, tag=rank, module=__name__)
    return cast(type[Fact], made)


def _build() -> dict[str, EventType]:
    built: dict[str, EventType] = {}
    for stream, types in (("service", SERVICE), ("inspection", INSPECTION)):
        for name, struct in types:
            rank = len(built) + 1
            label = "".join(part.capitalize() for part in name.replace("_", ".").split("."))
            message = msgspec.defstruct(
                f"{label}Event",
                [("data", struct)],
                bases=(Envelope,),
                kw_only=True,
                tag=name,
                module=__name__,
            )
            fields = marks(struct)
            judged = tuple(field for field, mark in fields.items() if mark.use == "judged")
            fact = _fact_struct(f"{label}Fact", rank, fields)
            built[name] = EventType(name, stream, rank, cast(type[Envelope], message), fact, fields, judged)
    return built


TYPES: dict[str, EventType] = _build()
BY_RANK: dict[int, EventType] = {kind.rank: kind for kind in TYPES.values()}
RANK_OF: dict[type[Fact], int] = {kind.fact: kind.rank for kind in TYPES.values()} | {Fact: 0}


def event_of(subject: str, fact: Fact) -> Event:
    """The event of a fact."""
    is_timed = fact.operation != DELETED and not fact.whole_day
    return Event(subject, fact, RANK_OF[type(fact)], fact.occurred_at, fact.recorded_at, is_timed)


def type_name(fact: Fact) -> str:
    """The event type of a fact; empty for a deletion."""
    rank = RANK_OF[type(fact)]
    return BY_RANK[rank].name if rank else ""


def stream_of(fact: Fact) -> str:
    """`service` or `inspection`; empty for a deletion."""
    rank = RANK_OF[type(fact)]
    return BY_RANK[rank].stream if rank else ""


def _union(classes: list[type[Any]]) -> Any:
    union: Any = classes[0]
    for item in classes[1:]:
        union = union | item
    return union


ANY_FACT: Any = _union([Fact, *(kind.fact for kind in TYPES.values())])
"""The type of a fact in a msgpack message: the tag says which."""
ANY_MESSAGE: Any = _union([kind.message for kind in TYPES.values()])
"""The type of a message in JSON: its `type` says which."""

_decode_facts = msgspec.msgpack.Decoder(list[ANY_FACT]).decode
encode_fact = msgspec.msgpack.Encoder().encode
"""One fact as msgpack; the log of a subject is these, one after another."""


def decode_log(count: int, log: bytes | bytearray) -> list[Fact]:
    """`count` facts that were appended one after another."""
    facts: list[Fact] = _decode_facts(b"\xdd" + count.to_bytes(4, "big") + log)
    return facts
