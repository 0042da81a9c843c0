"""Decides what a group is told of an event: `+` it is there, `−` it is gone; the last version wins."""

from __future__ import annotations

from hashlib import blake2b

import msgspec
from msgspec import Struct

from rules.model.events import ANY_FACT, Fact, encode_fact

SEPARATOR = "\x1f"


Order = tuple[int, int, str, str]
"""Where an event stands among all: time, rank, source, id."""


class GroupFact(Struct, array_like=True, gc=False):
    """One event for one group. `group` is the key of the facts topic: the grouping's name and the values.

    `first_recorded_at` is the least over the versions of the event, and its `received_at` the first: how late an
    event came is a matter of its first version.
    Where the event opens its subject, `opening` says by which terms of a rule, and the event that ended that, if any.
    """

    group: str
    source: str
    id: str
    version: int
    present: bool
    subject: str
    fact: ANY_FACT
    first_recorded_at: int
    opening: tuple[str, Order | None] | None = None
    placed_at: int | None = None
    """Where a whole day opens its subject: the time that its events gave it within its day (CLOCKS.md 4)."""

    def says_what(self, other: GroupFact) -> bool:
        """Whether another tells the same of the same event, in whatever version."""
        same = self.first_recorded_at == other.first_recorded_at and self.opening == other.opening
        return same and self.placed_at == other.placed_at and bool(self.fact == other.fact)


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
    return grouping + SEPARATOR + "|".join(map(str, values))


def key_of(grouping: str, values: tuple[object, ...]) -> str | None:
    """The key of a group; None where something is absent that its members would have in common."""
    return None if None in values or "" in values else group_key(grouping, values)


def group_name(key: str) -> str:
    """What members of the group have in common, as people write it."""
    return key.partition(SEPARATOR)[2]


def opening_id(id: str, terms: str) -> str:
    """By what an opening is known: its start, and the terms of the rule by which it is one."""
    return f"{id}/{terms}"


def mark_id(fact: Fact) -> str:
    """By what a mark is known: each version of an event is one, at the time that it names, and stays one."""
    said = blake2b(encode_fact(fact), digest_size=8).hexdigest()
    return f"{fact.id}@{fact.occurred_at}/{said}"
