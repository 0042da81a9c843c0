"""Decides whether an event came too late for groups: later than its source may be."""

from __future__ import annotations

from rules.judging.place import Places
from rules.model.events import Fact
from rules.model.times import local_day, next_midnight
from rules.tables import Tables


class Lateness:
    """What the sources of a book may be late by."""

    def __init__(self, places: Places, tables: Tables) -> None:
        self._places, self._sources = places, tables.sources

    def over(self, fact: Fact) -> bool:
        """Whether an event came later than that; a whole day is over at its 24:00 in the region of the event."""
        over = fact.occurred_at
        if fact.whole_day:
            zone = self._places.of(fact.region).zone  # type: ignore[attr-defined]
            over = next_midnight(local_day(over, zone), zone)
        return fact.received_at - over > self._sources.lateness(fact.source)
