"""Decides what groups are told when an event of a subject appears, changes or goes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from rules.core.marking import Marking
from rules.core.opening import tell_openings, tell_past_openings
from rules.core.reaching import counting
from rules.core.record import Record
from rules.core.slots import Slots
from rules.core.step import Step
from rules.judging.versions import resolve
from rules.judging.windows import Grouping
from rules.model.contract import event_of
from rules.model.events import RANK_OF, Fact
from rules.model.facts import GroupFact, key_of


def tell_new(record: Record, slots: Slots, fact: Fact, step: Step) -> None:
    """An event that was not known before, and comes after all others."""
    rank = RANK_OF[type(fact)]
    if rank in slots.opening_ranks:
        versions = record.versions()
        tell_openings(record, slots, versions[:-1], versions, step)
    for grouping in slots.groupings.get(rank, ()):
        group = _key(grouping, fact, slots)
        if group is not None:
            told = GroupFact(group, fact.source, fact.id, record.count, True, record.subject, fact, fact.recorded_at)
            step.facts.append(told)


def tell_changed(record: Record, slots: Slots, versions: Sequence[Fact], fact: Fact, step: Step) -> None:
    """A further version of what was known by `versions`.

    How late an event came is a matter of its first version: a correction does not make it late, but one that came long
    after all that rests on the event is not heard.
    """
    if slots.opening:
        tell_openings(record, slots, versions, [*versions, fact], step)
    same = [version for version in versions if version.id == fact.id and version.source == fact.source]
    known, unheard = [*same, fact], False
    for grouping in _groupings(known, slots):
        reach = slots.reaches[grouping.name]
        before, heard = resolve(counting(same, reach)), counting(known, reach)
        after = resolve(heard)
        new, first = _as_first_told(after[0], heard) if after else (None, 0)
        _tell(grouping, before[0] if before else None, new, first, record, slots, step)
        unheard = unheard or all(version is not fact for version in heard)
    step.unjudged += [(fact.source, fact.id)] * unheard


def tell_past(record: Record, slots: Slots, groupings: Sequence[Grouping], step: Step) -> None:
    """Every event of a subject, for groupings that may not know of it: what is there, and what is there no more.

    What they know already is said in the version in which they know it, and changes nothing.
    """
    found: dict[tuple[str, str], list[Fact]] = {}
    versions, names = record.versions(), {grouping.name for grouping in groupings}
    tell_past_openings(record, slots, names, step)
    Marking(slots).tell([event_of(record.subject, version) for version in versions], step, names)
    for version in versions:
        found.setdefault((version.source, version.id), []).append(version)
    for versions in found.values():
        for grouping in (each for each in groupings if each.holds == "events"):
            same = counting(versions, slots.reaches[grouping.name])
            speaks = resolve(same)
            new, first = _as_first_told(speaks[0], same) if speaks else (None, 0)
            for old in same:
                if old is not (speaks[0] if speaks else None):
                    _untell(grouping, old, new, record, slots, step)
            _tell(grouping, None, new, first, record, slots, step)


def _as_first_told(fact: Fact, same: Sequence[Fact]) -> tuple[Fact, int]:
    """An event with the time at which the first of its versions reached us, and when the first was recorded."""
    received_at = min(version.received_at for version in same)
    return msgspec.structs.replace(fact, received_at=received_at), min(version.recorded_at for version in same)


def _groupings(facts: Iterable[Fact], slots: Slots) -> list[Grouping]:
    found = {each.name: each for fact in facts for each in slots.groupings.get(RANK_OF[type(fact)], ())}
    return list(found.values())


def _tell(
    grouping: Grouping, old: Fact | None, new: Fact | None, first: int, record: Record, slots: Slots, step: Step
) -> None:
    if old is not None:
        _untell(grouping, old, new, record, slots, step)
    right = _key(grouping, new, slots)
    if new is not None and right is not None:
        step.facts.append(GroupFact(right, new.source, new.id, record.count, True, record.subject, new, first))


def _untell(grouping: Grouping, old: Fact | None, new: Fact | None, record: Record, slots: Slots, step: Step) -> None:
    """Takes an event out of its group where it belongs to that group no more."""
    left = _key(grouping, old, slots)
    if old is not None and left is not None and left != _key(grouping, new, slots):
        step.facts.append(
            GroupFact(left, old.source, old.id, record.count, False, record.subject, old, old.recorded_at)
        )


def _key(grouping: Grouping, fact: Fact | None, slots: Slots) -> str | None:
    """The group of a fact; None when it has none, or lacks what it would be grouped by."""
    rank = RANK_OF[type(fact)] if fact is not None else 0
    if rank not in grouping.ranks:
        return None
    bare = slots.bare  # a group asks nothing but the event
    return key_of(grouping.name, tuple([part.functions[rank](fact, bare) for part in grouping.parts]))
