"""Decides what is kept of one group: its points in order, what was let go of them, and what was said."""

from __future__ import annotations

from bisect import bisect_left
from hashlib import blake2b
from typing import Any

import msgspec
from msgspec import Raw, Struct

from rules.core.record import NEVER
from rules.judging.context import Context
from rules.judging.verdicts import Ruling
from rules.language.rule import Rule
from rules.model.alerts import Alert
from rules.model.events import RANK_OF
from rules.model.facts import GroupFact
from rules.model.times import DAY

HEAD, POINT = b"g", b"p"
HELD = DAY
"""How long a group that a book brings or changes lets go of nothing: every lane has told it of the past by then."""


class Swept(Struct, array_like=True):
    """What a rule has of the points before an instant, which it has let go."""

    until: int
    state: Raw


class Head(Struct, array_like=True):
    """A group as it rests in its row; its points are rows of their own. `base` is by the hash of a rule.

    `final` has, by rule, the instant before which its alerts were let go and stand as they were said. No point is let
    go before `held_until`: a new book may still tell of the past.
    """

    alerts: list[Alert]
    base: dict[str, Swept]
    final: dict[str, int]
    held_until: int
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
        "alerts", "base", "context", "epoch", "facts", "final", "held_until", "is_outdated", "key", "live", "points",
        "region", "rulings", "stale",
    )  # fmt: skip

    def __init__(self, key: str, context: Context) -> None:
        self.key, self.context = key, context
        self.points: list[Point] = []
        self.facts: dict[tuple[str, str], GroupFact] = {}
        self.alerts: dict[str, Alert] = {}
        self.base: dict[str, Swept] = {}
        self.final: dict[str, int] = {}
        self.held_until: int | None = None
        self.live: dict[str, Any] = {}
        self.rulings: dict[str, Ruling] = {}
        self.region, self.epoch = "", 0
        self.stale, self.is_outdated = True, False

    def swept_until(self, rule: Rule) -> int:
        """Points before this instant are in the base of the rule; a rule that is new here has none."""
        swept = self.base.get(rule.hash)
        return swept.until if swept is not None else -NEVER

    def take_over(self, known: set[str], now: int) -> None:
        """What another book made of it: a rule that is as it was keeps its base, another starts from the points.

        Those are told again for it. Until they have come, nothing is let go.
        """
        self.is_outdated = False
        if not known <= self.base.keys():
            self.held_until = now + HELD
        self.base = {name: swept for name, swept in self.base.items() if name in known}

    def remove(self, point: Point) -> None:
        """Takes a point out; the windows are swept again."""
        del self.points[bisect_left(self.points, point)]
        del self.facts[point.key]
        self.stale = True

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
