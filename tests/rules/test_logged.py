"""What a log of a subject leaves out, its first entry says: every version comes back as it was written."""

from __future__ import annotations

import struct
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.core.logged import SAME
from rules.core.record import NOWHERE, Record, decode_row, encode_row
from rules.model.events import BY_RANK, RANK_OF, Fact, encode_fact
from tests.rules.small_books import event

WORST = struct.unpack(">d", b"\xc1" * 8)[0]
"""A number that is written with the byte of the mark eight times over."""
RANKS = sorted(BY_RANK)
VALUES = st.sampled_from(["", "A", "乙", "Á" * 100, "k0:5724de6d60cca7036767a4e17abc2d38"])
TIMES = st.sampled_from([0, 1, -1, 1_709_278_314_091_000, int.from_bytes(b"\x00" + b"\xc1" * 7, "big")])


@st.composite
def facts(draw: st.DrawFn) -> Fact:
    """A version of some type whose fields say the same as others now and then."""
    kind = BY_RANK[draw(st.sampled_from(RANKS))].fact
    held = msgspec.structs.fields(kind)
    said: dict[str, Any] = {}
    for field in held:
        if field.type is str:
            said[field.name] = draw(VALUES)
        elif field.type is int:
            said[field.name] = draw(TIMES)
        elif field.type is bool:
            said[field.name] = draw(st.booleans())
        elif field.type == list[str]:
            said[field.name] = draw(st.lists(VALUES, max_size=2))
        else:
            said[field.name] = draw(st.sampled_from([None, WORST])) if field.type == float | None else None
    return kind(**said)


def deletion(fact: Fact) -> Fact:
    return Fact(fact.source, fact.id, fact.occurred_at, fact.recorded_at, fact.received_at, 2, False)


@settings(deadline=None)
@given(st.lists(facts(), min_size=1, max_size=8), st.data())
def test_every_version_comes_back_in_memory_from_its_row_and_after_a_part_was_taken_back(
    versions: list[Fact], data: st.DataObject
) -> None:
    versions = [deletion(each) if data.draw(st.integers(0, 5)) == 0 else each for each in versions]
    kept = data.draw(st.integers(0, len(versions)))
    record, before = Record("A", "service"), (0, 0)
    for number, fact in enumerate(versions):
        if number == kept:
            before = record.count, len(record.log)
        record.append(fact)
    assert record.versions() == versions
    row = decode_row("A", encode_row(record, None, b"12345678"))
    assert row is not None and row.versions() == versions
    row.restore(*(before if kept < len(versions) else (record.count, len(record.log))))
    for fact in versions[kept:]:
        row.append(fact)
    assert row.versions() == versions


def test_what_events_of_a_case_have_in_common_is_written_once() -> None:
    same = {"department": "市场监管局", "actor": "k0:5724de6d60cca7036767a4e17abc2d38", "region": "330113"}
    record = Record("A", "service")
    facts = [
        event("case.applied", "2026-03-02T09:00", **same).fact,
        event("case.received", "2026-03-02T10:00", **same).fact,
    ]
    for fact in facts:
        record.append(fact)
    assert record.common != NOWHERE and record.log.count(SAME) == 1
    assert len(record.log) < sum(len(encode_fact(fact)) for fact in facts) - 50
    assert [RANK_OF[type(fact)] for fact in record.versions()] == [RANK_OF[type(fact)] for fact in facts]
