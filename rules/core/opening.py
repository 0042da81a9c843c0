"""Decides what groups are told of when subjects are open: each opening under the key of its start, with its stop.

Openings are reckoned from the log of the subject before and after a change, and the difference is told: a stop, a start
that was corrected to another key, one that never was. Nothing is remembered for it but the log.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import msgspec

from rules.core.folding import arranged, heard, home_of
from rules.core.record import Record
from rules.core.slots import Slots
from rules.core.step import Step
from rules.judging.context import Context
from rules.kinds.overlap import Overlap
from rules.model.events import Fact
from rules.model.facts import GroupFact, key_of, opening_id

Openings = dict[tuple[str, str, str], GroupFact]
"""By grouping, source and name."""


def tell_openings(record: Record, slots: Slots, before: Sequence[Fact], after: Sequence[Fact], step: Step) -> None:
    """Tells what changed from the versions `before` to those `after`."""
    old, new = _openings(record, slots, before), _openings(record, slots, after)
    for key, was in old.items():
        if key not in new or new[key].group != was.group:
            step.facts.append(msgspec.structs.replace(was, version=record.count, present=False))
    step.facts += [opening for key, opening in new.items() if key not in old or _differs(opening, old[key])]


def tell_past_openings(record: Record, slots: Slots, groupings: Collection[str], step: Step) -> None:
    """Every opening of a subject, for groupings that may not know of it."""
    found = _openings(record, slots, record.versions()) if slots.opening else {}
    step.facts += [opening for (grouping, *_), opening in found.items() if grouping in groupings]


def _differs(one: GroupFact, other: GroupFact) -> bool:
    kept = (other.group, other.opening, other.placed_at, other.fact)
    return (one.group, one.opening, one.placed_at, one.fact) != kept


def _openings(record: Record, slots: Slots, versions: Sequence[Fact]) -> Openings:
    """The openings of a subject by these versions, for every rule as it reads in the region of the subject."""
    facts = heard(versions)[0]
    found: Openings = {}
    for place in range(len(slots.opening)):
        context = Context(record.subject, slots.places, slots.remembered, slots.remembered_first)
        ordered = arranged(facts, versions, slots, context)
        here = slots.within(home_of(ordered)) if slots.regional else slots
        found |= _of_rule(here.opening[place], ordered, context, record)
    return found


def _of_rule(body: Overlap, facts: Sequence[Fact], context: Context, record: Record) -> Openings:
    """Without those that lack what they would be grouped by."""
    found: Openings = {}
    for fact, values, stopped in body.openings(facts, context):
        group, known_as = key_of(body.name, values), opening_id(fact.id, body.terms)
        if group is not None:
            told = (fact.source, known_as, record.count, True, record.subject, fact, fact.recorded_at)
            placed_at = context.time_of(fact) if fact.whole_day else None
            found[body.name, fact.source, known_as] = GroupFact(group, *told, (body.terms, stopped), placed_at)
    return found
