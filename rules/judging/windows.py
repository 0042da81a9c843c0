"""Decides what a kind must answer that judges groups, and which points lie together in a window at an instant."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Protocol

from msgspec import Struct

from rules.expression import Compiled
from rules.judging.context import Context
from rules.judging.selector import Selector
from rules.judging.verdicts import Ruling, Versions
from rules.model.events import RANK_OF
from rules.model.spans import Span
from rules.model.times import DAY, local_day, local_time, midnight

Key = tuple[str, str]


class Grouping(Struct, frozen=True):
    """By which values facts are grouped; `name` is how the key is written, the same for every rule that shares it."""

    name: str
    parts: tuple[Compiled, ...] = ()
    ranks: frozenset[int] = frozenset()


class Entry(Struct, array_like=True, gc=False):
    """One event as a kind of groups counts it: when, what it counts as, which it was."""

    at: int
    what: str
    key: Key
    actor: str = ""


class GroupKind(Protocol):
    """One rule, ready to judge groups: a state per group, pushed instant by instant, then asked for its ruling.

    A body whose `grouping` is not None is judged by the core of groups, any other by the core of subjects.
    """

    @property
    def rule(self) -> str:
        """The id of the rule."""

    @property
    def ranks(self) -> frozenset[int]:
        """The event types that it asks for an entry."""

    @property
    def grouping(self) -> Grouping | None:
        """By what it groups; None where it judges one subject."""

    def new(self) -> Any:
        """The state before any entry: a struct, which can be written as a row."""

    def copy(self, state: Any) -> Any:
        """A state that can go on without changing this one."""

    def decode(self, row: bytes) -> Any:
        """A state that was written as msgpack. Raises msgspec.MsgspecError for one of another kind."""

    def entry(self, fact: Any, context: Context) -> Any:
        """What a fact counts as; None when the rule does not count it."""

    def push(self, state: Any, instant: list[Any], zone: str) -> None:
        """Takes all entries of one instant, later than every one before; `state` is changed in place."""

    def ruling(self, state: Any, context: Context, now: int, versions: Versions | None) -> Ruling:
        """What stands at `now`."""

    def seal(self, state: Any) -> frozenset[Key]:
        """Lets go of what was said of the past for good; gives back the occasions that still go on."""

    def reach(self) -> int:
        """Microseconds of history behind a point that it may still need."""


class Grouped(Struct, frozen=True, kw_only=True):
    """What every kind of groups is made of; without a grouping each subject is a group of its own."""

    rule: str
    severity: str
    event: Selector
    when: Compiled | None = None
    grouping: Grouping | None = None
    ranks: frozenset[int] = frozenset()

    def takes(self, fact: Any, context: Context) -> bool:
        """Whether the rule looks at this event at all."""
        if self.event.clause_of(fact, context) is None:
            return False
        return self.when is None or bool(self.when.functions[RANK_OF[type(fact)]](fact, context))


class Window(Struct, frozen=True):
    """Which points lie together at an instant. `size` is None for the life of a subject."""

    size: Span | None = None

    def leaves(self, at: int, zone: str) -> int | None:
        """The last instant whose window still holds a point; calendar days are those of the region's zone."""
        if self.size is None:
            return None
        if self.size.unit == "exact":
            return at + self.size.amount
        day = local_day(at, zone)
        return local_time(day + timedelta(days=self.size.amount), at - midnight(day, zone), zone)

    def reach(self) -> int:
        """Microseconds behind an instant that its window may cover."""
        if self.size is None:
            return 0
        return self.size.amount if self.size.unit == "exact" else (self.size.amount + 1) * DAY
