"""Decides what is kept of one group: its points in order, what was let go of them, and what was said."""

from __future__ import annotations

from bisect import bisect_left
from hashlib import blake2b
from typing import Any

import msgspec
from msgspec import Raw, Struct

from rules.core.record import HEADER, NEVER
from rules.core.step import Rows
from rules.judging.context import NO_TIMES, Context
from rules.judging.verdicts import Ruling, Verdict
from rules.judging.windows import Grouping, GroupKind
from rules.language.rule import Rule
from rules.model.alerts import Alert
from rules.model.events import RANK_OF
from rules.model.facts import GroupFact, decode_group_fact, group_name
from rules.model.times import DAY

HEAD, POINT = b"g", b"p"
HELD = DAY
"""How long a group that a book brings or changes lets go of nothing: every lane has told it of the past by then."""
PRUNE_EVERY = 256
"""How many points a group has at least before those are let go that nothing can reach any more."""


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
        "alerts", "base", "changed_at", "context", "depth", "epoch", "facts", "final", "grouping", "held_until",
        "is_disturbed", "is_outdated", "key", "live", "points", "prunes_at", "region", "rest", "rulings", "stale",
    )  # fmt: skip

    def __init__(self, key: str, grouping: Grouping, context: Context) -> None:
        self.key, self.grouping, self.context = key, grouping, context
        self.points: list[Point] = []
        self.facts: dict[tuple[str, str], GroupFact] = {}
        self.alerts: dict[str, Alert] = {}
        self.base: dict[str, Swept] = {}
        self.final: dict[str, int] = {}
        self.held_until: int | None = None
        self.live: dict[str, Any] = {}
        self.rulings: dict[str, Ruling] = {}
        self.region, self.epoch, self.prunes_at = "", 0, PRUNE_EVERY
        self.stale, self.is_disturbed, self.is_outdated = True, False, False
        self.rest: Any = None
        self.changed_at, self.depth = NEVER, 0

    def restore(self, rows: Rows) -> bool:
        """Takes what rests in rows, if anything does; it is swept when it is judged next."""
        row = rows.get(HEAD + self.key.encode())
        if row is None:
            return False
        kept = decode_head(row[HEADER:])
        self.alerts = {alert.alert_id: alert for alert in kept.alerts}
        self.base, self.final, self.held_until, self.region = kept.base, kept.final, kept.held_until, kept.region
        for _, value in rows.scan(prefix_of(self.key)):
            fact = decode_group_fact(value)
            self.facts[fact.source, fact.id] = fact
            self.points.append(self.point(fact))
        self.points.sort()
        return True

    def kept(self) -> bytes:
        """The head of its rows, but for what every row begins with."""
        return encode(Head(list(self.alerts.values()), self.base, self.final, self.held_until or 0, self.region))

    def time_of(self, told: GroupFact) -> int:
        """The time of an event on the axis of the group."""
        if told.placed_at is not None:
            return told.placed_at
        return self.grouping.time_of(told.fact, told.first_recorded_at)

    def point(self, told: GroupFact) -> Point:
        """Where an event stands among those of the group."""
        return Point(self.time_of(told), RANK_OF[type(told.fact)], told.source, told.id)

    def entry(self, body: GroupKind, told: GroupFact) -> Any:
        """What an event counts as in a rule: it is asked as if there were no other."""
        fact = told.fact
        if RANK_OF[type(fact)] not in body.ranks:
            return None
        context, first = self.context, told.first_recorded_at
        context.alone(fact)
        context.subject, context.opening = told.subject, told.opening
        context.times = {(fact.source, fact.id): told.placed_at} if told.placed_at is not None else NO_TIMES
        context.firsts = {(told.source, told.id): first} if first != fact.recorded_at else NO_TIMES
        return body.entry(fact, context)

    def carrier(self, verdict: Verdict) -> tuple[str, str] | None:
        """The fact that a verdict is about, as the group knows it; None of a silence that nothing went before."""
        if self.grouping.holds == "events":
            return verdict.occasion
        return verdict.rests_on[-1] if verdict.rests_on else None

    def grounds(self, verdict: Verdict) -> tuple[Verdict, list[Any]]:
        """A verdict and the facts that it rests on, in order; marks and openings under the names of their events."""
        used = {key: fact for key in (*verdict.rests_on, verdict.occasion) if (fact := self.facts.get(key)) is not None}
        facts = [fact.fact for fact in sorted(used.values(), key=self.point)]
        if self.grouping.holds == "events":
            return verdict, facts
        events = tuple((used[key].fact.source, used[key].fact.id) for key in verdict.rests_on if key in used)
        return msgspec.structs.replace(verdict, rests_on=events), facts

    def ruling(self, rule: Rule, body: GroupKind, now: int) -> Ruling:
        """What a rule says of the group, which goes by its own name."""
        self.context.subject = group_name(self.key)
        return body.ruling(self.live[rule.hash], self.context, now, None)

    def swept_until(self, rule: Rule) -> int:
        """Points before this instant are in the base of the rule; a rule that is new here has none."""
        swept = self.base.get(rule.hash)
        return swept.until if swept is not None else -NEVER

    def take_over(self, known: set[str], now: int) -> None:
        """What another book made of it: a rule that is as it was keeps its base, another starts from the points.

        Those are told again for it. Until they have come, nothing is let go.
        """
        self.is_outdated, self.rest = False, None
        if not known <= self.base.keys():
            self.held_until = now + HELD
        self.base = {name: swept for name, swept in self.base.items() if name in known}

    def touch(self, point: Point, late: bool) -> None:
        """Notes that a point came or went: what is kept of the windows over it is kept no more."""
        if late and point.at < self.changed_at:
            self.changed_at = point.at
        if self.rest is not None and point.at < self.rest.until:
            self.rest = None

    def remove(self, point: Point) -> None:
        """Takes a point out; the windows are swept again."""
        del self.points[bisect_left(self.points, point)]
        del self.facts[point.key]
        self.stale = self.is_disturbed = True
        self.touch(point, True)

    @property
    def home(self) -> str:
        """The region of its earliest event, which stays what it was when that event is let go."""
        if self.region or not self.points:
            return self.region
        region: str = self.facts[self.points[0].key].fact.region  # type: ignore[attr-defined]
        return region


encode = msgspec.msgpack.Encoder().encode
decode_head = msgspec.msgpack.Decoder(Head).decode


def prefix_of(group: str) -> bytes:
    """What the keys of the points of a group begin with."""
    encoded = group.encode()
    return POINT + len(encoded).to_bytes(4, "big") + encoded


def row_key(group: str, point: Point) -> bytes:
    """The key of the row of a point: in the order of time."""
    digest = blake2b(f"{point.source}\0{point.id}".encode(), digest_size=8).digest()
    return prefix_of(group) + (point.at + (1 << 62)).to_bytes(8, "big") + digest
