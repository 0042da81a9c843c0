"""Decides what stands for every group: points kept in order, a window swept over them, judged once per instant.

A point that comes after all others is pushed; a late, repeated or retracted one makes the group sweep its points
again, once per chunk. Points older than any window, lateness and transit can reach are swept into a base and let go.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Sequence
from contextlib import suppress
from hashlib import blake2b
from itertools import groupby
from typing import Any

import msgspec
from msgspec import Raw, Struct

from rules.core.alerting import WITHDRAWN, alert_of, changes, settle, settles_at
from rules.core.record import HEADER, NEVER, head, wake_of
from rules.core.step import Rows, Step
from rules.core.subjects import HOT, TRANSIT
from rules.core.timers import Timers
from rules.judging.context import Context
from rules.judging.place import Places
from rules.judging.verdicts import Ruling
from rules.judging.windows import Grouped, GroupKind
from rules.language.rule import Book, Rule
from rules.model.alerts import Alert
from rules.model.events import RANK_OF, Fact
from rules.model.facts import SEPARATOR, GroupFact, decode_group_fact, encode_group_fact, group_name
from rules.model.times import local_day, next_midnight

HEAD, POINT = b"g", b"p"
PRUNE_EVERY = 256


class Head(Struct, array_like=True):
    """A group as it rests in its row; its points are rows of their own."""

    alerts: list[Alert]
    base: dict[str, Raw]
    sealed: int


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

    __slots__ = ("alerts", "base", "context", "facts", "key", "live", "points", "rulings", "sealed", "stale")

    def __init__(self, key: str, context: Context) -> None:
        self.key, self.context = key, context
        self.points: list[Point] = []
        self.facts: dict[tuple[str, str], GroupFact] = {}
        self.alerts: dict[str, Alert] = {}
        self.base: dict[str, Raw] = {}
        self.live: dict[str, Any] = {}
        self.rulings: dict[str, Ruling] = {}
        self.sealed = -NEVER
        self.stale = True


class GroupCore:
    """The fold over groups; its verbs are those of SubjectCore, fed with facts instead of events."""

    def __init__(self, book: Book, rows: Rows | None = None) -> None:
        self.book, self.rows = book, rows
        self.places = Places(book.tables)
        self.sources = book.tables.sources
        self.rules: dict[str, list[tuple[Rule, GroupKind]]] = {}
        for rule in book.rules:
            if isinstance(rule.body, Grouped) and rule.body.grouping is not None:
                self.rules.setdefault(rule.body.grouping.name, []).append((rule, rule.body))
        self.groups: dict[str, Group] = {}
        wakes: dict[str, int] = {}
        for key, row in rows.scan(HEAD) if rows is not None else ():
            at = wake_of(row, book.mark)
            if at is not None:
                wakes[key[1:].decode()] = at
        self.timers = Timers(wakes)

    @property
    def wake(self) -> int | None:
        """The earliest instant at which a timer is due."""
        return self.timers.next

    def step(self, facts: Sequence[GroupFact], now: int) -> Step:
        """Folds a chunk of facts; what they bring about is judged at `now`."""
        self._cool()
        step = Step()
        touched: dict[str, Group] = {}
        for fact in facts:
            group = self._group(fact.group)
            touched[fact.group] = group
            self._take(group, fact, step)
        for group in touched.values():
            self._judge(group, now, step)
        return step

    def advance(self, now: int, limit: int = 2000) -> Step:
        """Fires the timers of at most `limit` groups that are due at `now`."""
        self._cool()
        step = Step()
        for key in self.timers.due(now, limit):
            self._judge(self._group(key), now, step)
        return step

    def _rules_of(self, group: Group) -> list[tuple[Rule, GroupKind]]:
        return self.rules.get(group.key.partition(SEPARATOR)[0], [])

    def _cool(self) -> None:
        """Lets go of the groups longest untouched, where a host keeps them in rows."""
        while self.rows is not None and len(self.groups) > HOT:
            del self.groups[next(iter(self.groups))]

    def _group(self, key: str) -> Group:
        group = self.groups.pop(key, None)
        if group is not None:
            self.groups[key] = group  # the latest touched is the last to cool
        else:
            group = self.groups[key] = Group(key, Context(group_name(key), self.places, frozenset()))
            row = self.rows.get(HEAD + key.encode()) if self.rows is not None else None
            if row is not None and self.rows is not None:
                kept = _decode_head(row[HEADER:])
                group.alerts = {alert.alert_id: alert for alert in kept.alerts}
                group.base, group.sealed = kept.base, kept.sealed
                for _, value in self.rows.scan(_prefix(key)):
                    fact = decode_group_fact(value)
                    group.facts[fact.source, fact.id] = fact
                    group.points.append(_point(fact))
                group.points.sort()
        return group

    def _take(self, group: Group, fact: GroupFact, step: Step) -> None:
        key = (fact.source, fact.id)
        old = group.facts.get(key)
        if old is not None and old.version > fact.version:
            return
        point = _point(fact)
        if old is not None:
            before = _point(old)
            del group.points[bisect_left(group.points, before)]
            del group.facts[key]
            group.stale = True
            if self.rows is not None:
                step.rows[_row_key(group.key, before)] = None
        if not fact.present:
            return
        if self._is_late(fact.fact) or point.at < group.sealed:
            step.unjudged.append(key)  # only now: the version that it replaces no longer speaks either
            return
        group.facts[key] = fact
        if self.rows is not None:
            step.rows[_row_key(group.key, point)] = encode_group_fact(fact)
        if group.stale or (group.points and point.at <= group.points[-1].at):
            insort(group.points, point)
            group.stale = True
            return
        group.points.append(point)
        for rule, body in self._rules_of(group):
            entry = self._entry(group, body, fact.fact)
            if entry is not None:
                body.push(group.live[rule.id], [entry], group.context.zone)

    def _is_late(self, fact: Fact) -> bool:
        """Later than its source may be; a whole day is over at its 24:00 in the region of the event."""
        over = fact.occurred_at
        if fact.whole_day:
            zone = self.places.of(fact.region).zone  # type: ignore[attr-defined]
            over = next_midnight(local_day(over, zone), zone)
        return fact.received_at - over > self.sources.lateness(fact.source)

    @staticmethod
    def _entry(group: Group, body: GroupKind, fact: Any) -> Any:
        """What a fact counts as in a rule of its group."""
        if RANK_OF[type(fact)] not in body.ranks:
            return None
        group.context.alone(fact)
        return body.entry(fact, group.context)

    def _push(self, group: Group, rule: Rule, body: GroupKind, points: Iterable[Point], state: Any) -> None:
        for _, instant in groupby(points, key=lambda point: point.at):
            entries: list[Any] = []
            for point in instant:
                entry = self._entry(group, body, group.facts[point.key].fact)
                if entry is not None:
                    entries.append(entry)
            if entries:
                body.push(state, entries, group.context.zone)

    def _judge(self, group: Group, now: int, step: Step) -> None:
        rules = self._rules_of(group)
        if group.stale:
            for rule, body in rules:
                group.live[rule.id] = _begun(body, group.base.get(rule.id))
                self._push(group, rule, body, group.points, group.live[rule.id])
        after: dict[str, Alert] = {}
        changed = group.stale
        wakes: list[int] = []
        for rule, body in rules:
            ruling = body.ruling(group.live[rule.id], group.context, now, None)
            changed = changed or ruling.verdicts != (
                group.rulings[rule.id].verdicts if rule.id in group.rulings else ()
            )
            group.rulings[rule.id] = ruling
            wakes += [ruling.wake] if ruling.wake is not None else []
        group.stale = False
        if changed:
            facts = [group.facts[point.key] for point in group.points]
            for rule, _ in rules:
                for verdict in group.rulings[rule.id].verdicts:
                    alert = self._alert(rule, verdict, group, facts, now)
                    after[alert.alert_id] = alert
            open_ = {key: alert for key, alert in group.alerts.items() if alert.at >= group.sealed or key in after}
            step.alerts += changes(open_, after)
            group.alerts.update(open_)
        step.alerts += settle(group.alerts, self.sources, now)
        wakes += [settles_at(a, self.sources) for a in group.alerts.values() if not a.settled and a.state != WITHDRAWN]
        self._prune(group, now, step)
        self._keep(group, min(wakes, default=None), step)

    def _alert(self, rule: Rule, verdict: Any, group: Group, facts: Sequence[GroupFact], now: int) -> Alert:
        first = group.facts.get(verdict.occasion)
        subject = first.subject if first is not None else ""
        old = next((a for a in group.alerts.values() if a.rule == rule.id and a.occasion == verdict.occasion), None)
        wanted = set(verdict.rests_on) | {verdict.occasion}
        used = [fact.fact for fact in facts if (fact.source, fact.id) in wanted]
        if first is None and old is not None:
            return msgspec.structs.replace(old, state=verdict.state, ended_at=verdict.ended_at, settled=True)
        return alert_of(rule, verdict, subject, used, self.book, now, group_name(group.key))

    def _prune(self, group: Group, now: int, step: Step) -> None:
        """Sweeps points that nothing can reach any more into the base."""
        if len(group.points) < PRUNE_EVERY:
            return
        horizon = now - max(body.reach() for _, body in self._rules_of(group)) - TRANSIT - self.sources.longest
        gone = bisect_left(group.points, Point(horizon, 0, "", ""))
        if gone < PRUNE_EVERY // 2:
            return
        old, kept = group.points[:gone], set[tuple[str, str]]()
        for rule, body in self._rules_of(group):
            base = _begun(body, group.base.get(rule.id))
            self._push(group, rule, body, old, base)
            kept |= body.seal(base)
            group.base[rule.id] = Raw(encode(base))
        for point in old:
            if self.rows is not None:
                step.rows[_row_key(group.key, point)] = None
            del group.facts[point.key]
        del group.points[:gone]
        group.sealed = horizon
        group.alerts = {k: a for k, a in group.alerts.items() if a.at >= horizon or a.occasion in kept}
        group.stale = True

    def _keep(self, group: Group, wake: int | None, step: Step) -> None:
        self.timers.arm(group.key, wake)
        if self.rows is None:
            return
        kept = Head(list(group.alerts.values()), group.base, group.sealed)
        step.rows[HEAD + group.key.encode()] = head(wake, self.book.mark) + encode(kept)


encode = msgspec.msgpack.Encoder().encode
_decode_head = msgspec.msgpack.Decoder(Head).decode


def _begun(body: GroupKind, base: Raw | None) -> Any:
    """The state that a rule begins with: what was let go is swept into it."""
    if base is not None:
        with suppress(msgspec.ValidationError):  # another kind of rule bore this name in an earlier book
            return body.decode(base)
    return body.new()


def _point(fact: GroupFact) -> Point:
    return Point(fact.fact.occurred_at, RANK_OF[type(fact.fact)], fact.source, fact.id)


def _prefix(group: str) -> bytes:
    encoded = group.encode()
    return POINT + len(encoded).to_bytes(4, "big") + encoded


def _row_key(group: str, point: Point) -> bytes:
    digest = blake2b(f"{point.source}\0{point.id}".encode(), digest_size=8).digest()
    return _prefix(group) + (point.at + (1 << 62)).to_bytes(8, "big") + digest
