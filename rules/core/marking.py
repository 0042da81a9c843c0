"""Decides which marks groups are told of: of every message its time, but of those that lie close the outermost alone.

A mark is left out where the ones before and after it are told and lie no further apart than half of the shortest
silence: it can neither begin nor end one, whatever other chunks bring.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

import msgspec

from rules.core.slots import Slots
from rules.core.step import Step
from rules.judging.context import Context
from rules.kinds.silence import Silence
from rules.model.events import Event
from rules.model.facts import GroupFact, group_key, mark_id

Marks = dict[int, Event]
"""The messages of a group by their time; of several of one time the first in the order of the group."""


def tell_marks(events: Sequence[Event], slots: Slots, step: Step, groupings: Collection[str] | None = None) -> None:
    """Tells the groups that listen for silence of what a chunk brings; `groupings` limits it to some of them.

    What came too late for its source is no mark. The marks of each rule are thinned by themselves: versions of one may
    hear other messages.
    """
    if not slots.listening:
        return
    context, lateness = Context("", slots.places, frozenset()), slots.book.tables.sources.lateness
    heard: dict[tuple[int, Any], tuple[Silence, Marks]] = {}
    for event in events:
        at, fact = event.at if event.is_timed else _end_of(event, slots), event.fact
        if at is None or fact.received_at - at > lateness(fact.source):
            continue
        for body, hears_all in _here(event, slots).listening.get(event.rank, ()):
            value = _value(body, hears_all, event, context)
            if value is None or (groupings is not None and body.name not in groupings):
                continue
            known = heard.get((id(body), value))
            if known is None:
                heard[id(body), value] = (body, {at: event})
            elif (other := known[1].get(at)) is None or _order(event) < _order(other):
                known[1][at] = event
    found: dict[tuple[str, str, str], GroupFact] = {}
    for (_, value), (body, marks) in heard.items():
        group = group_key(body.name, value if isinstance(value, tuple) else (value,))
        for mark in (_told(group, at, marks[at]) for at in thinned(sorted(marks), body.shortest(context) // 2)):
            found[group, mark.source, mark.id] = mark
    step.facts += found.values()


def _here(event: Event, slots: Slots) -> Slots:
    """The rules as they read where an event happened."""
    fact: Any = event.fact
    return slots.within(fact.region) if slots.regional else slots


def _end_of(event: Event, slots: Slots) -> int | None:
    """A date without a time is heard until its 24:00; a deletion says nothing of when something was done."""
    return slots.places.end_of(event.fact) if event.rank else None


def _value(body: Silence, hears_all: bool, event: Event, context: Context) -> Any:
    """By what the group is known that hears this event, one value or several; None where none does."""
    rank, fact = event.rank, event.fact
    context.subject = event.subject
    if not hears_all:
        context.alone(fact)
        if not body.hears(fact, context):
            return None
    assert body.grouping is not None
    parts = body.grouping.parts
    if len(parts) == 1:
        value = parts[0].functions[rank](fact, context)
        return None if value == "" else value
    values = tuple(part.functions[rank](fact, context) for part in parts)
    return None if any(value is None or value == "" for value in values) else values


def _order(event: Event) -> tuple[int, str, str]:
    return event.rank, event.fact.source, mark_id(event.fact)


def _told(group: str, at: int, event: Event) -> GroupFact:
    fact = event.fact
    if fact.whole_day:
        fact = msgspec.structs.replace(fact, occurred_at=at, whole_day=False)
    return GroupFact(group, fact.source, mark_id(fact), 0, True, event.subject, fact, fact.recorded_at)


def thinned(times: Sequence[int], closest: int) -> Iterator[int]:
    """The first and the last of rising times, and so many between that none of the gaps is wider than need be."""
    told: int | None = None
    for at, following in zip(times, (*times[1:], None), strict=False):
        if told is None or following is None or following - told > closest:
            told = at
            yield at
