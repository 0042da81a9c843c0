"""The contract: which events there are, what their fields are for, and what is refused, why and where."""

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from rules.model.events import (
    CHANNELS,
    DELETED,
    OPERATIONS,
    TYPES,
    Event,
    Fact,
    Tombstone,
    Undecodable,
    decode_event,
    decode_message,
    encode_fact,
    stream_of,
    type_name,
)
from rules.model.times import parse_time

AT = "2026-03-02T09:00:00+08:00"
LIFE_CYCLE = [
    "case.applied", "case.received", "case.correction_notified", "case.corrected", "case.accepted",
    "case.not_accepted", "case.stage", "case.hearing_notified", "case.hearing_requested",
    "case.hearing_held", "case.suspended", "case.resumed", "case.extended",
    "case.decided", "case.published", "cert.issued", "case.delivered", "case.withdrawn", "case.closed",
    "review.submitted", "review.verified", "review.rectified", "review.annulled", "complaint.filed",
    "complaint.dispatched", "complaint.answered", "data_request.filed", "data_request.answered", "incident.opened",
    "incident.closed",
]  # fmt: skip
SUPERVISION = [
    "plan.published", "task.created", "objects.drawn", "officers.drawn", "check.approved",
    "officer.scanned_in", "check.performed", "result.recorded", "rectify.ordered", "rectify.rechecked",
    "penalty.filed", "penalty.hearing", "penalty.legal_review", "penalty.decided", "penalty.served",
    "penalty.executed", "penalty.closed", "penalty.suspended", "penalty.resumed", "penalty.extended",
    "penalty.not_imposed", "penalty.transferred", "penalty.withdrawn", "coercion.applied",
    "coercion.extended", "coercion.suspended", "coercion.resumed", "coercion.lifted",
    "result.published", "action.reported",
]  # fmt: skip
PERSONAL = {
    "actor", "applicant", "approver", "officers", "reason", "opinion", "comment", "unpublishable_reason",
    "summary", "handler",
}  # fmt: skip
NEEDED: dict[str, dict[str, Any]] = {"review.submitted": {"satisfaction": 5}}


def message(kind: str = "case.accepted", **given: Any) -> dict[str, Any]:
    base = {
        "specversion": "1.0", "id": "e1", "source": "s1", "subject": "C1", "type": kind, "time": AT,
        "data": NEEDED.get(kind, {}),
    }  # fmt: skip
    return base | given


def decoded(kind: str = "case.accepted", **given: Any) -> Event:
    return decode_event(msgspec.json.encode(message(kind, **given)))


def refused(value: bytes | dict[str, Any]) -> tuple[str, str]:
    with pytest.raises(Undecodable) as fault:
        decode_event(value if isinstance(value, bytes) else msgspec.json.encode(value))
    assert fault.value.detail
    return fault.value.reason, fault.value.path


def test_every_event_of_a_case_and_of_a_supervision_action_is_in_the_contract() -> None:
    assert [name for name, kind in TYPES.items() if kind.stream == "service"] == LIFE_CYCLE
    assert {name for name, kind in TYPES.items() if kind.stream == "inspection"} >= set(SUPERVISION)
    assert set(CHANNELS) == {"service", "inspection"}


def test_ranks_follow_the_life_cycle_and_are_unique() -> None:
    assert [kind.rank for kind in TYPES.values()] == list(range(1, len(TYPES) + 1))


@pytest.mark.parametrize("name", TYPES)
def test_every_field_carries_a_mark_and_facts_hold_the_judged_ones(name: str) -> None:
    kind = TYPES[name]
    assert all(mark.use in ("judged", "landed", "opaque") for mark in kind.fields.values())
    assert kind.judged == tuple(field for field, mark in kind.fields.items() if mark.use == "judged")
    assert kind.fact.__struct_fields__ == (*Fact.__struct_fields__, *kind.judged)
    assert {field for field, mark in kind.fields.items() if mark.personal} == PERSONAL & set(kind.fields)
    assert kind.fields["extra"].use == "opaque"


@pytest.mark.parametrize("name", TYPES)
def test_an_event_of_every_type_decodes_and_knows_its_type_and_stream(name: str) -> None:
    event = decoded(name)
    assert event.subject == "C1"
    assert (type_name(event.fact), stream_of(event.fact)) == (name, TYPES[name].stream)


def test_the_three_times_default_from_left_to_right() -> None:
    at, hour = parse_time(AT), 3_600_000_000
    fact = decoded().fact
    assert (fact.occurred_at, fact.recorded_at, fact.received_at) == (at, at, at)
    fact = decoded(recordedat="2026-03-02T10:00:00+08:00").fact
    assert (fact.occurred_at, fact.recorded_at, fact.received_at) == (at, at + hour, at + hour)
    fact = decoded(recordedat="2026-03-02T10:00:00+08:00", receivedat="2026-03-02T03:00:00Z").fact
    assert (fact.recorded_at, fact.received_at) == (at + hour, at + 2 * hour)


def test_operations_rank_and_precision_is_kept() -> None:
    assert OPERATIONS == {"i": 0, "u": 1, "d": 2}
    assert decoded(operation="u").fact.operation == 1
    assert decoded(precision="day").fact.whole_day is True


@pytest.mark.parametrize(
    ("value", "reason", "path"),
    [
        (b"", "not_json", "$"),
        (b"\xff\xfe", "not_json", "$"),
        (b'{"id": "e1"', "not_json", "$"),
        (b'{"id": "\xff"}', "not_json", "$"),
        (b"[]", "not_the_contract", "$"),
        (b"[" * 100_000, "not_the_contract", "$"),
        (b"{}", "not_the_contract", "$"),
        (message(kind="case.acepted"), "unknown_type", "$.type"),
        (message(specversion="0.3"), "not_the_contract", "$.specversion"),
        (message(operation="x"), "not_the_contract", "$.operation"),
        (message(precision="minute"), "not_the_contract", "$.precision"),
        (message(data=None), "not_the_contract", "$.data"),
        (message(data={"promised_days": "ten"}), "not_the_contract", "$.data.promised_days"),
        (message("review.submitted", data={}), "not_the_contract", "$.data"),
        (message(data={"organ": "x" * 1001}), "not_the_contract", "$.data.organ"),
        (message("case.corrected", data={"items": ["x"] * 1001}), "not_the_contract", "$.data.items"),
        (message("case.corrected", data={"items": ["x" * 1001]}), "not_the_contract", "$.data.items[0]"),
        (
            message("case.correction_notified", data={"items": ["a", 5]}),
            "not_the_contract",
            "$.data.items[1]",
        ),
        (message(id=""), "no_identity", "$.id"),
        (message(source=""), "no_identity", "$.source"),
        (message(subject=""), "no_identity", "$.subject"),
        (message(time=""), "not_a_time", "$.time"),
        (message(time="2026-03-02T09:00:00"), "not_a_time", "$.time"),
        (message(time="2026-02-30T09:00:00Z"), "not_a_time", "$.time"),
        (message(time="2026-03-02T09:00:60Z"), "not_a_time", "$.time"),
        (message(time="0001-01-01T00:00:00Z"), "not_a_time", "$.time"),
        (message(time="9999-12-31T23:59:59Z"), "not_a_time", "$.time"),
        (message(recordedat="yesterday"), "not_a_time", "$.recordedat"),
        (message(receivedat="2026-13-01T00:00:00Z"), "not_a_time", "$.receivedat"),
        (message(data={"promised_at": "soon"}), "not_a_time", "$.data.promised_at"),
        (message("case.stage", data={"started": AT, "ended": "2026-02-30"}), "not_a_time", "$.data.ended"),
    ],
)
def test_bad_input_is_refused_with_a_reason_and_a_path(value: bytes | dict[str, Any], reason: str, path: str) -> None:
    assert refused(value) == (reason, path)


def test_what_is_nested_without_end_is_refused_and_kills_nobody() -> None:
    deep = b"[" * 200_000 + b"]" * 200_000
    for holder in (b'"unknown":', b'"data":{"extra":{"a":'):
        value = msgspec.json.encode(message())[:-1] + b"," + holder + deep + b"}" * (3 if b"extra" in holder else 1)
        assert refused(value) == ("not_json", "$")


CARD, PHONE, HASHED = "11010519491231002X", "13812345678", "k1:0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize("number", [CARD, PHONE, f"张三 {CARD}", f"call +86 {PHONE}", f"x{PHONE}x"])
@pytest.mark.parametrize(
    ("kind", "field", "many"),
    [
        ("case.applied", "applicant", False),
        ("case.accepted", "actor", False),
        ("case.decided", "reason", False),
        ("case.decided", "unpublishable_reason", False),
        ("case.stage", "opinion", False),
        ("review.submitted", "comment", False),
        ("case.extended", "approver", False),
        ("check.performed", "officers", True),
        ("check.performed", "object_id", False),
        ("objects.drawn", "objects", True),
    ],
)
def test_a_clear_identity_card_or_phone_number_is_refused(kind: str, field: str, many: bool, number: str) -> None:
    data = NEEDED.get(kind, {}) | {field: ["O1", number] if many else number}
    assert refused(message(kind, data=data)) == ("clear_identifier", f"$.data.{field}")


@pytest.mark.parametrize("number", [CARD, PHONE, "+8613812345678", "138-1234-5678", "窗口 138 1234 5678"])
@pytest.mark.parametrize("place", ["id", "source", "task_code", "office", "extra"])
def test_a_clear_number_is_refused_wherever_it_stands(place: str, number: str) -> None:
    changed = (
        {place: number}
        if place in ("id", "source")
        else {"data": {place: {"note": number} if place == "extra" else number}}
    )
    path = f"$.{place}" if place in ("id", "source") else f"$.data.{place}"
    assert refused(message("case.accepted", **changed)) == ("clear_identifier", path)


def test_digits_inside_a_hash_or_a_longer_code_are_no_number_of_a_person() -> None:
    for code in (
        "9a13812345678b0e60560f6b52b2b56b",
        "SC13812345678",
        "4403002026030213812345678",
        "910a3270-13812345678a",
    ):
        assert decoded("case.accepted", id=code, data={"office": code}).fact.id == code


def test_the_refusal_does_not_repeat_the_number() -> None:
    for value in (message(data={"actor": CARD}), message(subject=PHONE), message(time=PHONE)):
        with pytest.raises(Undecodable) as fault:
            decode_event(msgspec.json.encode(value))
        assert not re.search(r"\d{11}", str(fault.value))


def test_a_subject_that_is_a_clear_number_is_refused_and_hashes_pass() -> None:
    assert refused(message(subject=PHONE)) == ("clear_identifier", "$.subject")
    assert decoded(subject=HASHED, data={"actor": HASHED}).fact.actor == HASHED  # type: ignore[attr-defined]
    for other in ("91440300MA5EXAMPLE", "44030020260302000123456789012345", "123456789012"):
        assert decoded(subject=other, data={"task_code": other, "actor": "S1"}).subject == other


def test_a_deletion_with_data_is_a_bare_tombstone_at_the_time_it_gives() -> None:
    event = decoded(operation="d", recordedat="2026-03-03T09:00:00+08:00", data={"promised_days": 5})
    assert type(event.fact) is Fact
    assert (event.fact.operation, event.fact.occurred_at) == (DELETED, parse_time(AT))
    assert (type_name(event.fact), stream_of(event.fact)) == ("", "")


def test_a_deletion_without_data_or_time_takes_the_time_of_what_it_deletes() -> None:
    value = {"id": "e1", "source": "s1", "subject": "C1", "type": "case.accepted", "operation": "d"}
    recorded = "2026-03-03T09:00:00+08:00"
    for key in ("recordedat", "receivedat"):
        event = decode_event(msgspec.json.encode(value | {key: recorded}))
        assert (event.fact.occurred_at, event.fact.recorded_at) == (0, parse_time(recorded))
    assert isinstance(decode_message(msgspec.json.encode(value)), Tombstone)
    assert refused(value) == ("not_a_time", "$.recordedat")
    assert refused(value | {"recordedat": "x"}) == ("not_a_time", "$.recordedat")
    assert refused(value | {"type": "case.acepted"}) == ("unknown_type", "$.type")


def test_a_deletion_may_carry_data_that_is_wrong_by_now() -> None:
    assert decoded("review.submitted", operation="d", data={"satisfaction": "bad"}).fact.operation == DELETED


SECRET = "家住幸福路的王先生说"


@pytest.mark.parametrize("name", TYPES)
def test_free_text_and_what_rules_may_not_read_never_rest_in_a_fact(name: str) -> None:
    kind = TYPES[name]
    hidden = [field for field, mark in kind.fields.items() if mark.kind == "text" or mark.use != "judged"]
    data: dict[str, Any] = dict(NEEDED.get(name, {}))
    for field in hidden:
        shapes = {"text": SECRET, "strings": [SECRET], "map": {"note": SECRET}, "string": SECRET}
        data[field] = shapes[kind.fields[field].kind]
    event = decoded(name, data=data)
    assert SECRET.encode() not in encode_fact(event.fact)
    for field in hidden:
        if kind.fields[field].use == "judged":
            assert getattr(event.fact, field) == "…"


@pytest.mark.parametrize("filler", ["", " ", "无", "/", "。", "-", "N/A"])
def test_what_clerks_type_to_say_nothing_is_blank(filler: str) -> None:
    assert decoded("case.decided", data={"reason": filler}).fact.reason == ""  # type: ignore[attr-defined]


def test_numbers_are_the_same_before_and_after_they_rested_in_a_log() -> None:
    for days, expected in (
        (5, "5.0"),
        ("5", "5.0"),
        ("five", "None"),
        (None, "None"),
        ("nan", "None"),
        ("inf", "None"),
    ):
        fact = decoded("case.extended", data={"days": days}).fact
        assert repr(fact.days) == expected  # type: ignore[attr-defined]
    assert repr(decoded("review.submitted", data={"satisfaction": 5}).fact.satisfaction) == "5.0"  # type: ignore[attr-defined]


def test_for_ever_is_kept_as_a_day_that_one_can_count_from() -> None:
    for text, year in (("9999-12-31", 2899), ("0001-01-01", 1900)):
        assert decoded("case.applied", data={"valid_until": text}).fact.valid_until.year == year  # type: ignore[attr-defined]
    fact = decoded("case.applied", data={"valid_until": "9999-12-31T23:59:59+08:00"}).fact
    assert fact.valid_until == parse_time("2899-12-31T23:59:59Z")  # type: ignore[attr-defined]


def test_the_contract_is_told_in_no_second_place() -> None:
    """Every type of the contract is one of the two tables; nothing else in the model builds messages."""
    model = Path(__file__).resolve().parents[2] / "rules" / "model"
    assert [path.name for path in sorted(model.glob("*.py")) if "defstruct" in path.read_text()] == ["contract.py"]
