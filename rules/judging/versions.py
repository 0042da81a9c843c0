"""Decides which version of an event speaks, and in which order events are judged (RULES.md §3, CLOCKS.md 1–4)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

import msgspec

from rules.model.events import RANK_OF, Fact, type_name
from rules.model.times import iso, local_day

COMPARED_IN = "Asia/Shanghai"
ENVELOPE = len(Fact.__struct_fields__)


def day_of(fact: Fact, zone: str) -> date:
    """The local day of a fact."""
    return local_day(fact.occurred_at, zone)


def times_of(facts: Iterable[Fact], zone: str) -> dict[tuple[str, str], int]:
    """The time of every whole-day fact: that of the latest timed fact of a lower rank within its day, else 00:00
    (CLOCKS.md 4)."""
    found = list(facts)
    whole = [fact for fact in found if fact.whole_day]
    timed = [(day_of(f, zone), RANK_OF[type(f)], f.occurred_at) for f in found if not f.whole_day] if whole else []
    return {
        (fact.source, fact.id): max(
            (at for day, rank, at in timed if day == day_of(fact, zone) and rank < RANK_OF[type(fact)]),
            default=fact.occurred_at,
        )
        for fact in whole
    }


def in_order(facts: Iterable[Fact], times: Mapping[tuple[str, str], int]) -> list[Fact]:
    """Facts by (time, rank, source, id); `times` gives those of whole days."""
    return sorted(
        facts,
        key=lambda f: (
            times.get((f.source, f.id), f.occurred_at) if f.whole_day else f.occurred_at,
            RANK_OF[type(f)],
            f.source,
            f.id,
        ),
    )


def resolve(versions: Iterable[Fact]) -> list[Fact]:
    """The version of each (source, id) that speaks: the greatest (recorded, operation, content); deletions are gone."""
    current: dict[tuple[str, str], Fact] = {}
    for version in versions:
        key = (version.source, version.id)
        other = current.get(key)
        if other is None or outranks(version, other):
            current[key] = version
    return [fact for fact in current.values() if type(fact) is not Fact]


def outranks(one: Fact, other: Fact) -> bool:
    """True when the first version speaks rather than the second (RULES.md §3.7)."""
    left, right = (one.recorded_at, one.operation), (other.recorded_at, other.operation)
    return left > right if left != right else content(one) > content(other)


def content(fact: Fact) -> str:
    """What a version says, for comparing: canonical JSON of (at, data, type) with sorted keys (CLOCKS.md 2).

    Only judged fields that say something are in it: a fact keeps no others. Times are compared in one zone.
    """
    at = iso(fact.occurred_at, COMPARED_IN)
    data = {name: value for name in fact.__struct_fields__[ENVELOPE:] if (value := getattr(fact, name))}
    said = {"at": at[:10] if fact.whole_day else at, "data": data, "type": type_name(fact)}
    return msgspec.json.encode(said, order="sorted").decode()


def is_repeat(one: Fact, other: Fact) -> bool:
    """Whether a version says nothing that the other does not."""
    return (
        type(one) is type(other)
        and one.recorded_at == other.recorded_at
        and one.operation == other.operation
        and content(one) == content(other)
    )
