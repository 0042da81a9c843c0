"""Decides when a clock runs, what pauses and extends it, and when it is due (CLOCKS.md)."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any

from tests.oracle.days import Days, between, end_of, midnight
from tests.oracle.history import RANK, Fact, Key, whole_number

Limit = tuple[int, str]
Item = Mapping[str, Any]


@dataclass(frozen=True)
class Closure:
    """Whole days, both closed, or local times; an empty region is everywhere, an empty organ all of them."""

    since: date | datetime
    until: date | datetime
    region: str = ""
    organ: str = ""

    @property
    def begin(self) -> datetime:
        return self.since if isinstance(self.since, datetime) else midnight(self.since)

    @property
    def end(self) -> datetime:
        return self.until if isinstance(self.until, datetime) else end_of(self.until)

    @property
    def days(self) -> tuple[date, date]:
        """The closed days as (after, upto]: at times, the day of the beginning is used as in a suspension."""
        whole = not isinstance(self.since, datetime)
        return self.begin.date() - timedelta(days=1) * whole, (self.end - timedelta(seconds=1) * whole).date()


@dataclass(frozen=True, eq=False)
class World:
    """Everything declared that clocks read. Regions are known by what their codes begin with."""

    days: Days
    items: Mapping[str, Item]
    off_hours: bool = False
    calendars: Mapping[str, Days] = field(default_factory=dict)
    closures: tuple[Closure, ...] = ()
    holds: Mapping[str, timedelta] = field(default_factory=dict)

    def here(self, start: Fact, facts: list[Fact]) -> World:
        """What is declared for the region and the organ of a clock: those said last up to its start."""
        if not self.calendars and not self.closures:
            return self
        known = [fact for fact in facts if not before(start, fact)]
        region = next((str(fact.region) for fact in reversed(known) if fact.region), "")
        organ = next((str(fact.organ) for fact in reversed(known) if fact.organ), "")
        closed = tuple(c for c in self.closures if region.startswith(c.region) and c.organ in ("", organ))
        return replace(self, days=self.calendar(region), calendars={}, closures=closed)

    def calendar(self, region: str) -> Days:
        """The days of a region."""
        return next((days for code, days in self.calendars.items() if region.startswith(code)), self.days)

    def item(self, fact: Fact) -> Item:
        return self.items.get(str(fact.task_code), {})


def limit(text: str | None) -> Limit | None:
    """`20 workdays`, `30 days`, `48h` → (20, "workdays")."""
    if not text:
        return None
    if text.endswith("h"):
        return int(text[:-1]), "h"
    number, unit = text.split()
    return int(number), unit if unit.endswith("s") else unit + "s"


@dataclass(frozen=True)
class Span:
    """A clock from its start to its stop, before anything is counted."""

    start: Fact
    stop: Fact | None


@dataclass(frozen=True, eq=False)
class Rule:
    """How one rule reads a clock. `limit` answers None where the rule has no clock for that start."""

    name: str
    clock: str
    severity: str
    limit: Callable[[Fact, list[Fact], World], Limit | None]
    spans: Callable[[Rule, list[Fact], World, datetime], list[Span]]
    reads: frozenset[str]
    pause: str = ""
    resume: str = ""
    lawful: Callable[[Fact, Item], bool] = lambda fact, item: True
    approved_in: str = "workdays"
    extend: str = ""
    longest: Callable[[Item], int] = lambda item: 0
    roll: bool = False
    red_after: int | None = None
    left: int | None = None
    percent: int | None = None
    ends_pauses: str = ""


@dataclass(frozen=True)
class Pause:
    """Days that do not count: those after `begins`, up to and with `ends`."""

    fact: Fact
    begins: date
    ends: date
    until: datetime = datetime.min  # noqa: DTZ901
    """Its end to the instant, for limits that are exact."""


@dataclass(frozen=True)
class Reading:
    """One clock, counted."""

    occasion: Key
    start: Fact
    stop: Fact | None
    due_date: date
    due_at: datetime
    breach_at: datetime
    said_at: datetime
    """From when on the breach stands: later than it is dated where the source of the start holds clocks back."""
    breach: bool
    paused: int
    extended: int
    counts: Callable[[date], bool]
    first: date
    today: date
    provisional: bool
    red_on: date | None
    elapsed_at: datetime | None = None
    stood_still: frozenset[tuple[datetime, datetime]] = frozenset()

    def used(self, stop: Fact | None) -> int:
        """The days that counted up to a stop or up to today; microseconds of an exact limit."""
        if self.elapsed_at is not None:
            until = min(stop.at, self.elapsed_at) if stop else self.elapsed_at
            begun = self.start.counted_from
            passed = max(until - begun, timedelta(0)) - length(self.stood_still, begun, until)
            return passed // timedelta(microseconds=1)
        return sum(self.counts(day) for day in between(self.first, stop.day if stop else self.today))


def pauses(rule: Rule, span: Span, facts: list[Fact], world: World) -> list[Pause]:
    """The lawful pauses of the clock; which of them count is another question (CLOCKS.md 12-14)."""
    if not rule.pause:
        return []
    known = [fact for fact in facts if span.stop is None or not before(span.stop, fact)]
    found: list[Pause] = []
    for procedure in {str(fact.procedure_id or "").strip() for fact in known if fact.type == rule.pause}:
        own = [fact for fact in known if str(fact.procedure_id or "").strip() == procedure]
        running: Pause | None = None
        for fact in own:
            approved = whole_number(fact.approved_days)
            if fact.type != rule.pause or not approved or not rule.lawful(fact, world.item(fact)):
                continue
            resumed = [each for each in own if each.type == rule.resume]
            resumed += [each for each in known if each.type == rule.ends_pauses]
            if running and fact.day <= world.days.after(
                running.begins, whole_number(running.fact.approved_days), rule.approved_in
            ):
                first = running.fact
                if not any(before(first, each) and before(each, fact) for each in resumed):
                    continue
            ends = [world.days.after(fact.day, approved, rule.approved_in)]
            after = [each for each in resumed if before(fact, each)]
            until = min([end_of(ends[0]), *(each.at for each in after)])
            ends += [each.day for each in after]
            running = Pause(fact, fact.day, min(ends), until)
            found.append(running)
    return sorted(found, key=lambda pause: order(pause.fact))


def order(fact: Fact) -> tuple[datetime, int, Key]:
    return fact.at, RANK[fact.type], fact.key


def before(one: Fact, other: Fact) -> bool:
    return order(one) < order(other)


def paused_days(counted: list[Pause], start: date, unit: str, world: World) -> set[date]:
    """The union of the pauses, without days that the limit would not count anyway."""
    return {
        day
        for pause in counted
        for day in between(pause.begins, pause.ends)
        if day > start and world.days.counts(day, unit)
    }


def first_day(rule: Rule, fact: Fact, world: World) -> date:
    """The day that is not counted; T04 alone looks at office hours (CLOCKS.md 7)."""
    day = fact.day
    if rule.name == "T04" and world.off_hours:
        late = not fact.whole_day and (fact.at.hour, fact.at.minute, fact.at.second) > (17, 0, 0)
        if late or not world.days.counts(day, "workdays"):
            day = world.days.after(day, 1, "workdays")
    return day


def count(rule: Rule, span: Span, facts: list[Fact], world: World, now: datetime) -> Reading | None:
    """The clock of a span as it stands at `now`; None where no limit applies."""
    earlier = [fact for fact in facts if before(fact, span.start)]
    allowed = rule.limit(span.start, earlier, world)
    if allowed is None:
        return None
    world = world.here(span.start, facts)
    held = timedelta(0) if span.stop else world.holds.get(span.start.key[0], timedelta(0))
    if allowed[1] == "h":
        suspended = pauses(rule, span, facts, world)
        return exactly(span, timedelta(hours=allowed[0]), suspended, world, now, held)
    number, unit = allowed
    start = first_day(rule, span.start, world)
    counted, extension = granted(rule, span, facts, world, (number, unit), start)
    off = paused_days(counted, start, unit, world)
    due = due_date(rule, start, number + extension + len(off), unit, world)
    fires = due
    if rule.left is not None or rule.percent is not None:
        whole = number + extension
        used = whole - rule.left if rule.left is not None else whole * (rule.percent or 0) // 100
        fires = rung(start, used, unit, off, world)
    late = span.stop.day > fires if span.stop else now >= end_of(fires) + held
    return Reading(
        occasion=span.start.key,
        start=span.start,
        stop=span.stop,
        due_date=due,
        due_at=end_of(due),
        breach_at=end_of(fires),
        said_at=end_of(fires) + held,
        breach=late,
        paused=len(off),
        extended=extension,
        counts=lambda day: world.days.counts(day, unit) and day not in off,
        first=start,
        today=now.date(),
        provisional=(unit == "workdays" or rule.roll) and world.days.provisional(due),
        red_on=world.days.after(due, rule.red_after, "workdays") if rule.red_after else None,
    )


def rung(start: date, used: int, unit: str, off: set[date], world: World) -> date:
    """The day at whose end so many days are used: the first on which nothing more is needed."""
    day = start
    while sum(world.days.counts(each, unit) and each not in off for each in between(start, day)) < used:
        day += timedelta(days=1)
    return day


def due_date(rule: Rule, start: date, number: int, unit: str, world: World) -> date:
    due = world.days.after(start, number, unit)
    return world.days.rolled(due) if rule.roll else due


def granted(
    rule: Rule, span: Span, facts: list[Fact], world: World, allowed: Limit, start: date
) -> tuple[list[Pause], int]:
    """The pauses that count and the extension: each by the due date in force before it (CLOCKS.md 11, 15)."""
    number, unit = allowed
    counted: list[Pause] = []
    extension = 0
    lawful = {pause.fact.key: pause for pause in pauses(rule, span, facts, world)}
    known = [fact for fact in facts if span.stop is None or before(fact, span.stop)]
    closed = [each for each in world.closures if span.stop is None or each.begin <= span.stop.at]
    for fact in sorted([*closed, *known], key=lambda one: one.begin if isinstance(one, Closure) else one.at):
        force = number + extension + len(paused_days(counted, start, unit, world))
        in_force = due_date(rule, start, force, unit, world)
        if (fact.begin.date() if isinstance(fact, Closure) else fact.day) > in_force:
            continue
        if isinstance(fact, Closure):
            counted.append(Pause(span.start, *fact.days))
            continue
        if fact.key in lawful:
            counted.append(lawful[fact.key])
        elif rule.extend == fact.type and fact.approver_role == "head" and before(span.start, fact):
            extension = extension or min(whole_number(fact.days), rule.longest(world.item(span.start)))
    return counted, extension


def exactly(
    span: Span, allowed: timedelta, suspended: list[Pause], world: World, now: datetime, held: timedelta
) -> Reading:
    """A limit in hours: to the instant, and a stop at that instant is in time. A pause is its exact length."""
    begun, stop = span.start.counted_from, span.stop
    due, closed = begun + allowed, set[tuple[datetime, datetime]]()
    still = [(c.begin, c.end, False) for c in world.closures if stop is None or c.begin <= stop.at]
    still += [(p.fact.at, p.until, p.fact.whole_day) for p in suspended if stop is None or before(p.fact, stop)]
    for begin, end, whole_day in sorted(still):
        if begin <= due or (whole_day and begin.date() <= due.date()):
            closed.add((begin, end))
            due = begun + allowed + length(closed, begun)
    if span.stop is None:
        late = now > due + held
    elif span.stop.whole_day:
        late = span.stop.day > due.date()
    else:
        late = span.stop.at > due
    return Reading(
        occasion=span.start.key,
        start=span.start,
        stop=span.stop,
        due_date=due.date(),
        due_at=due,
        breach_at=due,
        said_at=due + held,
        breach=late,
        paused=length(closed, begun) // timedelta(microseconds=1),
        extended=0,
        counts=lambda day: False,
        first=due.date(),
        today=due.date(),
        provisional=False,
        red_on=None,
        elapsed_at=now,
        stood_still=frozenset(closed),
    )


def length(closed: Collection[tuple[datetime, datetime]], begin: datetime, end: datetime | None = None) -> timedelta:
    """How much of (begin, end] lies in the union of some intervals."""
    total, reached = timedelta(0), begin
    for since, until in sorted(closed):
        since, until = max(since, reached), min(until, end or until)
        if until > since:
            total, reached = total + (until - since), until
    return total
