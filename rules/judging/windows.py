"""Decides what a kind must answer that judges groups, and which points lie together in a window at an instant."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Any, Literal, Protocol, TypeAlias

from msgspec import Struct

from rules.expression import Compiled
from rules.judging.context import Context
from rules.judging.selector import Selector
from rules.judging.verdicts import Ruling, Versions
from rules.model.events import RANK_OF
from rules.model.spans import Span
from rules.model.times import DAY, local_day, local_time, midnight, next_midnight
from rules.tables import Tables

Key = tuple[str, str]
Axis: TypeAlias = Literal["at", "recorded_at", "received_at"]
WindowType: TypeAlias = Literal["sliding", "tumbling", "session", "life"]
Holds: TypeAlias = Literal["events", "marks", "openings"]
AXES: tuple[Axis, ...] = ("at", "recorded_at", "received_at")
A_MONDAY = date(1970, 1, 5)
MOST_BEHIND = 512
"""How many entries that have left a window are dragged along before the list is cut."""


class Grouping(Struct, frozen=True):
    """By which values facts are grouped, and which of their times orders them.

    `name` is how the key is written, the same for every rule that shares it.

    A group holds events as they are now, marks (times of messages, which nothing takes back), or openings (from when to
    when subjects are open).
    """

    name: str
    parts: tuple[Compiled, ...] = ()
    ranks: frozenset[int] = frozenset()
    axis: Axis = "at"
    holds: Holds = "events"

    @property
    def counts(self) -> bool:
        """Whether an event that came too late for the group is counted as not judged."""
        return self.holds == "events"

    def time_of(self, fact: Any, first_recorded_at: int) -> int:
        """The time of an event on the axis: when it occurred, was first recorded, or first reached us."""
        if self.axis == "at":
            return int(fact.occurred_at)
        return first_recorded_at if self.axis == "recorded_at" else int(fact.received_at)


def grouping_name(parts: Sequence[str], axis: Axis) -> str:
    """How a grouping is written in the keys of its groups."""
    return ", ".join(parts) + (f" by {axis}" if axis != "at" else "")


def grouping_named(name: str) -> Grouping:
    """A grouping of which no more is known than its name: that of a group which no rule of a book asks for."""
    axis = next((axis for axis in AXES if name.endswith(f" by {axis}")), AXES[0])
    return Grouping(name, axis=axis)


class Entry(Struct, array_like=True, gc=False):
    """One event as a kind of groups counts it: when, what and how much it counts as, which it was."""

    at: int
    what: str
    key: Key
    actor: str = ""
    amount: int = 0


class Timed(Protocol):
    """A point on the axis of a group."""

    @property
    def at(self) -> int:
        """Its time."""


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

    def awaited(self, tables: Tables) -> Iterable[str]:
        """The groups that are judged though nothing was ever told of them."""

    def seal(self, state: Any) -> frozenset[Key]:
        """Lets go of what was said of the past for good; gives back the occasions that still go on."""

    def may_show(self, state: Any) -> frozenset[Key]:
        """The events of the past that what it will say may yet rest on, under the keys of their points."""

    def reach(self) -> int:
        """Microseconds of history behind a point that it may still need."""

    def few(self, points: Sequence[Timed]) -> bool:
        """Whether the last of these points, which are in order, cannot break anything, even if some are missing."""


class Grouped(Struct, frozen=True, kw_only=True):
    """What every kind of groups is made of; without a grouping each subject is a group of its own."""

    rule: str
    severity: str
    event: Selector
    when: Compiled | None = None
    grouping: Grouping | None = None
    ranks: frozenset[int] = frozenset()

    def awaited(self, tables: Tables) -> Iterable[str]:
        return ()

    def takes(self, fact: Any, context: Context) -> bool:
        """Whether the rule looks at this event at all."""
        if self.event.clause_of(fact, context) is None:
            return False
        return self.when is None or bool(self.when.functions[RANK_OF[type(fact)]](fact, context))

    def few(self, points: Sequence[Timed]) -> bool:
        """Whether the last of these points, which are in order, cannot break anything: too few came with it."""
        return False

    def copy(self, state: Any) -> Any:
        """A state that can go on without changing this one: its lists and mappings are its own."""
        return type(state)(**{name: _copied(getattr(state, name)) for name in state.__struct_fields__})

    def said(self) -> dict[str, str]:
        """What else the text of an alert may say: a `unit` of value and threshold."""
        return {}

    def counted(self, fact: Any, context: Context, what: str = "", amount: int = 0) -> Entry:
        """An event as it counts here."""
        return Entry(self.time_of(fact, context), what, (fact.source, fact.id), fact.actor, amount)

    def time_of(self, fact: Any, context: Context) -> int:
        """When an event counts as having happened here."""
        if self.grouping is None or self.grouping.axis == "at":
            return context.time_of(fact)
        return self.grouping.time_of(fact, context.first_recorded_at(fact))


def _copied(value: Any) -> Any:
    """A list or a dict of its own; anything else is never changed."""
    return list(value) if isinstance(value, list) else dict(value) if isinstance(value, dict) else value


def cut(entries: list[Entry], start: int) -> int:
    """Forgets the entries before `start`, which have left a window, once they are many; where the others begin then."""
    if start <= MOST_BEHIND or 2 * start <= len(entries):
        return start
    del entries[:start]
    return 0


class Window(Struct, frozen=True):
    """Which points lie together at an instant.

    sliding: those of [t − size, t]. tumbling: those of t's bucket up to t; buckets of hours and less are counted from
    each local midnight, those of days from a Monday. session: those up to t between which no gap is longer than
    `size`. life: all of the subject, or those of [t − size, t] where it forgets. Without a size nothing ever leaves.
    """

    type: WindowType
    size: Span | None = None

    @property
    def is_exact(self) -> bool:
        """Whether it is [t − size, t] by the clock, wherever the points come from."""
        return self.type == "sliding" and self.size is not None and self.size.unit == "exact"

    @property
    def parts_at_once(self) -> bool:
        """Whether all points leave together, when the window becomes empty."""
        return self.type in ("tumbling", "session")

    def leaves(self, at: int, zone: str) -> int:
        """The last instant whose window still holds a point, unless a session goes on; days are calendar days."""
        assert self.size is not None
        if self.type == "tumbling":
            return self._bucket_end(at, self.size, zone) - 1
        if self.size.unit == "exact":
            return at + self.size.amount
        day = local_day(at, zone)
        return local_time(day + timedelta(days=self.size.amount), at - midnight(day, zone), zone)

    def empty_at(self, at: int, zone: str) -> int:
        """The instant at which an episode ends whose last point this is: the last that holds it, a bucket's end."""
        return self.leaves(at, zone) + (1 if self.type == "tumbling" else 0)

    @staticmethod
    def _bucket_end(at: int, size: Span, zone: str) -> int:
        day = local_day(at, zone)
        if size.unit == "exact":
            begin = midnight(day, zone)
            return min(begin + ((at - begin) // size.amount + 1) * size.amount, next_midnight(day, zone))
        later = size.amount - (day - A_MONDAY).days % size.amount
        return midnight(day + timedelta(days=later), zone)

    def outlived(self, entries: list[Entry], start: int, at: int, zone: str) -> int:
        """The place of the first entry, from `start` on, that the window at an instant still holds."""
        assert self.size is not None
        number = len(entries)
        if self.size.unit == "exact" and not self.parts_at_once:
            since = at - self.size.amount
            while start < number and entries[start].at < since:
                start += 1
            return start
        if self.parts_at_once:
            return number if start < number and self.leaves(entries[-1].at, zone) < at else start
        while start < number and self.leaves(entries[start].at, zone) < at:
            start += 1
        return start

    def reach(self) -> int:
        """Microseconds behind an instant that its window may cover."""
        if self.size is None:
            return 0
        return self.size.amount if self.size.unit == "exact" else (self.size.amount + 1) * DAY
