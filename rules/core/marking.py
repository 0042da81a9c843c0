"""Decides which marks groups are told of: of every message its time, but of those that lie close the outermost alone.

A mark is left out where the ones before and after it are told and lie no further apart than half of the shortest
silence: it can neither begin nor end one, whatever other chunks bring. Where nothing is kept but in memory, the last
one too waits until then: until it is told, `now` has not come to where a silence might begin.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from heapq import heappop, heappush
from typing import Any

import msgspec
from msgspec import Struct

from rules.core.slots import Slots
from rules.core.step import Step
from rules.judging.context import Context
from rules.kinds.silence import Silence
from rules.model.events import Event
from rules.model.facts import GroupFact, key_of, mark_id

Marks = dict[int, Event]
"""The messages of a group by their time; of several of one time the first in the order of the group."""


Ear = tuple[int, str]
"""One rule, by the identity of its body, and one group that listens for it."""


class Waiting(Struct):
    """The last mark of a group, which it is told when it is `due`: not all of the shortest silence has passed then."""

    due: int
    at: int
    event: Event


class Marking:
    """What the groups that listen for silence are told by one core, and what each of them was told last.

    That is remembered while the core lives, and is nothing but a reason to tell less: a mark that was told stays told.
    Only a core that loses nothing with its memory `defers`.
    """

    def __init__(self, slots: Slots, defers: bool = False) -> None:
        self.slots, self.context, self.defers = slots, Context("", slots.places, frozenset()), defers
        self._lateness = slots.book.tables.sources.lateness
        self._closest: dict[int, int] = {}
        self._told: dict[Ear, int] = {}
        self._waiting: dict[Ear, Waiting] = {}
        self._turns: list[tuple[int, Ear]] = []

    @property
    def wake(self) -> int | None:
        """The earliest instant at which a mark that waits is told."""
        return self._turns[0][0] if self._turns else None

    def tell(self, events: Sequence[Event], step: Step, groupings: Collection[str] | None = None) -> None:
        """Tells the groups that listen for silence of what a chunk brings; `groupings` limits it to some of them.

        What came too late for its source is no mark. The marks of each rule are thinned by themselves: versions of one
        may hear other messages.
        """
        if not self.slots.listening:
            return
        found: dict[tuple[str, str, str], GroupFact] = {}
        for body, values, marks in self._heard(events):
            group = key_of(body.name, values) if groupings is None or body.name in groupings else None
            if group is not None:
                for mark in self._telling((id(body), group), marks, self._closest_of(body)):
                    found[group, mark.source, mark.id] = mark
        step.facts += found.values()

    def tell_waiting(self, now: int, step: Step) -> None:
        """Tells what has waited long enough."""
        while self._turns and self._turns[0][0] <= now:
            due, key = heappop(self._turns)
            each = self._waiting.get(key)
            if each is not None and each.due == due:  # else it was told with what came after it
                del self._waiting[key]
                self._told[key] = each.at
                step.facts.append(_told(key[1], each.at, each.event))

    def _heard(self, events: Sequence[Event]) -> Iterator[tuple[Silence, tuple[Any, ...], Marks]]:
        """What each group of each rule hears."""
        slots, context, lateness = self.slots, self.context, self._lateness
        heard: dict[int, tuple[Silence, dict[Any, Marks]]] = {}
        for event in events:
            fact: Any = event.fact
            listening = (slots.within(fact.region) if slots.regional else slots).listening.get(event.rank)
            if not listening:
                continue
            at = event.at if event.is_timed else _end_of(event, slots)
            if at is None or fact.received_at - at > lateness(fact.source):
                continue
            context.subject = event.subject
            for body, group_of in listening:
                values = group_of(fact, context)
                if not values:
                    continue
                groups = heard.get(id(body))
                if groups is None:
                    groups = heard[id(body)] = (body, {})
                known = groups[1].get(values)
                if known is None:
                    groups[1][values] = {at: event}
                elif (other := known.get(at)) is None or _order(event) < _order(other):
                    known[at] = event
        for body, found in heard.values():
            for values, marks in found.items():
                yield body, values, marks

    def _closest_of(self, body: Silence) -> int:
        found = self._closest.get(id(body))
        if found is None:
            found = self._closest[id(body)] = body.shortest(self.context) // 2
        return found

    def _telling(self, key: Ear, marks: Marks, closest: int) -> Iterable[GroupFact]:
        """The marks of a chunk that a group is told of; those behind what it was told last are thinned alone."""
        last, times = self._told.get(key), sorted(marks)
        if self.defers and last is not None and last < times[0] and times[-1] - last <= closest:
            self._put_off(key, Waiting(last + closest, times[-1], marks[times[-1]]))
            return ()
        waiting = self._waiting.pop(key, None)
        if waiting is not None:
            marks = {waiting.at: waiting.event, **marks}
            times = sorted(marks)
        told = list(thinned(times, closest, last if last is not None and last < times[0] else None))
        if last is None or last < told[-1]:
            self._told[key] = told[-1]
        return [_told(key[1], at, marks[at]) for at in told]

    def _put_off(self, key: Ear, mark: Waiting) -> None:
        other = self._waiting.get(key)
        if other is None:
            self._waiting[key] = mark
            heappush(self._turns, (mark.due, key))
        elif other.at < mark.at:
            other.at, other.event = mark.at, mark.event


def _end_of(event: Event, slots: Slots) -> int | None:
    """A date without a time is heard until its 24:00; a deletion says nothing of when something was done."""
    return slots.places.end_of(event.fact) if event.rank else None


def _order(event: Event) -> tuple[int, str, str]:
    return event.rank, event.fact.source, mark_id(event.fact)


def _told(group: str, at: int, event: Event) -> GroupFact:
    fact = event.fact
    if fact.whole_day:
        fact = msgspec.structs.replace(fact, occurred_at=at, whole_day=False)
    return GroupFact(group, fact.source, mark_id(fact), 0, True, event.subject, fact, fact.recorded_at)


def thinned(times: Sequence[int], closest: int, told: int | None = None) -> Iterator[int]:
    """The first and the last of rising times, and so many between that none of the gaps is wider than need be; the
    first too may be left out where one before it was `told`."""
    for at, following in zip(times, (*times[1:], None), strict=False):
        if told is None or following is None or following - told > closest:
            told = at
            yield at
