"""Decides what is kept of one group: its points in order, what was let go of them, and what was said."""

from __future__ import annotations

from bisect import bisect_left, insort
from hashlib import blake2b
from typing import Any

import msgspec
from msgspec import Raw, Struct

from rules.core.engine import MOST_DOUBTS, doubt_of
from rules.core.folding import failure
from rules.core.record import HEADER, NEVER
from rules.core.step import Rows
from rules.judging.context import NO_TIMES, Context
from rules.judging.escalation import escalated
from rules.judging.verdicts import Ruling, Verdict
from rules.judging.windows import Grouping, GroupKind
from rules.language.rule import Rule
from rules.model.alerts import Alert
from rules.model.events import RANK_OF
from rules.model.facts import GroupFact, decode_group_fact, encode_group_fact, group_name
from rules.model.times import DAY

HEAD, POINT, PAST = b"g", b"p", b"q"
HELD = DAY
"""How long a group that a book brings or changes lets go of nothing: every lane has told it of the past by then."""
PRUNE_EVERY = 16
"""How many points a group has at least before those are let go that nothing can reach any more."""


class Swept(Struct, array_like=True):
    """What a rule has of the points before an instant, which it has let go."""

    until: int
    state: Raw


class Head(Struct, array_like=True):
    """A group as it rests in its row; its points are rows of their own. `base` is by the hash of a rule.

    `final` has, by rule, the instant before which its alerts were let go and stand as they were said. No point is let
    go before `held_until`: a new book may still tell of the past. The rules that are `broken`, by hash, raised over
    points that were let go: they are off for good, and what is said instead. `doubts` are the facts
    that could not be folded.
    """

    alerts: list[Alert]
    base: dict[str, Swept]
    final: dict[str, int]
    held_until: int
    region: str = ""
    broken: dict[str, Verdict] = {}
    doubts: list[str] = []


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
        "alerts", "base", "broken", "changed_at", "context", "depth", "doubts", "epoch", "facts", "final",
        "grouping", "held_until", "is_disturbed", "is_outdated", "journal", "key", "live", "off", "past", "points",
        "prunes_at", "region", "rest", "rulings", "stale",
    )  # fmt: skip

    def __init__(self, key: str, grouping: Grouping, context: Context) -> None:
        self.key, self.grouping, self.context = key, grouping, context
        self.points: list[Point] = []
        self.facts: dict[tuple[str, str], GroupFact] = {}
        self.past: dict[tuple[str, str], GroupFact] = {}
        self.alerts: dict[str, Alert] = {}
        self.base: dict[str, Swept] = {}
        self.final: dict[str, int] = {}
        self.held_until: int | None = None
        self.live: dict[str, Any] = {}
        self.off: dict[str, Verdict] = {}
        """What is said in place of the rules that raised, by hash, until the points are swept again."""
        self.broken: dict[str, Verdict] = {}
        self.doubts: list[str] = []
        self.journal: list[tuple[tuple[str, str], GroupFact | None]] = []
        """Which points a chunk brought or changed, and what they were before."""
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
        self.broken, self.doubts = kept.broken, kept.doubts
        for _, value in rows.scan(prefix_of(self.key)):
            fact = decode_group_fact(value)
            self.facts[fact.source, fact.id] = fact
            self.points.append(self.point(fact))
        for _, value in rows.scan(prefix_of(self.key, PAST)):
            fact = decode_group_fact(value)
            self.past[fact.source, fact.id] = fact
        self.points.sort()
        return True

    def kept(self) -> bytes:
        """The head of its rows, but for what every row begins with."""
        alerts = list(self.alerts.values())
        return encode(Head(alerts, self.base, self.final, self.held_until or 0, self.region, self.broken, self.doubts))

    def fact_of(self, key: tuple[str, str]) -> GroupFact | None:
        """An event that an alert rests on, whether its point was let go or not."""
        return self.facts.get(key) or self.past.get(key)

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
        used = {key: fact for key in (*verdict.rests_on, verdict.occasion) if (fact := self.fact_of(key)) is not None}
        facts = [fact.fact for fact in sorted(used.values(), key=self.point)]
        if self.grouping.holds == "events":
            return verdict, facts
        events = tuple((used[key].fact.source, used[key].fact.id) for key in verdict.rests_on if key in used)
        return msgspec.structs.replace(verdict, rests_on=events), facts

    def ruling(self, rule: Rule, body: GroupKind, now: int) -> Ruling:
        """What a rule says of the group, which goes by its own name; a rule that raises is off."""
        self.context.subject = group_name(self.key)
        if rule.hash not in self.off:
            try:
                said = body.ruling(self.live[rule.hash], self.context, now, None)
                if rule.escalate and said.verdicts:
                    said = escalated(said, rule.escalate, self.context.places.of(self.home), now)
                return said
            except Exception as error:  # whatever a rule does wrong must not stop the others
                self.turn_off(rule, self.points[-1] if self.points else None, error, now)
        return Ruling((self.off[rule.hash],))

    def turn_off(self, rule: Rule, point: Point | None, error: Exception, now: int = 0) -> None:
        """A rule raised over a point, or over none: another verdict stands in place of what it would say."""
        if point is not None:
            failed = failure(rule, self.facts[point.key].fact, error)
            self.off[rule.hash] = msgspec.structs.replace(failed, rests_on=(point.key,))
            return
        said = {"rule": rule.id, "error": type(error).__name__}
        self.off[rule.hash] = Verdict(
            occasion=("", rule.id), reason="rule_raised", severity="notice", at=now, params=said, step=rule.id
        )

    def doubt(self, doubt: str) -> None:
        """Notes that a fact is missing from what is said; of very many, those that came last."""
        if doubt not in self.doubts:
            self.doubts = [*self.doubts[1 - MOST_DOUBTS :], doubt]

    def settle_doubt(self, told: GroupFact) -> None:
        """A fact that had been set aside was taken after all."""
        if self.doubts and (doubt := doubt_of(told.fact)) in self.doubts:
            self.doubts = [each for each in self.doubts if each != doubt]
            self.stale = self.is_disturbed = True

    def take_back(self, rows: dict[bytes, bytes | None]) -> None:
        """Makes the points what they were before the facts in the journal."""
        for key, old in reversed(self.journal):
            if (new := self.facts.get(key)) is not None:
                point = self.point(new)
                self.remove(point)
                rows[row_key(self.key, point)] = None
            if old is not None:
                self.facts[key], point = old, self.point(old)
                insort(self.points, point)
                rows[row_key(self.key, point)] = encode_group_fact(old)
        self.journal.clear()
        self.stale, self.is_disturbed, self.rest = True, True, None

    def held(self, now: int) -> int:
        """The instant before which nothing is let go: a book that brought the group may still tell of the past."""
        if self.held_until is None:
            self.held_until = now + HELD
        return self.held_until

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
        self.broken = {name: failed for name, failed in self.broken.items() if name in known}

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


def prefix_of(group: str, kind: bytes = POINT) -> bytes:
    """What the keys of the points of a group begin with, or of what is kept of those that were let go."""
    encoded = group.encode()
    return kind + len(encoded).to_bytes(4, "big") + encoded


def row_key(group: str, point: Point) -> bytes:
    """The key of the row of a point: in the order of time."""
    return prefix_of(group) + (point.at + (1 << 62)).to_bytes(8, "big") + _digest(point.key)


def past_key(group: str, key: tuple[str, str]) -> bytes:
    """The key of the row of an event whose point was let go."""
    return prefix_of(group, PAST) + _digest(key)


def _digest(key: tuple[str, str]) -> bytes:
    source, id = key
    return blake2b(f"{source}\0{id}".encode(), digest_size=8).digest()
