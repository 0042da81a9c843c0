"""A message read in one go is the event, or the fault, that reading it step by step finds."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.model.events import Undecodable, decode_event, decode_message, to_event

GOOD_TIMES = st.sampled_from(["2024-03-01T09:00:00+08:00", "2024-03-01T09:00:00.123456Z", "2024-03-01T09:00:00Z"])
TIMES = st.one_of(*[GOOD_TIMES] * 8, st.sampled_from([
    "2024-03-01T24:00:00Z", "2024-03-01T09:00Z", "2024-03-01", "", "1899-12-31T23:59:59Z", "1900-01-01T00:00:00+23:59",
    "2900-01-01T00:00:00Z", "2899-12-31T23:59:59-12:00", "9999-12-31T00:00:00Z", "2024-02-30T00:00:00Z",
]))  # fmt: skip
GOOD_WORDS = st.sampled_from(
    ["330106", "D013", "k1:0123456789abcdef0123456789abcdef", "0123456789abcdef01234567", "办件"]
)
WORDS = st.one_of(*[GOOD_WORDS] * 12, st.sampled_from([
    "", "13912345678", "a-13912345678", "110101199003078515", "x110101199003078515y", "139-1234-5678",
    "k1:13912345678abcdef0123456789abcdeg", "0123456789abcdef13912345678", "１３９12345678", "办件13912345678",
    "d" * 13,
]))  # fmt: skip
DATA: dict[str, st.SearchStrategy[Any]] = {
    "case.applied": st.fixed_dictionaries({}, optional={
        "region": WORDS, "actor": WORDS, "applicant": WORDS, "department": WORDS, "valid_until": TIMES,
        "visits": st.sampled_from([None, 1, 2, 3, "1"]), "extra": st.sampled_from([None, {}, {"a": ["13912345678"]}]),
    }),
    "case.accepted": st.fixed_dictionaries({}, optional={
        "promised_days": st.sampled_from([None, 5, 2.5]), "organ": WORDS,
    }),
    "case.suspended": st.fixed_dictionaries({}, optional={"approved_days": st.sampled_from([None, "3", "x", 3])}),
    "case.correction_notified": st.fixed_dictionaries({}, optional={
        "reason": WORDS, "items": st.lists(WORDS, max_size=2),
    }),
    "task.created": st.fixed_dictionaries({}, optional={"object_id": WORDS}),
}  # fmt: skip


@st.composite
def messages(draw: st.DrawFn) -> dict[str, Any]:
    name = draw(st.sampled_from(list(DATA)))
    made = {"type": name, "id": draw(WORDS), "source": draw(WORDS), "subject": draw(WORDS), "data": draw(DATA[name])}
    made["time"] = draw(TIMES)
    for field, values in (
        ("recordedat", TIMES), ("receivedat", TIMES), ("operation", st.sampled_from("iiiud")),
        ("precision", st.sampled_from(["day", "second"])),
    ):  # fmt: skip
        if draw(st.booleans()):
            made[field] = draw(values)
    return made


def outcome(read: Any) -> Any:
    try:
        return read()
    except Undecodable as fault:
        return fault.reason, fault.path, fault.detail


@settings(max_examples=1500, deadline=None, derandomize=True)
@given(messages())
def test_a_message_read_in_one_go_is_what_it_is_step_by_step(message: dict[str, Any]) -> None:
    value = msgspec.json.encode(message)
    assert outcome(lambda: decode_event(value)) == outcome(lambda: to_event(decode_message(value)))
