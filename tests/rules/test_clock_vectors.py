"""The thirteen clock vectors of DOMAIN §3, held against the declarative judge and against the core."""

from __future__ import annotations

import csv
import gzip
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.oracle.clocks import World
from tests.oracle.core import Judge, by_core, by_oracle
from tests.oracle.days import Days, announced, local, midnight
from tests.oracle.judge import Alert, Clock
from tests.oracle.written import Message, wire

CALENDAR = Path(__file__).parents[2] / "rules" / "calendars" / "cn"
DAYS = announced(CALENDAR)
ITEMS = {
    "item-a": {
        "legal_limit": "20 workdays",
        "promised_limit": "10 workdays",
        "extension_limit": "10 workdays",
        "special_procedures": ["hearing", "testing"],
        "has_certificate": True,
    },
    "item-8": {"legal_limit": "8 workdays"},
}


@pytest.fixture(params=[by_oracle, by_core], ids=["oracle", "core"])
def judge(request: pytest.FixtureRequest) -> Judge:
    return request.param  # type: ignore[no-any-return]


def found(judge: Judge, rule: str, events: list[Message], until: str, **world: Any) -> tuple[list[Alert], list[Clock]]:
    made = World(**{"days": DAYS, "items": ITEMS, **world})
    alerts, clocks = judge(events, made, local(until))
    return [each for each in alerts if each.rule == rule], [each for each in clocks if each.rule == rule]


def fires(judge: Judge, rule: str, events: list[Message], until: str, **world: Any) -> list[str]:
    """When the alerts of a rule were raised, as local times; a contested one says so."""
    alerts, _ = found(judge, rule, events, until, **world)
    return [local_text(each.at) + (" contested" if each.state == "contested" else "") for each in sorted(alerts)]


def due(judge: Judge, rule: str, events: list[Message], until: str, **world: Any) -> list[str]:
    _, clocks = found(judge, rule, events, until, **world)
    return sorted(str(each.due_date) for each in clocks)


def local_text(at: int) -> str:
    return (midnight(date(1970, 1, 1)) + timedelta(hours=8, microseconds=at)).isoformat()[:16]


def paused(begins: str, number: int | None = 10, kind: str = "hearing", **data: Any) -> Message:
    return wire("case.suspended", begins, kind=kind, notice_no="N1", approved_days=number, **data)


@pytest.mark.parametrize(
    ("decided", "expected"),
    [
        ("2026-03-18T23:59:59", []),
        ("2026-03-19T00:00:00", ["2026-03-19T00:00"]),
        ("2026-03-18", []),
        ("2026-03-19", ["2026-03-19T00:00"]),
    ],
)
def test_1_a_decision_on_the_last_day_is_in_time_and_on_the_next_is_late(
    judge: Judge, decided: str, expected: list[str]
) -> None:
    events = [wire("case.accepted", "2026-02-12T09:00"), wire("case.decided", decided)]
    assert fires(judge, "T03", events, "2026-03-25") == expected


@pytest.mark.parametrize(
    ("received", "same_day", "next_workday"),
    [("2026-03-07T20:00", "2026-03-13", "2026-03-16"), ("2026-04-01T19:00", "2026-04-09", "2026-04-10")],
)
def test_2_a_receipt_out_of_office_hours_counts_from_its_day_or_where_a_region_says_so_from_the_next(
    judge: Judge, received: str, same_day: str, next_workday: str
) -> None:
    events = [wire("case.received", received)]
    assert due(judge, "T04", events, "2026-04-01T20:00") == [same_day]
    assert due(judge, "T04", events, "2026-04-01T20:00", off_hours=True) == [next_workday]


def test_2_a_receipt_dated_on_a_day_off_needs_no_hour_to_be_out_of_office_hours(judge: Judge) -> None:
    events = [wire("case.received", "2026-03-07")]
    assert due(judge, "T04", events, "2026-03-08") == ["2026-03-13"]
    assert due(judge, "T04", events, "2026-03-08", off_hours=True) == ["2026-03-16"]


@pytest.mark.parametrize(("notice", "expected"), [("2026-05-09T16:00", []), ("2026-05-11T09:00", ["2026-05-10T00:00"])])
def test_3_a_notice_on_a_make_up_saturday_is_in_time_and_one_after_the_lapse_stops_nothing(
    judge: Judge, notice: str, expected: list[str]
) -> None:
    events = [
        wire("case.received", "2026-04-29T10:00"),
        wire("case.correction_notified", notice, items=["a"]),
    ]
    assert fires(judge, "T04", events, "2026-05-20") == expected


def test_4_a_receipt_without_an_answer_is_the_acceptance(judge: Judge) -> None:
    events = [
        wire("case.received", "2026-04-29T10:00"),
        wire("case.correction_notified", "2026-05-11T09:00", items=["a"]),
        wire("case.accepted", "2026-05-12T09:00"),
        wire("case.decided", "2026-06-01T09:00", result="granted", reason="ok"),
    ]
    alerts, clocks = found(judge, "T03", events, "2026-06-10")
    assert [local_text(each.at) for each in alerts] == ["2026-05-30T00:00"]
    assert {each.occasion for each in alerts} == {each.occasion for each in clocks}
    assert {each.occasion for each in clocks} == {("s", "case.received@2026-04-29T10:00")}


@pytest.mark.parametrize(
    ("accepted", "expected"), [("2026-03-27T10:00", []), ("2026-03-30T10:00", ["2026-03-28T00:00"])]
)
def test_5_a_correction_restarts_the_five_days(judge: Judge, accepted: str, expected: list[str]) -> None:
    events = [
        wire("case.received", "2026-03-02T10:00"),
        wire("case.correction_notified", "2026-03-05T10:00", items=["a"]),
        wire("case.corrected", "2026-03-20T10:00"),
        wire("case.accepted", accepted),
    ]
    assert fires(judge, "T04", events, "2026-04-10") == expected


ACCEPTED = wire("case.accepted", "2026-03-02T09:00")


def test_6_a_pause_moves_the_due_date_over_a_holiday(judge: Judge) -> None:
    events = [ACCEPTED, paused("2026-03-04T10:00"), wire("case.resumed", "2026-03-11T10:00")]
    _, clocks = found(judge, "T03", events, "2026-03-20")
    assert [(str(each.due_date), each.paused) for each in clocks] == [("2026-04-07", 5)]


def test_7_a_pause_within_a_day_costs_nothing_and_one_over_the_golden_week_one_day(judge: Judge) -> None:
    events = [ACCEPTED, paused("2026-03-04T10:00"), wire("case.resumed", "2026-03-04T16:00")]
    assert due(judge, "T03", events, "2026-03-20") == ["2026-03-30"]
    golden = [
        wire("case.accepted", "2026-09-21T09:00"),
        paused("2026-09-30T10:00"),
        wire("case.resumed", "2026-10-08T10:00"),
    ]
    _, clocks = found(judge, "T03", golden, "2026-10-09")
    assert [each.paused for each in clocks] == [1]


def test_8_overlapping_pauses_count_once(judge: Judge) -> None:
    events = [
        ACCEPTED,
        paused("2026-03-04T10:00", procedure_id="a"),
        wire("case.resumed", "2026-03-11T10:00", procedure_id="a"),
        paused("2026-03-09T10:00", procedure_id="b"),
        wire("case.resumed", "2026-03-16T10:00", procedure_id="b"),
    ]
    assert due(judge, "T03", events, "2026-03-20") == ["2026-04-10"]


def test_9_a_pause_ends_by_itself_after_its_approved_days(judge: Judge) -> None:
    events = [ACCEPTED, paused("2026-03-04T10:00", 10)]
    assert fires(judge, "T03", events, "2026-04-20") == ["2026-04-15T00:00"]


def test_9_the_pause_itself_is_overdue_on_the_day_after_its_last_approved_one(judge: Judge) -> None:
    events = [ACCEPTED, paused("2026-03-04T10:00", 10)]
    assert fires(judge, "X.overlong", events, "2026-04-20") == ["2026-03-19T00:00"]


@pytest.mark.parametrize(
    ("approved", "recorded", "expected"),
    [
        ("2026-03-30T17:00", "", ["2026-04-15T00:00"]),
        ("2026-03-31T09:00", "", ["2026-03-31T00:00"]),
        ("2026-03-30T17:00", "2026-04-08T09:00", ["2026-03-31T00:00 contested"]),
    ],
)
def test_10_an_extension_counts_up_to_the_due_date_and_one_recorded_late_is_contested(
    judge: Judge, approved: str, recorded: str, expected: list[str]
) -> None:
    extension = wire("case.extended", approved, recorded=recorded, days=10, approver_role="head")
    assert fires(judge, "T03", [ACCEPTED, extension], "2026-04-20") == expected


def test_10_an_extension_in_time_moves_the_due_date(judge: Judge) -> None:
    extension = wire("case.extended", "2026-03-30T17:00", days=10, approver_role="head")
    assert due(judge, "T03", [ACCEPTED, extension], "2026-04-02") == ["2026-04-14"]


@pytest.mark.parametrize(
    ("filed", "expected"), [("2025-07-08T10:00", "2025-10-09"), ("2026-07-12T10:00", "2026-10-10")]
)
def test_11_ninety_days_roll_to_the_next_working_day(judge: Judge, filed: str, expected: str) -> None:
    assert due(judge, "T03.penalty", [wire("penalty.filed", filed, "F1")], filed) == [expected]


def test_12_a_seizure_of_thirty_days_does_not_roll(judge: Judge) -> None:
    events = [
        wire("coercion.applied", "2026-01-17T10:00", "C1", coercion_kind="seizure"),
        wire("coercion.lifted", "2026-02-24T10:00", "C1"),
    ]
    alerts, _ = found(judge, "X.seizure", events, "2026-03-01")
    assert [(local_text(each.at), each.severity) for each in alerts] == [("2026-02-17T00:00", "red_card")]


@pytest.mark.parametrize("until", ["2026-12-22", "2027-02-10"])
def test_13_a_due_date_that_the_next_year_may_move_is_provisional(judge: Judge, until: str) -> None:
    events = [
        wire("case.accepted", "2026-12-21T09:00", "A1"),
        wire("case.accepted", "2026-12-21T09:00", "A8", task_code="item-8"),
    ]
    alerts, clocks = found(judge, "T03", events, until)
    assert {each.subject: str(each.due_date)[:4] for each in clocks} == {"A1": "2027", "A8": "2026"}
    assert all(each.provisional for each in clocks)
    assert {each.severity for each in alerts} <= {"notice"}
    assert len(alerts) == (0 if until == "2026-12-22" else 2)


def test_13_once_the_next_year_is_announced_its_last_days_are_firm(judge: Judge) -> None:
    known = Days(DAYS.off | {date(2027, 1, 1)}, DAYS.work, DAYS.years | {2027})
    events = [
        wire("case.accepted", "2026-12-21T09:00", "A1"),
        wire("case.accepted", "2026-12-21T09:00", "A8", task_code="item-8"),
    ]
    alerts, clocks = found(judge, "T03", events, "2027-02-10", days=known)
    assert {(each.subject, each.severity, each.provisional) for each in alerts} == {
        ("A1", "red_card", False),
        ("A8", "red_card", False),
    }
    assert min(each.due_date for each in clocks if each.due_date) == date(2026, 12, 31)


def test_the_nth_working_day_is_the_one_that_two_libraries_agree_on() -> None:
    source = Path(__file__).parents[3] / "shared" / "data" / "calendar" / "workday_deadlines_2019_2024.csv.gz"
    if not source.is_file():
        pytest.skip("the reference data (../shared) is not here")
    with gzip.open(source, "rt") as lines:
        rows = list(csv.DictReader(lines))
    wrong = [
        row
        for row in rows
        if DAYS.after(date.fromisoformat(row["start"]), int(row["n_workdays"]), "workdays").isoformat() != row["due"]
    ]
    assert (len(rows), wrong) == (24112, [])


def test_the_calendar_of_the_book_is_the_announced_one() -> None:
    source = Path(__file__).parents[3] / "shared" / "data" / "calendar"
    if not source.is_dir():
        pytest.skip("the reference data (../shared) is not here")
    reference = announced(source)
    every = [date(2019, 1, 1) + timedelta(days=number) for number in range(8 * 365 + 2)]
    assert [day for day in every if DAYS.counts(day, "workdays") != reference.counts(day, "workdays")] == []
