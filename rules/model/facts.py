"""Decides what a group is told of an event: `+` it is there, `−` it is gone; the last version wins."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from rules.model.events import ANY_FACT

SEPARATOR = "\x1f"


class GroupFact(Struct, array_like=True, gc=False):
    """One event for one group. `group` is the key of the facts topic: the grouping's name and the values.

    `first_recorded_at` is the least over the versions of the event, and its `received_at` the first: how late an
    event came is a matter of its first version.
    """

    group: str
    source: str
    id: str
    version: int
    present: bool
    subject: str
    fact: ANY_FACT
    first_recorded_at: int


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(GroupFact).decode


def encode_group_fact(fact: GroupFact) -> bytes:
    """A fact for the facts topic, as msgpack."""
    return _encode(fact)


def decode_group_fact(value: bytes) -> GroupFact:
    """The fact of one message. Raises msgspec.MsgspecError."""
    return _decode(value)


def group_key(grouping: str, values: tuple[object, ...]) -> str:
    """The key of a group: which grouping it belongs to, and what its members have in common."""
    return grouping + SEPARATOR + "|".join(str(value) for value in values)


def group_name(key: str) -> str:
    """What members of the group have in common, as people write it."""
    return key.partition(SEPARATOR)[2]
