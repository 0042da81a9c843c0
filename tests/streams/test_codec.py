"""Bytes of a record are an event of its partition, or are refused with the reason and the place."""

import msgspec
import pytest
from kafka.partitioner.default import murmur2

from rules.model.events import Undecodable
from rules.model.times import HOUR, MINUTE, parse_time
from streams.codec import (
    LARGEST,
    Partitioner,
    Route,
    dead_letter,
    dead_letter_json,
    decode,
    encode_message,
    parse_dead_letter,
    partition_of,
)

AT = "2026-03-02T09:00:00+08:00"


def message(**changed: object) -> bytes:
    whole = {
        "specversion": "1.0", "id": "e1", "source": "test", "type": "case.applied", "time": AT,
        "subject": "A1", "data": {"visits": 2},
    }  # fmt: skip
    return encode_message(whole | changed)


def reason(value: bytes | None, key: bytes | None = b"A1", appended_at: int | None = None) -> tuple[str, str]:
    with pytest.raises(Undecodable) as refused:
        decode(value, key, appended_at)
    return refused.value.reason, refused.value.path


def test_a_good_event_keeps_its_subject_and_its_times() -> None:
    event = decode(message(recordedat="2026-03-02T09:00:05+08:00"), b"A1", parse_time(AT) + MINUTE)
    assert event.subject == "A1"
    assert event.fact.occurred_at == parse_time(AT)
    assert event.fact.recorded_at == parse_time(AT) + 5_000_000


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, ("empty", "$")),
        (b"", ("empty", "$")),
        (message()[:60], ("not_json", "$")),
        (b"\xff\xfe", ("not_json", "$")),
        (b'{"data":' + b"[" * 50_000, ("not_json", "$")),
        (message(type="case.forgotten"), ("unknown_type", "$.type")),
        (message(data={"visits": "many"}), ("not_the_contract", "$.data.visits")),
        (message(time="yesterday"), ("not_a_time", "$.time")),
        (message(data={"extra": "x" * LARGEST}), ("too_large", "$")),
        (message(subject="A2"), ("misrouted", "$.subject")),
    ],
)
def test_bad_bytes_are_refused_with_reason_and_place(value: bytes | None, expected: tuple[str, str]) -> None:
    assert reason(value) == expected


def test_an_event_that_claims_to_be_later_than_its_arrival_is_refused() -> None:
    arrival = parse_time(AT)
    assert decode(message(), b"A1", arrival - 5 * MINUTE).subject == "A1"
    assert reason(message(), b"A1", arrival - 6 * MINUTE) == ("from_the_future", "$.time")
    late = message(recordedat="2099-01-01T00:00:00Z")
    assert reason(late, b"A1", arrival + HOUR) == ("from_the_future", "$.recordedat")


def test_a_record_in_the_wrong_partition_is_misrouted() -> None:
    right = partition_of(b"A1", 4)
    Route(right, Partitioner(4)).check(b"A1")
    with pytest.raises(Undecodable, match="misrouted"):
        Route((right + 1) % 4, Partitioner(4)).check(b"A1")
    with pytest.raises(Undecodable, match="no key"):
        Route(right, Partitioner(4)).check(None)


def test_partitions_are_those_of_kafkas_own_clients() -> None:
    for key in (b"21", b"foobar", b"a-little-bit-long-string", "行政许可-7".encode()):
        assert partition_of(key, 7) == (murmur2(key) & 0x7FFFFFFF) % 7


def test_a_dead_letter_says_where_and_never_what() -> None:
    fault = Undecodable("unknown_type", "$.type", "`x` is not an event type")
    letter = dead_letter(fault, b"secret words", 0, topic="service.events", partition=2, offset=17)
    written = dead_letter_json(letter)
    assert b"secret" not in written
    assert parse_dead_letter(written) == letter
    said = msgspec.json.decode(written)
    assert (said["partition"], said["offset"], said["at"]) == (2, 17, "1970-01-01T00:00:00+00:00")
