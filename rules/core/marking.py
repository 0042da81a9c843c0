"""Decides which marks groups are told of: of every message its time, but of those that lie close the outermost alone.

A mark is left out where the ones before and after it are told and lie no further apart than half of the shortest
silence: it can neither begin nor end one, whatever other chunks bring.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import Any

import msgspec

from rules.core.lateness import Lateness
from rules.core.slots import Slots
from rules.core.step import Step
from rules.judging.context import Context
from rules.judging.windows import Grouping
from rules.kinds.silence import Silence
from rules.model.events import RANK_OF, Event
from rules.model.facts import GroupFact, group_key, mark_id
from rules.model.times import local_day, next_midnight

GROUPING = Grouping("", holds="marks")
Marks = dict[int, GroupFact]
"""The messages of a group by their time; of several of one time the first in the order of the group."""


def tell_marks(events: Sequence[Event], slots: Slots, step: Step, groupings: Collection[str] | None = None) -> None:
    """Tells the groups that listen for silence of what a chunk brings; `groupings` limits it to some of them.

    The marks of each rule are thinned by themselves: versions of one may hear other messages.
    """
    if not slots.listening:
        return
    context, lateness = Context("", slots.places, frozenset()), Lateness(slots.places, slots.book.tables)
    heard: dict[tuple[str, int], tuple[Silence, Marks]] = {}
    for event in events:
        for body in _here(event, slots).listening.get(event.rank, ()):
            told = _heard(body, event, context, groupings)
            if told is not None and not lateness.over(told, GROUPING):
                _note(heard.setdefault((told.group, id(body)), (body, {}))[1], _timed(told, context))
    found: dict[tuple[str, str, str], GroupFact] = {}
    for (group, _), (body, marks) in heard.items():
        closest = body.shortest(context) // 2
        for mark in (_named(marks[at]) for at in thinned(sorted(marks), closest)):
            found[group, mark.source, mark.id] = mark
    step.facts += found.values()


def _here(event: Event, slots: Slots) -> Slots:
    """The rules as they read where an event happened."""
    fact: Any = event.fact
    return slots.within(fact.region) if slots.regional and event.rank else slots


def _heard(body: Silence, event: Event, context: Context, groupings: Collection[str] | None) -> GroupFact | None:
    """The mark that an event is for the group that hears it; None where none does."""
    fact: Any = event.fact
    grouping = body.grouping
    assert grouping is not None
    if groupings is not None and grouping.name not in groupings:
        return None
    context.subject = event.subject
    context.alone(fact)
    if not body.hears(fact, context):
        return None
    values = tuple(part.functions[RANK_OF[type(fact)]](fact, context) for part in grouping.parts)
    if any(value is None or value == "" for value in values):
        return None
    group = group_key(grouping.name, values)
    return GroupFact(group, fact.source, "", 0, True, event.subject, fact, fact.recorded_at)


def _timed(told: GroupFact, context: Context) -> GroupFact:
    """A date without a time is heard until its 24:00."""
    fact = told.fact
    if not fact.whole_day:
        return told
    end = next_midnight(local_day(fact.occurred_at, context.zone), context.zone)
    return msgspec.structs.replace(told, fact=msgspec.structs.replace(fact, occurred_at=end, whole_day=False))


def _note(marks: Marks, told: GroupFact) -> None:
    known = marks.get(told.fact.occurred_at)
    if known is None or _order(told) < _order(known):
        marks[told.fact.occurred_at] = told


def _order(told: GroupFact) -> tuple[int, str, str]:
    return RANK_OF[type(told.fact)], told.source, mark_id(told.fact)


def _named(told: GroupFact) -> GroupFact:
    """Only what is told needs a name of its own."""
    return msgspec.structs.replace(told, id=mark_id(told.fact))


def thinned(times: Sequence[int], closest: int) -> Iterator[int]:
    """The first and the last of rising times, and so many between that none of the gaps is wider than need be."""
    told: int | None = None
    for at, following in zip(times, (*times[1:], None), strict=False):
        if told is None or following is None or following - told > closest:
            told = at
            yield at
