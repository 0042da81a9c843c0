"""Decides whether bytes are an event of the contract: decoded, its times read, clear identifiers refused."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from rules.model.building import EARLIEST, LATEST, Build, Guard, Read, builder, guard, reader
from rules.model.contract import (
    ANY_FACT,
    ANY_MESSAGE,
    BY_RANK,
    CHANNELS,
    DELETED,
    OPERATIONS,
    RANK_OF,
    TYPES,
    Envelope,
    Event,
    EventType,
    Fact,
    Tombstone,
    decode_log,
    encode_fact,
    event_of,
    stream_of,
    type_name,
)
from rules.model.fields import to_moment
from rules.model.times import parse_time

__all__ = [
    "ANY_FACT", "BY_RANK", "CHANNELS", "DELETED", "OPERATIONS", "RANK_OF", "TYPES", "Envelope", "Event",
    "EventType", "Fact", "Tombstone", "Undecodable", "decode_event", "decode_events", "decode_log", "decode_message",
    "encode_fact", "stream_of", "to_event", "type_name",
]  # fmt: skip

NOT_A_TIME = "neither a time with an offset from UTC nor, where that is allowed, a date"
OUT_OF_RANGE = "a time outside of the years 1900 to 2899"
_decode_message = msgspec.json.Decoder(ANY_MESSAGE).decode
_decode_tombstone = msgspec.json.Decoder(Tombstone).decode


class Undecodable(Exception):
    """Bad input: `reason` is a stable word for the counter, `path` the place, `detail` is for people."""

    def __init__(self, reason: str, path: str, detail: str) -> None:
        super().__init__(f"{reason} at {path}: {detail}")
        self.reason, self.path, self.detail = reason, path, detail


_BUILD: dict[type[Envelope], tuple[Build, Guard]] = {
    kind.message: (builder(kind), guard(kind)) for kind in TYPES.values()
}
_READ: dict[type[Any], Read] = {kind.message: reader(kind) for kind in TYPES.values()}


def decode_message(value: bytes) -> Envelope | Tombstone:
    """One CloudEvent in JSON → its typed message. Raises Undecodable with a reason and a path."""
    try:
        return _message(value)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Undecodable("not_json", "$", str(error)) from error
    except RecursionError as error:
        raise Undecodable("not_json", "$", "nested too deeply") from error


def _message(value: bytes) -> Envelope | Tombstone:
    try:
        message: Envelope = _decode_message(value)
        return message
    except msgspec.ValidationError as fault:
        try:
            return _decode_tombstone(value)
        except msgspec.ValidationError:
            raise _located(str(fault)) from fault


def decode_event(value: bytes) -> Event:
    """One CloudEvent in JSON → the event that rules judge. Raises Undecodable.

    A message in which nothing is unusual is read in one go; any other step by step, so that its fault is found.
    """
    try:
        message: Envelope = _decode_message(value)
        event = _READ[type(message)](message)
    except (ValueError, OverflowError, RecursionError):
        event = None
    return event if event is not None else to_event(decode_message(value))


def decode_events(values: Iterable[bytes]) -> list[Event | None] | None:
    """The events of many messages; None for one in which anything is unusual, or instead of all where one is wrong:
    that is decoded by itself then."""
    try:
        return [_READ[type(message)](message) for message in map(_decode_message, values)]
    except (ValueError, OverflowError, RecursionError):
        return None


def to_event(message: Envelope | Tombstone) -> Event:
    """A typed message → the event that rules judge. Raises Undecodable for times and clear identifiers."""
    if not message.id or not message.source or not message.subject:
        empty = next(name for name in ("id", "source", "subject") if not getattr(message, name))
        raise Undecodable("no_identity", f"$.{empty}", "id, source and subject must not be empty")
    if isinstance(message, Tombstone):
        return _deletion(message)
    build, clear_in = _BUILD[type(message)]
    if clear := clear_in(message):
        raise Undecodable("clear_identifier", clear, "a clear identity-card or phone number")
    place = "$.time"
    try:
        occurred = parse_time(message.time)
        place = "$.recordedat"
        recorded = parse_time(message.recordedat) if message.recordedat else occurred
        place = "$.receivedat"
        received = parse_time(message.receivedat) if message.receivedat else recorded
        if not (EARLIEST < occurred < LATEST and EARLIEST < recorded < LATEST and EARLIEST < received < LATEST):
            raise Undecodable("not_a_time", "$.time", OUT_OF_RANGE)
        if message.operation == "d":
            gone = Fact(message.source, message.id, occurred, recorded, received, DELETED, False)
            return event_of(message.subject, gone)
        place = "$.data"
        return event_of(message.subject, build(message, occurred, recorded, received))
    except (ValueError, OverflowError) as error:
        if place == "$.data":
            place = _wrong_moment(message)
        raise Undecodable("not_a_time", place, NOT_A_TIME) from error


def _wrong_moment(message: Any) -> str:
    """The path of the field that is neither a time nor a date."""
    kind = next(kind for kind in TYPES.values() if kind.message is type(message))
    for field in (name for name, mark in kind.fields.items() if mark.kind == "moment"):
        try:
            to_moment(getattr(message.data, field))
        except (ValueError, OverflowError):
            return f"$.data.{field}"
    return "$.data"


def _deletion(message: Tombstone) -> Event:
    if message.type not in TYPES:
        raise Undecodable("unknown_type", "$.type", f"`{message.type}` is not an event type of the contract")
    times: dict[str, int] = {}
    for name in ("time", "recordedat", "receivedat"):
        try:
            written = getattr(message, name)
            times[name] = parse_time(written) if written else 0
        except (ValueError, OverflowError) as error:
            raise Undecodable("not_a_time", f"$.{name}", NOT_A_TIME) from error
        if times[name] and not EARLIEST < times[name] < LATEST:
            raise Undecodable("not_a_time", f"$.{name}", OUT_OF_RANGE)
    occurred = times["time"]
    recorded = times["recordedat"] or occurred or times["receivedat"]
    received = times["receivedat"] or recorded
    if not recorded:
        raise Undecodable("not_a_time", "$.recordedat", "a deletion says when it was recorded")
    fact = Fact(message.source, message.id, occurred, recorded, received, DELETED, False)
    return event_of(message.subject, fact)


def _located(text: str) -> Undecodable:
    detail, _, path = text.partition(" - at `")
    path = path.rstrip("`") or "$"
    if detail.startswith("Invalid value") and path == "$.type":
        return Undecodable("unknown_type", path, detail)
    return Undecodable("not_the_contract", path, detail)
