"""Decides what is known of a subject that is followed quietly: it is read from the events only where a rule asks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from rules.judging.context import NO_FACTS, NO_TIMES, Context
from rules.judging.place import Places
from rules.model.events import Fact

KEPT = frozenset({"subject", "places", "remembered", "remembered_first", "firsts", "times"})
FACTS = ("latest", "first")
PLACE = tuple(name for name in Context.__slots__ if name not in KEPT and name not in FACTS)
READ = (*FACTS, *PLACE)


class Past(Protocol):
    """What is behind an event of a subject."""

    @property
    def subject(self) -> str:
        """Whose event it is."""

    def in_order(self) -> Sequence[Fact]:
        """The events before the one at hand, in the order in which they are judged."""


class Recalled(Context):
    """The context of one event of a subject, then of the next one; what no rule asks for is never read."""

    __slots__ = ("_fact", "_has_facts", "_has_place", "_past")

    def __init__(
        self, places: Places, remembered: frozenset[int], remembered_first: frozenset[int] | None = None
    ) -> None:
        self.places, self.remembered = places, remembered
        self.remembered_first = remembered if remembered_first is None else remembered_first
        self.firsts = self.times = NO_TIMES
        self._has_facts = self._has_place = False

    def turn(self, fact: Fact, past: Past) -> None:
        """Turns to another event."""
        self.subject, self._fact, self._past = past.subject, fact, past
        if self._has_facts:
            del self.latest, self.first
            self._has_facts = False
        if self._has_place:
            for name in PLACE:
                delattr(self, name)
            self._has_place = False

    def __getattr__(self, name: str) -> Any:
        """What has not been read yet of this event's past."""
        if name not in READ or self._has_place:
            raise AttributeError(name)
        facts = self._past.in_order()
        if not self._has_facts:
            self._has_facts, self.latest, self.first = True, NO_FACTS, NO_FACTS
            for fact in facts:
                self.after(fact)
        if name not in FACTS:
            latest, first, self._has_place = self.latest, self.first, True
            Context.__init__(self, self.subject, self.places, self.remembered, self.remembered_first)
            self.latest, self.first = latest, first
            for fact in facts:
                self.before(fact)
            self.before(self._fact)
        return getattr(self, name)
