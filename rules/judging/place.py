"""Decides by which zone, calendar and office hours a region counts; asked once per region, then remembered."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from rules.calendar import Calendar, OfficeHours
from rules.judging.closed import pause_of
from rules.judging.due import Pause
from rules.model.times import local_day, next_midnight
from rules.tables import Tables

NEXT_WORKDAY = "next_workday"


class Place(Struct, frozen=True):
    """How one region counts time."""

    zone: str
    calendar: Calendar
    office: OfficeHours
    off_hours_count_from_next_workday: bool
    closures: tuple[tuple[str, Pause], ...] = ()

    def closed(self, organ: str) -> tuple[Pause, ...]:
        """The declared closures that pause the clocks of an organ here."""
        return tuple(pause for closed, pause in self.closures if closed in ("", organ))


class Places:
    """The places of a book's tables."""

    __slots__ = ("_known", "holding", "tables")

    def __init__(self, tables: Tables) -> None:
        self.tables, self.holding = tables, tables.sources.holds_back
        self._known: dict[str, Place] = {}

    def hold_back(self, source: str) -> int:
        """How much later than it is due a clock fires that waits for events of that source."""
        return self.tables.sources.hold_back(source) if self.holding else 0

    def of(self, region: str) -> Place:
        """How that region counts; the default region's way where nothing is declared."""
        place = self._known.get(region)
        if place is None:
            tables, declared = self.tables, self.tables.regions.of(region)
            closed = tuple((each.organ, pause_of(each, declared.zone)) for each in tables.closures.of(region))
            place = self._known[region] = Place(
                tables.regions.zone(region),
                tables.calendar(region),
                tables.office(region),
                declared.off_hours == NEXT_WORKDAY,
                closed,
            )
        return place

    def end_of(self, fact: Any) -> int:
        """When an event is over: a date without a time at its 24:00, in the region of the event."""
        if not fact.whole_day:
            return int(fact.occurred_at)
        zone = self.of(fact.region).zone
        return next_midnight(local_day(fact.occurred_at, zone), zone)
