"""Decides what an event is: the CloudEvents envelope, a struct per type, and the fact that rules judge.

An event is known by (source, id). Its three times: `time` (it occurred), `recordedat` (the handling system
stored it), `receivedat` (it reached our edge). A fact keeps the envelope and the fields marked `judged`,
nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any, Literal

import msgspec
from msgspec import Struct

from rules.model.fields import CONVERT, Mark, looks_like_an_identifier, marks, to_number
from rules.model.inspection import INSPECTION
from rules.model.service import SERVICE
from rules.model.times import parse_time

OPERATIONS = {"i": 0, "u": 1, "d": 2}
DELETED = 2
CHANNELS = {"service": "service.events", "inspection": "inspection.events"}


class Undecodable(Exception):
    """Bad input: `reason` is a stable word for the counter, `path` the place, `detail` is for people."""

    def __init__(self, reason: str, path: str, detail: str) -> None:
        super().__init__(f"{reason} at {path}: {detail}")
        self.reason, self.path, self.detail = reason, path, detail


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
    """A decoded event: the record it belongs to, and its fact."""

    subject: str
    fact: Fact


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
    made = msgspec.defstruct(
        name, columns, bases=(Fact,), array_like=True, gc=False, tag=rank, module=__name__
    )
    return made  # type: ignore[return-value]


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
            built[name] = EventType(name, stream, rank, message, fact, fields, judged)  # type: ignore[arg-type]
    return built


TYPES: dict[str, EventType] = _build()
BY_RANK: dict[int, EventType] = {kind.rank: kind for kind in TYPES.values()}
RANK_OF: dict[type[Fact], int] = {kind.fact: kind.rank for kind in TYPES.values()} | {Fact: 0}


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

_decode_message = msgspec.json.Decoder(_union([kind.message for kind in TYPES.values()])).decode
_decode_tombstone = msgspec.json.Decoder(Tombstone).decode
_decode_facts = msgspec.msgpack.Decoder(list[ANY_FACT]).decode
_encode_fact = msgspec.msgpack.Encoder().encode


def encode_fact(fact: Fact) -> bytes:
    """One fact as msgpack; the log of a subject is these, one after another."""
    return _encode_fact(fact)


def decode_log(count: int, log: bytes) -> list[Fact]:
    """`count` facts that were appended one after another."""
    facts: list[Fact] = _decode_facts(b"\xdd" + count.to_bytes(4, "big") + log)
    return facts


def _builder(kind: EventType) -> Callable[[Any, int, int, int], Fact]:
    """A function (message, occurred, recorded, received) → fact, written out once: it runs per event."""
    parts = []
    for field in kind.judged:
        mark = kind.fields[field]
        reading = f"d.{field}"
        convert = CONVERT.get(mark.kind)
        if convert is not None:
            nothing = "None" if mark.kind == "moment" else "''"
            reading = f"({convert.__name__}({reading}) if {reading} else {nothing})"
        elif mark.kind == "number":
            reading = f"(None if {reading} is None else to_number({reading}))"
        parts.append(reading)
    source = (
        "def build(m, occurred, recorded, received):\n d = m.data\n"
        " return Made(m.source, m.id, occurred, recorded, received, OPS[m.operation], m.precision == 'day'"
        + "".join(f", {part}" for part in parts)
        + ")\n"
    )
    names: dict[str, Any] = {convert.__name__: convert for convert in CONVERT.values()}
    names |= {"Made": kind.fact, "OPS": OPERATIONS, "to_number": to_number}
    exec(compile(source, f"<fact {kind.name}>", "exec"), names)  # the source is made of our own field names
    build: Callable[[Any, int, int, int], Fact] = names["build"]
    return build


def _personal(kind: EventType) -> tuple[str, ...]:
    return tuple(field for field, mark in kind.fields.items() if mark.personal)


_BUILD: dict[type[Envelope], tuple[Callable[[Any, int, int, int], Fact], tuple[str, ...]]] = {
    kind.message: (_builder(kind), _personal(kind)) for kind in TYPES.values()
}


def decode_message(value: bytes) -> Envelope | Tombstone:
    """One CloudEvent in JSON → its typed message. Raises Undecodable with a reason and a path."""
    try:
        message: Envelope = _decode_message(value)
    except msgspec.ValidationError as error:
        try:
            return _decode_tombstone(value)
        except msgspec.MsgspecError:
            raise _located(str(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Undecodable("not_json", "$", str(error)) from error
    return message


def decode_event(value: bytes) -> Event:
    """One CloudEvent in JSON → the event that rules judge. Raises Undecodable."""
    return to_event(decode_message(value))


def to_event(message: Envelope | Tombstone) -> Event:
    """A typed message → the event that rules judge. Raises Undecodable for times and clear identifiers."""
    if not message.id or not message.source or not message.subject:
        raise Undecodable("no_identity", "$.id", "id, source and subject must not be empty")
    if isinstance(message, Tombstone):
        return _deletion(message)
    build, personal = _BUILD[type(message)]
    data = message.data  # type: ignore[attr-defined]
    for field in personal:
        value = getattr(data, field)
        if value and _shows_identity(value):
            raise Undecodable("clear_identifier", f"$.data.{field}", "a clear identity-card or phone number")
    if len(message.subject) >= 11 and looks_like_an_identifier(message.subject):
        raise Undecodable("clear_identifier", "$.subject", "a clear identity-card or phone number")
    place = "$.time"
    try:
        occurred = parse_time(message.time)
        place = "$.recordedat"
        recorded = parse_time(message.recordedat) if message.recordedat else occurred
        place = "$.receivedat"
        received = parse_time(message.receivedat) if message.receivedat else recorded
        if message.operation == "d":
            gone = Fact(message.source, message.id, occurred, recorded, received, DELETED, False)
            return Event(message.subject, gone)
        place = "$.data"
        return Event(message.subject, build(message, occurred, recorded, received))
    except (ValueError, OverflowError) as error:
        raise Undecodable("not_a_time", place, str(error)) from error


def _shows_identity(value: str | list[str]) -> bool:
    if isinstance(value, str):
        return len(value) >= 11 and looks_like_an_identifier(value)
    return any(looks_like_an_identifier(text) for text in value)


def _deletion(message: Tombstone) -> Event:
    if message.type not in TYPES:
        raise Undecodable("unknown_type", "$.type", f"`{message.type}` is not an event type of the contract")
    place = "$.time"
    try:
        occurred = parse_time(message.time) if message.time else 0
        place = "$.recordedat"
        recorded = parse_time(message.recordedat) if message.recordedat else occurred
        place = "$.receivedat"
        received = parse_time(message.receivedat) if message.receivedat else recorded
    except (ValueError, OverflowError) as error:
        raise Undecodable("not_a_time", place, str(error)) from error
    fact = Fact(message.source, message.id, occurred, recorded, received, DELETED, False)
    return Event(message.subject, fact)


def _located(text: str) -> Undecodable:
    detail, _, path = text.partition(" - at `")
    path = path.rstrip("`") or "$"
    if detail.startswith("Invalid value") and path == "$.type":
        return Undecodable("unknown_type", path, detail)
    return Undecodable("not_the_contract", path, detail)
