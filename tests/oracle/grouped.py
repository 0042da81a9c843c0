"""Decides what the kinds that judge groups say, by their definitions: every window looked at again at every instant."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from statistics import median
from typing import Any

from tests.oracle.days import local, midnight
from tests.oracle.history import Fact, Key, Version, in_order

MONDAY = local("1970-01-05T00:00:00")


@dataclass(frozen=True)
class Point:
    """One event of a group, at its time on the axis."""

    at: datetime
    key: Key
    fact: Fact


@dataclass(frozen=True)
class Said:
    """One alert, as far as this judge speaks of it."""

    rule: str
    group: str
    occasion: Key
    at: datetime
    state: str = "open"
    ended_at: datetime | None = None
    value: float | None = None
    step: str = ""
    evidence: tuple[Key, ...] = ()


Covered = Callable[[Sequence[Point], datetime], list[Point]]
Measure = Callable[[list[Point]], Fraction | None]


def sliding(size: timedelta) -> tuple[Covered, Callable[[datetime], datetime], bool]:
    return (lambda points, t: [p for p in points if t - size <= p.at <= t]), (lambda at: at + size), False


def tumbling(size: timedelta) -> tuple[Covered, Callable[[datetime], datetime], bool]:
    def bucket(at: datetime) -> datetime:
        whole = size // timedelta(days=1)
        if whole:
            return midnight(at.date()) - timedelta(days=(at - MONDAY).days % whole)
        return midnight(at.date()) + (at - midnight(at.date())) // size * size

    return (
        (lambda points, t: [p for p in points if bucket(p.at) == bucket(t) and p.at <= t]),
        (lambda at: bucket(at) + size),
        True,
    )


def session(gap: timedelta) -> tuple[Covered, Callable[[datetime], datetime], bool]:
    def covered(points: Sequence[Point], t: datetime) -> list[Point]:
        upto = [p for p in points if p.at <= t]
        start = max((later.at for one, later in pairwise(upto) if later.at - one.at > gap), default=upto[0].at)
        return [p for p in upto if p.at >= start]

    return covered, (lambda at: at + gap), False


def life() -> tuple[Covered, Callable[[datetime], datetime], bool]:
    return (lambda points, t: [p for p in points if p.at <= t]), (lambda at: at + timedelta(days=36_500)), False


@dataclass(frozen=True)
class Rule:
    """A rule that judges windows: which points one holds at an instant, when one whose last point lies there is empty,
    and whether it is so at that instant already, as a bucket is."""

    name: str
    window: tuple[Covered, Callable[[datetime], datetime], bool]
    measure: Measure
    holds: Callable[[Fraction], bool]
    takes: Callable[[Fact], bool] = lambda fact: True
    keep: timedelta = timedelta(0)
    low: bool = False
    by: str = "organ"
    axis: str = "at"
    reference: timedelta = timedelta(0)
    corrected: timedelta = timedelta(days=400)
    """How long after the first version of an event another counts; the rules of one grouping share the longest."""

    def judge(self, group: str, points: list[Point], now: datetime) -> list[Said]:
        covered, end_of, excluded = self.window
        instants = sorted({p.at for p in points})
        values = {t: self._value(points, covered(points, t), t) for t in instants}
        runs: list[tuple[list[datetime], datetime | None]] = []
        for t, following in zip(instants, [*instants[1:], None], strict=True):
            if values[t] is None:
                continue
            empty = end_of(t)
            goes_on = following is not None and (following < empty or (following == empty and not excluded))
            touches = following is not None and following == empty
            end: datetime | None = None
            if goes_on or touches:
                end = following if values[following] is None else None  # type: ignore[index]
            elif following is not None or now > empty or (excluded and now == empty):
                end = empty
            last = runs[-1] if runs else None
            if last is not None and (last[1] is None or t <= last[1] + self.keep):
                runs[-1] = ([*last[0], t], end)
            else:
                runs.append(([t], end))
        return [self._said(group, points, run, end, values) for run, end in runs]

    def _value(self, points: list[Point], held: list[Point], t: datetime) -> Fraction | None:
        if self.reference:
            size = self.window[1](t) - t
            before = [p for p in points if t - size - self.reference <= p.at < t - size]
            value = Fraction(len(held)) * Fraction(self.reference / size) / len(before) if before else None
            return value if value is not None and len(held) >= 2 and self.holds(value) else None
        value = self.measure(held)
        return value if value is not None and self.holds(value) else None

    def _said(
        self, group: str, points: list[Point], run: list[datetime], end: datetime | None, values: dict[Any, Any]
    ) -> Said:
        worst = (min if self.low else max)(values[t] for t in run)
        at = next(t for t in run if values[t] == worst)
        first = next(p for p in points if p.at == run[0])
        evidence = tuple(p.key for p in self.window[0](points, at))
        state = "open" if end is None else "ended"
        return Said(self.name, group, first.key, run[0], state, end, float(worst), evidence=evidence[-50:])


Found = tuple[Point, float | None, str, tuple[Key, ...]]


@dataclass(frozen=True)
class Past:
    """A rule that judges single points by those before them."""

    name: str
    find: Callable[[list[Point], Point], Iterable[tuple[float | None, str, tuple[Key, ...]]]]
    takes: Callable[[Fact], bool] = lambda fact: True
    by: str = "organ"
    axis: str = "at"
    corrected: timedelta = timedelta(days=400)

    def judge(self, group: str, points: list[Point], now: datetime) -> list[Said]:
        return [
            Said(self.name, group, p.key, p.at, value=value, step=step, evidence=evidence)
            for p in points
            for value, step, evidence in self.find(points, p)
        ]


def baseline(over: str, history: timedelta, least: int, spread: str, seasonal: bool) -> Any:
    def find(points: list[Point], p: Point) -> Iterable[tuple[float | None, str, tuple[Key, ...]]]:
        before = [q for q in points if p.at - history <= q.at < p.at]
        if seasonal:
            before = [q for q in before if (q.at.weekday(), q.at.hour) == (p.at.weekday(), p.at.hour)]
        amounts = [amount(q.fact) for q in before]
        if len(amounts) >= least:
            middle = median(amounts)
            deviation = median([abs(each - middle) for each in amounts])
            score = abs(amount(p.fact) - middle) / max(Fraction("1.4826") * deviation, Fraction(spread))
            if score > Fraction(over):
                yield float(score), "", (p.key,)

    return find


def new_value(least: int, forget: timedelta | None, learn: timedelta = timedelta(0)) -> Any:
    def find(points: list[Point], p: Point) -> Iterable[tuple[float | None, str, tuple[Key, ...]]]:
        before = [q for q in points if q.at < p.at and (forget is None or q.at >= p.at - forget)]
        same = [q for q in points if q.at == p.at and q.fact.violation == p.fact.violation]
        known = {q.fact.violation for q in before}
        if len(before) >= least and p.at - before[0].at >= learn and p.fact.violation not in known and p == same[0]:
            yield None, "", (p.key,)

    return find


def cap(quota: Callable[[Fact], Fraction | None], distinct: bool, reached: bool, whole_year: bool) -> Any:
    def find(points: list[Point], p: Point) -> Iterable[tuple[float | None, str, tuple[Key, ...]]]:
        upto = [q for q in points[: points.index(p) + 1] if q.at.year == p.at.year]
        upto = upto if whole_year else [q for q in upto if q.at.month == p.at.month]
        limit = quota(p.fact)
        if distinct and any(q.fact.violation == p.fact.violation for q in upto[:-1]):
            return
        number = len({q.fact.violation for q in upto}) if distinct else len(upto)
        evidence = tuple(q.key for q in upto)[-50:]
        if limit is not None and number > limit:
            yield float(number), "", evidence
        elif limit is not None and reached and number == limit:
            yield float(number), "reached", evidence

    return find


def amount(fact: Fact) -> Fraction:
    return Fraction(str(fact.fine))


def share(hit: Callable[[Fact], bool], least: int) -> Measure:
    def measure(held: list[Point]) -> Fraction | None:
        return Fraction(100 * sum(hit(p.fact) for p in held), len(held)) if len(held) >= least else None

    return measure


def percentile(rank: int) -> Measure:
    """The least of the values that so many per cent of all do not exceed."""

    def measure(held: list[Point]) -> Fraction | None:
        amounts = sorted(amount(p.fact) for p in held)
        return next(a for a in amounts if 100 * sum(b <= a for b in amounts) >= rank * len(amounts))

    return measure


def judge(rules: Iterable[Rule | Past], versions: Iterable[Version], now: datetime) -> set[Said]:
    """What stands at `now`."""
    kept = frozenset(versions)
    return {
        said for rule in rules for name, points in groups(rule, kept).items() for said in rule.judge(name, points, now)
    }


def groups(
    rule: Rule | Past, versions: Iterable[Version], lateness: Mapping[str, timedelta] | None = None
) -> dict[str, list[Point]]:
    """The points of every group of a rule, in order, by its name. `lateness` has that of sources that say their own."""
    kept = frozenset(versions)
    end = max(v.at for v in kept if v.at is not None)
    kept = kept if rule.by == "life" else frozenset(_counting(kept, rule.corrected))
    facts = [f for s in {v.subject for v in kept} for f in in_order((v for v in kept if v.subject == s), end)]
    found: dict[str, list[Point]] = {}
    for point in sorted(_points(rule, facts, kept, lateness or {}), key=lambda p: (p.at, p.key)):
        name = point.fact.subject if rule.by == "life" else str(point.fact.data.get(rule.by) or "")
        if name:
            found.setdefault(name, []).append(point)
    return found


def _counting(versions: frozenset[Version], corrected: timedelta) -> Iterable[Version]:
    """The versions that reached us soon enough after the first of their record."""
    for each in versions:
        if each.received <= min(other.received for other in versions if other.key == each.key) + corrected:
            yield each


def _points(
    rule: Rule | Past, facts: list[Fact], versions: frozenset[Version], lateness: Mapping[str, timedelta]
) -> Iterable[Point]:
    """The events that count. A date lies at its 00:00 among those of other subjects, and is late from its 24:00."""
    for fact in facts:
        same = [each for each in versions if each.key == fact.key]
        received, recorded = min(each.received for each in same), min(each.recorded for each in same)
        occurred = midnight(fact.day) if fact.whole_day and rule.by != "life" else fact.at
        at = {"at": occurred, "recorded_at": recorded, "received_at": received}[rule.axis]
        late = received - (fact.counted_from if rule.axis == "at" else at)
        if rule.takes(fact) and (rule.by == "life" or late <= lateness.get(fact.key[0], timedelta(minutes=15))):
            yield Point(at, fact.key, fact)
