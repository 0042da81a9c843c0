"""What is written is read back the same: messages, logs of facts, alerts, clocks, times and durations."""

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rules.model.alerts import (
    Alert,
    Clock,
    Evidence,
    Text,
    alert_json,
    clock_json,
    identity,
    parse_alert,
    parse_clock,
)
from rules.model.events import (
    TYPES,
    Envelope,
    EventType,
    Fact,
    Undecodable,
    decode_event,
    decode_log,
    decode_message,
    encode_fact,
    to_event,
)
from rules.model.facts import GroupFact, decode_group_fact, encode_group_fact, group_key, group_name
from rules.model.spans import Span, parse_span
from rules.model.times import iso, local_day, local_time, midnight, next_midnight, parse_day, parse_time

FEW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
ZONES = ["Asia/Shanghai", "America/New_York", "UTC", "Asia/Kathmandu"]
instants = st.integers(parse_time("1970-01-02T00:00:00Z"), parse_time("2100-01-01T00:00:00Z"))
words = st.text(st.characters(codec="utf-8", exclude_characters="0123456789"), max_size=12)
names = st.text(st.characters(codec="utf-8", exclude_characters="0123456789"), min_size=1, max_size=12)
written = st.builds(iso, instants, st.sampled_from(ZONES))
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "string": words,
    "text": words,
    "strings": st.lists(words, max_size=3),
    "number": st.none() | st.integers(0, 10_000) | st.floats(-1e9, 1e9),
    "bool": st.booleans(),
    "moment": st.just("") | written | st.dates(date(1990, 1, 1), date(2100, 1, 1)).map(str),
    "map": st.none() | st.dictionaries(words, st.none() | st.booleans() | words, max_size=3),
}
WHOLE = {"visits", "satisfaction"}


@st.composite
def messages(draw: st.DrawFn, kind: EventType) -> dict[str, Any]:
    """A message of a type, with any of its fields."""
    data: dict[str, Any] = {}
    for field, mark in kind.fields.items():
        if field in WHOLE:
            data[field] = draw(st.integers(0, 100))
        elif draw(st.booleans()):
            value = draw(VALUES[mark.kind])
            if value is not None or mark.kind != "number":
                data[field] = value
    return {
        "specversion": "1.0", "id": draw(names), "source": draw(names), "subject": draw(names), "type":
        kind.name, "time": draw(written), "recordedat": draw(st.just("") | written), "receivedat":
        draw(st.just("") | written), "operation": draw(st.sampled_from("iud")), "precision":
        draw(st.sampled_from(["day", "second"])), "data": data,
    }  # fmt: skip


@pytest.mark.parametrize("name", TYPES)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_a_message_and_its_fact_read_back_the_same(name: str, data: st.DataObject) -> None:
    raw = data.draw(messages(TYPES[name]))
    message = decode_message(msgspec.json.encode(raw))
    assert isinstance(message, Envelope)
    assert decode_message(msgspec.json.encode(message)) == message
    fact = to_event(message).fact
    (again,) = decode_log(1, encode_fact(fact))
    assert again == fact
    assert type(again) is type(fact)
    assert encode_fact(again) == encode_fact(fact)
    said = GroupFact("g", fact.source, fact.id, fact.recorded_at, True, "C1", fact, fact.recorded_at)
    assert decode_group_fact(encode_group_fact(said)) == said


@FEW
@given(st.lists(st.sampled_from(list(TYPES.values())).flatmap(messages), max_size=6))
def test_a_log_of_facts_of_many_types_reads_back_in_order(raws: list[dict[str, Any]]) -> None:
    facts = [decode_event(msgspec.json.encode(raw)).fact for raw in raws]
    log = b"".join(encode_fact(fact) for fact in facts)
    assert decode_log(len(facts), log) == facts


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_an_event_or_undecodable(value: bytes) -> None:
    with pytest.raises(Undecodable):
        decode_event(value)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(list(TYPES.values())).flatmap(messages), st.data())
def test_a_message_with_anything_in_one_place_is_an_event_or_undecodable(
    raw: dict[str, Any], data: st.DataObject
) -> None:
    holder = data.draw(st.sampled_from([raw, raw["data"]])) or raw
    holder[data.draw(st.sampled_from(sorted(holder)))] = data.draw(ANYTHING)
    try:
        event = decode_event(msgspec.json.encode(raw))
    except Undecodable as fault:
        assert fault.path.startswith("$")
        return
    assert isinstance(event.fact, Fact)


TEXTS = st.builds(Text, words, words)
days = st.dates(date(2019, 1, 1), date(2030, 1, 1))
EVIDENCE = st.builds(Evidence, words, words, instants, words)
ALERTS = st.builds(
    Alert, alert_id=words, revision=st.integers(0, 9), rule=words, step=words, version=st.integers(1, 9),
    book=words, subject=words, stream=words, state=st.sampled_from(["open", "ended", "withdrawn",
    "contested"]), ended_at=st.none() | instants, severity=words, reason=words, at=instants,
    due_date=st.none() | days, due_at=st.none() | instants, provisional=st.booleans(),
    settled=st.booleans(), occasion=st.tuples(words, words), department=words, responsible=words,
    region=words, item=words, actor=words, group=words, value=st.none() | st.floats(-1e6, 1e6),
    threshold=st.none() | st.floats(-1e6, 1e6), params=st.dictionaries(words, words, max_size=3),
    message=TEXTS, evidence=st.lists(EVIDENCE, max_size=3).map(tuple), evidence_total=st.integers(0, 99),
)  # fmt: skip
CLOCKS = st.builds(
    Clock, clock_id=words, revision=st.integers(0, 9), rule=words, clock=words, key=words, subject=words,
    stream=words, occasion=st.tuples(words, words), region=words, item=words, department=words,
    responsible=words, start_at=instants, start_date=days, unit=words, limit=st.none() | st.integers(0,
    99), extended=st.integers(0, 9), paused=st.integers(0, 9), used=st.integers(0, 9), left=st.none() |
    st.integers(-9, 9), due_date=st.none() | days, due_at=st.none() | instants, stopped_at=st.none() |
    instants, state=words, in_time=st.none() | st.booleans(), provisional=st.booleans(), as_of=instants,
)  # fmt: skip


@FEW
@given(ALERTS, st.sampled_from(ZONES))
def test_an_alert_is_one_json_line_and_reads_back_the_same(alert: Alert, zone: str) -> None:
    line = alert_json(alert, zone)
    assert b"\n" not in line
    assert parse_alert(line) == alert
    shown = msgspec.json.decode(line)
    assert parse_time(shown["at"]) == alert.at
    assert list(shown) == list(Alert.__struct_fields__)


@FEW
@given(CLOCKS, st.sampled_from(ZONES))
def test_a_clock_is_one_json_line_and_reads_back_the_same(clock: Clock, zone: str) -> None:
    line = clock_json(clock, zone)
    assert b"\n" not in line
    assert parse_clock(line) == clock


@FEW
@given(ANYTHING)
def test_a_line_that_is_no_alert_or_clock_is_a_value_error(thing: Any) -> None:
    for parse in (parse_alert, parse_clock):
        with pytest.raises((msgspec.MsgspecError, ValueError)):
            parse(msgspec.json.encode(thing))


def test_an_alert_line_holds_what_the_commands_promise() -> None:
    promised = """alert_id, revision, rule, step, version, book, subject, stream, state, ended_at, severity,
    reason, at, due_date, due_at, provisional, settled, occasion, department, responsible, region, item,
    actor, group, value, threshold, params, message, evidence, evidence_total, mode, absorbed_by"""
    assert [name.strip() for name in promised.split(",")] == list(Alert.__struct_fields__)


def test_an_identity_tells_its_parts_apart() -> None:
    assert len(identity("T03", "", "C1")) == 32
    assert (
        len(
            {
                identity("a", "bc"),
                identity("ab", "c"),
                identity("abc"),
                identity("a", "b", "c"),
                identity("abc", ""),
            }
        )
        == 5
    )


def test_a_group_is_known_by_its_grouping_and_named_by_its_values() -> None:
    key = group_key("event.organ, object_id", ("O1", "91440300MA5"))
    assert group_name(key) == "O1|91440300MA5"
    assert key != group_key("event.organ", ("O1|91440300MA5",))


@FEW
@given(instants, st.sampled_from(ZONES))
def test_an_instant_written_in_any_zone_reads_back_the_same(at: int, zone: str) -> None:
    text = iso(at, zone)
    assert parse_time(text) == at
    assert datetime.fromisoformat(text) == datetime(1970, 1, 1, tzinfo=ZoneInfo("UTC")) + timedelta(microseconds=at)


@FEW
@given(instants, st.sampled_from(ZONES))
def test_an_instant_lies_between_the_midnights_of_its_day(at: int, zone: str) -> None:
    day = local_day(at, zone)
    assert midnight(day, zone) <= at < next_midnight(day, zone)
    assert day == datetime.fromtimestamp(at // 1_000_000, ZoneInfo(zone)).date()


def test_days_on_which_clocks_are_put_forward_or_back_have_their_length() -> None:
    hour, zone = 3_600_000_000, "America/New_York"
    for day, hours in ((date(2026, 3, 8), 23), (date(2026, 11, 1), 25), (date(2026, 7, 1), 24)):
        assert next_midnight(day, zone) - midnight(day, zone) == hours * hour
    assert iso(local_time(date(2026, 3, 8), 12 * hour, zone), zone) == "2026-03-08T12:00:00-04:00"


@pytest.mark.parametrize(
    ("text", "same_as"),
    [
        ("2026-03-02T09:00:00.5+08:00", "2026-03-02T01:00:00.500000Z"),
        ("2026-03-02T09:00:00.123456789+08:00", "2026-03-02T09:00:00.123456+08:00"),
        ("2026-03-02T09:00+08:00", "2026-03-02T09:00:00+08:00"),
        ("20260302T090000+0800", "2026-03-02T09:00:00+08:00"),
        ("2026-03-02T00:30:00-11:30", "2026-03-02T12:00:00Z"),
    ],
)
def test_times_may_be_written_in_several_ways(text: str, same_as: str) -> None:
    assert parse_time(text) == parse_time(same_as)


@pytest.mark.parametrize(
    "text",
    [
        "", "2026-03-02", "2026-03-02T09:00:00", "2026-03-02T09:00:60Z", "2026-03-02T09:00:0xZ", "now",
        "2026-03-02T24:01:00Z", "2026-02-30T09:00:00Z", "2026-03-02T09:00:00,5Z", "2026-03-02T09:00:00.Z",
        "2026-03-02T09:00:00+25:00",
    ],
)  # fmt: skip
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_time(text)


def test_what_is_no_date_is_refused() -> None:
    for text in ("2026-02-30", "20260302", "2026-3-2", ""):
        with pytest.raises(ValueError):
            parse_day(text)


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("5 workdays", Span(5, "workdays")),
        ("1 workday", Span(1, "workdays")),
        ("30 days", Span(30, "days")),
        ("24h", Span(86_400_000_000, "exact")),
        ("10m", Span(600_000_000, "exact")),
        ("60s", Span(60_000_000, "exact")),
        ("8 workhours", Span(28_800_000_000, "workhours")),
    ],
)
def test_a_duration_is_read_and_written_back(text: str, span: Span) -> None:
    assert parse_span(text) == span
    assert parse_span(str(span)) == span


@pytest.mark.parametrize("text", ["5", "workdays", "5 weeks", "-5 days", "1.5 days", "99999999 days", "5workdys", ""])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"not a duration|longer"):
        parse_span(text)
