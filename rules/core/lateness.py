"""Decides whether an event came too late for groups: later than its source may be."""

from __future__ import annotations

from rules.judging.place import Places
from rules.judging.windows import Grouping
from rules.model.facts import GroupFact
from rules.tables import Tables


class Lateness:
    """What the sources of a book may be late by."""

    def __init__(self, places: Places, tables: Tables) -> None:
        self._places, self._sources = places, tables.sources

    def over(self, told: GroupFact, grouping: Grouping) -> bool:
        """Whether an event came later after its time on the axis than that; a whole day is over at its 24:00 in the
        region of the event. An opening is told as long as the rules of its subject listen."""
        if grouping.holds == "openings":
            return False
        fact = told.fact
        at_once = grouping.axis != "at" or not fact.whole_day
        over = grouping.time_of(fact, told.first_recorded_at) if at_once else self._places.end_of(fact)
        return int(fact.received_at) - over > self._sources.lateness(told.source)
