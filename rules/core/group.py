"""Decides what is kept of one group: its points in order, what was let go of them, and what was said."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any

import msgspec
from msgspec import Raw, Struct

from rules.core.record import NEVER
from rules.judging.context import Context
from rules.judging.verdicts import Ruling
from rules.model.alerts import Alert
from rules.model.events import RANK_OF
from rules.model.facts import GroupFact

HEAD, POINT = b"g", b"p"


class Head(Struct, array_like=True):
    """A group as it rests in its row; its points are rows of their own."""

    alerts: list[Alert]
    base: dict[str, Raw]
    sealed: int
    region: str = ""


class Point(Struct, order=True, gc=False):
    """One event of a group, in the order in which windows take it."""

    at: int
    rank: int
    source: str
    id: str

    @property
    def key(self) -> tuple[str, str]:
        return self.source, self.id


class Group:
    """One group in memory."""

    __slots__ = (
        "alerts", "base", "context", "epoch", "facts", "key", "live", "points", "region", "rulings", "sealed", "stale",
    )  # fmt: skip

    def __init__(self, key: str, context: Context) -> None:
        self.key, self.context = key, context
        self.points: list[Point] = []
        self.facts: dict[tuple[str, str], GroupFact] = {}
        self.alerts: dict[str, Alert] = {}
        self.base: dict[str, Raw] = {}
        self.live: dict[str, Any] = {}
        self.rulings: dict[str, Ruling] = {}
        self.sealed, self.region = -NEVER, ""
        self.stale, self.epoch = True, 0

    @property
    def home(self) -> str:
        """The region of its earliest event, which stays what it was when that event is let go."""
        if self.region or not self.points:
            return self.region
        region: str = self.facts[self.points[0].key].fact.region  # type: ignore[attr-defined]
        return region


encode = msgspec.msgpack.Encoder().encode
decode_head = msgspec.msgpack.Decoder(Head).decode


def point_of(fact: GroupFact) -> Point:
    """Where a fact stands among those of its group."""
    return Point(fact.fact.occurred_at, RANK_OF[type(fact.fact)], fact.source, fact.id)


def prefix_of(group: str) -> bytes:
    """What the keys of the points of a group begin with."""
    encoded = group.encode()
    return POINT + len(encoded).to_bytes(4, "big") + encoded


def row_key(group: str, point: Point) -> bytes:
    """The key of the row of a point: in the order of time."""
    digest = blake2b(f"{point.source}\0{point.id}".encode(), digest_size=8).digest()
    return prefix_of(group) + (point.at + (1 << 62)).to_bytes(8, "big") + digest
