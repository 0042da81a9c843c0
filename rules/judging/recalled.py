"""Decides what is known of a subject that is followed quietly: it is read from the events only where a rule asks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from rules.judging.context import NO_TIMES, Context
from rules.judging.place import Places
from rules.model.events import Fact

KEPT = frozenset({"subject", "places", "remembered", "remembered_first", "firsts", "times"})
READ = tuple(name for name in Context.__slots__ if name not in KEPT)

Past = Callable[[], Sequence[Fact]]
"""Gives the events before the one at hand, in order."""


class Recalled(Context):
    """The context of one event of a subject, then of the next one; what no rule asks for is never read."""

    __slots__ = ("_fact", "_is_read", "_past")

    def __init__(
        self, places: Places, remembered: frozenset[int], remembered_first: frozenset[int] | None = None
    ) -> None:
        self.places, self.remembered = places, remembered
        self.remembered_first = remembered if remembered_first is None else remembered_first
        self.firsts = self.times = NO_TIMES
        self._is_read = False

    def turn(self, subject: str, fact: Fact, past: Past) -> None:
        """Turns to another event."""
        self.subject, self._fact, self._past = subject, fact, past
        if self._is_read:
            self._is_read = False
            for name in READ:
                delattr(self, name)

    def __getattr__(self, name: str) -> Any:
        """What has not been read yet of this event's past."""
        if name not in READ or self._is_read:
            raise AttributeError(name)
        Context.__init__(self, self.subject, self.places, self.remembered, self.remembered_first)
        self._is_read = True
        for fact in self._past():
            self.before(fact)
            self.after(fact)
        self.before(self._fact)
        return getattr(self, name)
