"""Decides what a rule kind is given, and what it gives back: the context of a subject, verdicts and clocks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any, Protocol

from msgspec import Struct

from rules.calendar import Calendar
from rules.model.alerts import Clock
from rules.model.events import RANK_OF, TYPES, Fact
from rules.model.times import local_day, next_midnight
from rules.tables import Item, Tables

APPLIED = TYPES["case.applied"].rank
NOTHING = Item(task_code="")


class Context:
    """What is known of a subject so far, as a fold over its facts in order: expressions read it as `c`."""

    __slots__ = ("_applied_on", "_item", "_item_key", "department", "first", "firsts", "latest", "organ", "region", "remembered", "subject", "tables", "task_code", "times", "zone")  # fmt: skip

    def __init__(self, subject: str, tables: Tables, remembered: frozenset[int]) -> None:
        self.subject, self.tables, self.remembered = subject, tables, remembered
        self.latest: dict[int, Fact] = {}
        self.first: dict[int, Fact] = {}
        self.firsts: dict[tuple[str, str], int] = {}
        self.times: dict[tuple[str, str], int] = {}
        self.region = self.task_code = self.department = self.organ = ""
        self.zone = tables.regions.zone("")
        self._applied_on: date | None = None
        self._item: Item = NOTHING
        self._item_key: tuple[str, date] | None = None

    def before(self, fact: Any) -> None:
        """Takes the item and the region of a fact before rules judge it; the fact itself is noted afterwards."""
        if fact.task_code and fact.task_code != self.task_code:
            self.task_code = fact.task_code
        if fact.region and fact.region != self.region:
            self.region = fact.region
            self.zone = self.tables.regions.zone(fact.region)
        self.department = fact.department or self.department
        self.organ = fact.organ or self.organ
        if self._applied_on is None or RANK_OF[type(fact)] == APPLIED:
            self._applied_on = local_day(fact.occurred_at, self.zone)

    def after(self, fact: Fact) -> None:
        """Notes a fact for what comes after it."""
        rank = RANK_OF[type(fact)]
        if rank in self.remembered:
            self.latest[rank] = fact
            self.first.setdefault(rank, fact)

    @property
    def item(self) -> Item:
        """The catalogue version in force when the case was applied for; an empty one where there is none."""
        key = (self.task_code, self._applied_on or date.min)
        if key != self._item_key:
            self._item_key = key
            self._item = self.tables.items.lookup(*key) or NOTHING
        return self._item

    @property
    def calendar(self) -> Calendar:
        return self.tables.calendar(self.region)

    def time_of(self, fact: Fact) -> int:
        """When an event counts as having occurred: a whole day has the time at which it was put in order."""
        return self.times.get((fact.source, fact.id), fact.occurred_at) if fact.whole_day else fact.occurred_at

    def first_recorded_at(self, fact: Fact) -> int:
        """When any version of this event was recorded first (RULES.md §3.5)."""
        return self.firsts.get((fact.source, fact.id), fact.recorded_at)

    def day_end(self, fact: Fact) -> int:
        """The time of a fact for what is counted from it: a whole day counts from its 24:00 (CLOCKS.md 4)."""
        if fact.whole_day:
            return next_midnight(local_day(fact.occurred_at, self.zone), self.zone)
        return fact.occurred_at

    def instant(self, moment: int | date | None) -> int | None:
        """A moment as an instant: a date without a time means its 24:00."""
        return next_midnight(moment, self.zone) if isinstance(moment, date) else moment


def day_of(fact: Fact, zone: str) -> date:
    """The local day of a fact."""
    return local_day(fact.occurred_at, zone)


def times_of(facts: Iterable[Fact], zone: str) -> dict[tuple[str, str], int]:
    """The time of every whole-day fact: that of the latest timed fact of a lower rank within its day, else 00:00
    (CLOCKS.md 4)."""
    found = list(facts)
    whole = [fact for fact in found if fact.whole_day]
    timed = [(day_of(f, zone), RANK_OF[type(f)], f.occurred_at) for f in found if not f.whole_day] if whole else []
    return {
        (fact.source, fact.id): max(
            (at for day, rank, at in timed if day == day_of(fact, zone) and rank < RANK_OF[type(fact)]),
            default=fact.occurred_at,
        )
        for fact in whole
    }


def in_order(facts: Iterable[Fact], times: dict[tuple[str, str], int]) -> list[Fact]:
    """Facts by (time, rank, source, id); `times` gives those of whole days."""
    return sorted(
        facts,
        key=lambda f: (
            times.get((f.source, f.id), f.occurred_at) if f.whole_day else f.occurred_at,
            RANK_OF[type(f)],
            f.source,
            f.id,
        ),
    )


def resolve(versions: Iterable[Fact]) -> list[Fact]:
    """The version of each (source, id) that speaks: the greatest (recorded, operation, content); deletions are gone."""
    current: dict[tuple[str, str], Fact] = {}
    for version in versions:
        key = (version.source, version.id)
        other = current.get(key)
        if other is None or outranks(version, other):
            current[key] = version
    return [fact for fact in current.values() if type(fact) is not Fact]


def outranks(one: Fact, other: Fact) -> bool:
    """True when the first version speaks rather than the second (RULES.md §3.7)."""
    left, right = (one.recorded_at, one.operation), (other.recorded_at, other.operation)
    return left > right if left != right else content(one) > content(other)


def content(fact: Fact) -> str:
    """What a version says, for comparing: (at, judged fields sorted by name, type)."""
    kind = RANK_OF[type(fact)]
    fields = sorted((name, repr(getattr(fact, name))) for name in fact.__struct_fields__[7:])
    return repr((fact.occurred_at, fact.whole_day, fields, kind))


class Verdict(Struct, frozen=True, kw_only=True):
    """What a rule says of one occasion. `rests_on` are the (source, id) of its evidence, in order."""

    step: str = ""
    occasion: tuple[str, str]
    state: str = "open"
    ended_at: int | None = None
    severity: str = ""
    reason: str
    at: int
    due_date: date | None = None
    due_at: int | None = None
    provisional: bool = False
    actor: str = ""
    value: float | None = None
    threshold: float | None = None
    params: dict[str, str] = {}
    rests_on: tuple[tuple[str, str], ...] = ()


class Ruling(Struct, frozen=True):
    """All that one rule says of one subject: `wake` is the next instant at which it may say something else."""

    verdicts: tuple[Verdict, ...] = ()
    clocks: tuple[Clock, ...] = ()
    wake: int | None = None
    counted: tuple[str, ...] = ()


SILENT = Ruling()


class Versions(Protocol):
    """Every version of the events of a subject, for what must know how they were entered."""

    def __call__(self) -> Sequence[Fact]: ...


class Kind(Protocol):
    """One rule, ready to judge subjects: a state per subject, stepped in order, then asked for its ruling."""

    ranks: frozenset[int]

    def new(self) -> Any:
        """The state before any fact."""

    def step(self, state: Any, fact: Any, context: Context) -> None:
        """Takes the next fact in order; `state` is changed in place."""

    def ruling(self, state: Any, context: Context, now: int, versions: Versions | None) -> Ruling:
        """What stands at `now`; `versions` is given only when some event was entered late or changed."""


def days_later(day: date, days: int) -> date:
    """The date so many calendar days later."""
    return day + timedelta(days=days)
