"""Decides the rules on the order of events by looking at every pair of them: nothing is folded (RULES.md §2)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from tests.oracle.clocks import before
from tests.oracle.days import Days, end_of
from tests.oracle.history import Fact, Key, Version, in_order

OFFICE = ((time(9), time(12)), (time(13), time(17)))
INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True)
class Offence:
    """One alert: what it is about, why, since when, and what was missing."""

    occasion: Key
    reason: str
    at: datetime
    due_date: date | None = None
    missing: str = ""


@dataclass(frozen=True)
class Ends:
    """Until when something may still come: `last` is in time; an alert about it is of `at`."""

    last: datetime
    at: datetime
    day: date | None = None


def ends(fact: Fact, span: str, days: Days) -> Ends:
    """The end of a span written as rules write it; of an empty one, the event itself."""
    return span_end(fact.counted_from, fact.day, span, days) if span else Ends(fact.at, fact.at)


def span_end(begin: datetime, day: date, span: str, days: Days) -> Ends:
    """The end of a span from an instant of a day, which is not counted where days are."""
    number, unit = span.split()
    if unit in ("days", "workdays"):
        due = days.after(day, int(number), unit)
        return Ends(end_of(due) - INSTANT, end_of(due), due)
    due_at = begin + timedelta(hours=int(number)) if unit == "h" else in_office(begin, int(number), days)
    return Ends(due_at, due_at)


def in_office(begin: datetime, hours: int, days: Days) -> datetime:
    """So many office hours later, by going through the days."""
    left, day = timedelta(hours=hours), begin.date()
    while True:
        for opens, closes in OFFICE if days.counts(day, "workdays") else ():
            start, end = max(begin, datetime.combine(day, opens)), datetime.combine(day, closes)
            if end <= start:
                continue
            if left <= end - start:
                return start + left
            left -= end - start
        day += timedelta(days=1)


def every(fact: Fact) -> bool:
    return True


@dataclass(frozen=True)
class Order:
    """One rule: `form` is the word of the language, `steps` the types asked for and at which points they are."""

    rule: str
    form: str
    point: str
    steps: dict[str, Callable[[Fact], bool]] = field(default_factory=dict)
    span: str = ""
    among: str = ""

    def judge(self, versions: Iterable[Version], now: datetime, days: Days) -> set[Offence]:
        facts = in_order(frozenset(versions), now)
        points = [fact for fact in facts if fact.type == self.point]
        if self.form == "forbid":
            return {wrong(one) for one in facts if one.type in self.steps and any(before(p, one) for p in points)}
        if self.form == "not_followed_by":
            return {wrong(one) for one in facts if one.type in self.steps and self.follows_any(one, points, days)}
        if self.form in ("next", "not_next"):
            found = {each for point in points for each in self.after_next(point, facts, now, days)}
            graver = {each.occasion for each in found if each.reason == "wrong_order"}
            return {each for each in found if each.reason == "wrong_order" or each.occasion not in graver}
        return {found for point in points for found in self.unseen(point, facts, now, days)}

    def follows_any(self, one: Fact, points: list[Fact], days: Days) -> bool:
        return any(before(point, one) and one.at <= ends(point, self.span, days).last for point in points)

    def after_next(self, point: Fact, facts: list[Fact], now: datetime, days: Days) -> list[Offence]:
        limit = ends(point, self.span, days)
        later = [one for one in facts if before(point, one) and (not self.among or one.type in self.among.split())]
        in_time = [one for one in later if not self.span or one.at <= limit.last]
        if in_time:
            return [wrong(in_time[0])] if (in_time[0].type in self.steps) != (self.form == "next") else []
        if self.form == "next" and self.span and now > limit.last:
            return [self.gone(point, limit, set(self.steps))]
        return []

    def unseen(self, point: Fact, facts: list[Fact], now: datetime, days: Days) -> list[Offence]:
        limit = ends(point, self.span, days)
        asked = {name for name, holds in self.steps.items() if holds(point)}
        if self.form == "followed_by":
            came = {one.type for one in facts if before(point, one) and one.at <= limit.last}
            left = set() if came & asked else asked
        else:
            left = asked - {one.type for one in facts if one.at <= limit.last}
        return [self.gone(point, limit, left)] if left and now > limit.last - (not self.span) * INSTANT else []

    def gone(self, point: Fact, limit: Ends, left: set[str]) -> Offence:
        missing = ", ".join(sorted(left))
        return Offence(point.key, "step_missing", limit.at, limit.day, missing)


def wrong(fact: Fact) -> Offence:
    return Offence(fact.key, "wrong_order", fact.at)
