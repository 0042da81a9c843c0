"""Decides what is known of a subject at each of its events: earlier facts, its item, its region and its zone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from rules.judging.place import Place, Places
from rules.model.events import RANK_OF, TYPES, Fact
from rules.model.facts import Order
from rules.model.times import local_day, next_midnight
from rules.tables import Item

APPLIED = TYPES["case.applied"].rank
NOTHING = Item(task_code="")
NO_FACTS: Mapping[int, Fact] = {}
NO_TIMES: Mapping[tuple[str, str], int] = {}


class Context:
    """What is known of a subject so far, as a fold over its facts in order: expressions read it as `c`."""

    __slots__ = (
        "_applied_at",
        "_applied_in",
        "_item",
        "_item_key",
        "department",
        "first",
        "firsts",
        "home",
        "latest",
        "opening",
        "organ",
        "place",
        "places",
        "region",
        "remembered",
        "remembered_first",
        "subject",
        "task_code",
        "times",
    )

    def __init__(
        self, subject: str, places: Places, remembered: frozenset[int], remembered_first: frozenset[int] | None = None
    ) -> None:
        self.subject, self.places, self.remembered = subject, places, remembered
        self.remembered_first = remembered if remembered_first is None else remembered_first
        self.latest = self.first = NO_FACTS
        self.firsts = self.times = NO_TIMES
        self.region = self.home = self.task_code = self.department = self.organ = ""
        self.place = self._applied_in = places.of("")
        self.opening: tuple[str, Order | None] | None = None
        self._applied_at: int | None = None
        self._item: Item = NOTHING
        self._item_key: tuple[str, date] | None = None

    def before(self, fact: Any) -> None:
        """Takes the item and the region of a fact before rules judge it; the fact itself is noted afterwards."""
        if fact.task_code:
            self.task_code = fact.task_code
        region = fact.region
        if region and region != self.region:
            if not self.region:
                self.home = region
            self.region = region
            self.place = self.places.of(region)
        if fact.department:
            self.department = fact.department
        if fact.organ:
            self.organ = fact.organ
        if self._applied_at is None or RANK_OF[type(fact)] == APPLIED:
            self._applied_at, self._applied_in = fact.occurred_at, self.place

    def alone(self, fact: Any) -> None:
        """Takes a fact as if there were no other: members of a group have nothing to do with each other's cases."""
        if fact.region != self.region:
            self.region = fact.region
            self.place = self.places.of(self.region)
        self.home = self.region or self.home
        self.task_code, self.department, self.organ = fact.task_code, fact.department, fact.organ
        self._applied_at, self._applied_in = fact.occurred_at, self.place

    def after(self, fact: Fact) -> None:
        """Notes a fact for what comes after it."""
        rank = RANK_OF[type(fact)]
        if rank in self.remembered:
            self.latest = {**self.latest, rank: fact}
            if rank in self.remembered_first and rank not in self.first:
                self.first = {**self.first, rank: fact}

    @property
    def item(self) -> Item:
        """The catalogue version in force when the case was applied for; an empty one where there is none."""
        at, zone = self._applied_at, self._applied_in.zone
        key = (self.task_code, date.min if at is None else local_day(at, zone))
        if key != self._item_key:
            self._item_key = key
            self._item = self.places.tables.items.lookup(*key) or NOTHING
        return self._item

    def declared(self, table: str, key: str | None, at: int | date | None) -> Mapping[str, Any] | None:
        """What a declared table says of a key, here and on that day; None where it says nothing."""
        if key is None or at is None:
            return None
        day = at if isinstance(at, date) else local_day(at, self.zone)
        return self.places.tables.declared.row(table, key, day, self.region)

    def declares(self, table: str) -> bool | None:
        """True where anything is declared in a table, else None."""
        return self.places.tables.declared.says_something(table) or None

    @property
    def home_place(self) -> Place:
        """How the region of the first event counts: what is asked once for a whole subject is asked of it."""
        return self.places.of(self.home)

    @property
    def zone(self) -> str:
        """The time zone of the subject's region."""
        return self.place.zone

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
