"""The days of a clock under their names: counted, off, make-up, paused, beyond due."""

from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.judging.clock_days import (
    BEYOND_DUE,
    ClockDay,
    ClockStrip,
    DayKind,
    as_of_now,
    clock_days,
)
from rules.model.alerts import Clock
from rules.model.times import HOUR, local_time, next_midnight, parse_time
from rules.tables import load_tables
from streams.console.happenings import Happening, last_versions, pauses_of

ZONE = "Asia/Shanghai"
CALENDAR = load_tables().calendars["cn"]
WORKS = CALENDAR.is_working_day


def at(text: str) -> int:
    return parse_time(f"{text}:00+08:00")


def clock(start: str, **given: Any) -> Clock:
    made: dict[str, Any] = {
        "clock_id": "c",
        "rule": "T03",
        "clock": "handling",
        "subject": "A1",
        "stream": "service",
        "occasion": ("s", "e"),
        "start_at": at(f"{start}T09:00"),
        "start_date": date.fromisoformat(start),
        "unit": "workdays",
    } | given
    if isinstance(made.get("due_date"), str):
        made["due_date"] = date.fromisoformat(made["due_date"])
        made["due_at"] = next_midnight(made["due_date"], ZONE)
    if isinstance(made.get("stopped_at"), str):
        made["stopped_at"] = at(made["stopped_at"])
    return Clock(**made)


def drawn(strip: ClockStrip) -> dict[str, ClockDay]:
    return {each.day.isoformat(): each for each in strip.days}


def happened(kind: str, when: str, **fields: str) -> Happening:
    return Happening(
        source="s", id=f"{kind}{when}", type=kind, occurred_at=at(when), recorded_at=at(when), fields=fields
    )


def test_the_start_day_is_not_counted_and_the_due_date_is_the_last_of_the_limit() -> None:
    strip = clock_days(
        clock("2026-02-12", limit=20, due_date="2026-03-18", stopped_at="2026-03-18T23:59"),
        WORKS,
        at("2026-03-20T00:00"),
        ZONE,
    )
    days = drawn(strip)
    assert days["2026-02-12"].kind is DayKind.START and days["2026-02-12"].number == 0
    assert (days["2026-03-18"].kind, days["2026-03-18"].number) == (DayKind.COUNTED, 20)
    assert days["2026-03-18"].due and days["2026-03-18"].stopped
    assert (strip.counted, strip.beyond, strip.last) == (20, 0, date(2026, 3, 18))


def test_a_make_up_saturday_counts_and_a_public_holiday_does_not() -> None:
    strip = clock_days(clock("2026-04-29", limit=5, due_date="2026-05-09"), WORKS, at("2026-05-09T12:00"), ZONE)
    days = drawn(strip)
    assert days["2026-05-09"].make_up and days["2026-05-09"].kind is DayKind.COUNTED
    assert days["2026-05-01"].holiday and days["2026-05-01"].kind is DayKind.OFF
    assert not days["2026-05-02"].holiday and days["2026-05-02"].kind is DayKind.OFF
    assert strip.counted == 5


def test_days_beyond_the_due_date_are_counted_by_themselves_up_to_today() -> None:
    strip = clock_days(clock("2026-03-02", limit=5, due_date="2026-03-09"), WORKS, at("2026-03-12T00:00"), ZONE)
    days = drawn(strip)
    assert [days[f"2026-03-{n}"].number for n in (10, 11, 12)] == [1, 2, 3]
    assert days["2026-03-12"].today and strip.beyond == 3 and strip.counted == 5


def test_days_still_to_come_and_days_after_the_stop_are_not_counted() -> None:
    running = clock_days(clock("2026-03-02", limit=5, due_date="2026-03-09"), WORKS, at("2026-03-04T08:00"), ZONE)
    assert [each.kind for each in running.days[2:]] == [DayKind.COUNTED, *[DayKind.AHEAD] * 5]
    stopped = clock_days(
        clock("2026-03-02", limit=5, due_date="2026-03-09", stopped_at="2026-03-04T08:00"),
        WORKS,
        at("2026-06-01T08:00"),
        ZONE,
    )
    assert [each.kind for each in stopped.days[2:]] == [DayKind.COUNTED, *[DayKind.AFTER] * 5]
    assert running.counted == stopped.counted == 2


def test_a_clock_in_days_counts_the_days_off_as_well() -> None:
    strip = clock_days(
        clock("2026-01-17", unit="days", limit=30, due_date="2026-02-16", stopped_at="2026-02-24T10:00"),
        WORKS,
        at("2026-03-01T00:00"),
        ZONE,
    )
    assert strip.counted == 30 and strip.beyond == 8
    assert all(each.kind is not DayKind.OFF for each in strip.days)


def test_an_exact_limit_ends_on_the_local_day_of_its_last_moment() -> None:
    start = local_time(date(2026, 3, 2), 15 * HOUR, ZONE)
    until_midnight = next_midnight(date(2026, 3, 3), ZONE)
    strip = clock_days(
        clock("2026-03-02", unit="exact", limit=33 * HOUR, start_at=start, due_at=until_midnight),
        WORKS,
        at("2026-03-05T01:00"),
        ZONE,
    )
    assert [each.day.day for each in strip.days if each.due] == [3]
    assert [each.kind for each in strip.days] == [
        DayKind.START,
        DayKind.COUNTED,
        DayKind.BEYOND,
        DayKind.BEYOND,
    ]


def test_a_clock_without_a_limit_is_drawn_up_to_today() -> None:
    strip = clock_days(clock("2026-03-02"), WORKS, at("2026-03-04T08:00"), ZONE)
    assert [each.due for each in strip.days] == [False, False, False] and strip.counted == 2


def test_years_past_the_due_date_are_told_as_a_number() -> None:
    strip = clock_days(
        clock("2011-03-01", unit="days", limit=10, due_date="2011-03-11"), WORKS, at("2026-01-01T00:00"), ZONE
    )
    assert strip.days[-1].day == date(2011, 3, 11) + timedelta(days=BEYOND_DUE)
    assert strip.later == (date(2026, 1, 1) - strip.days[-1].day).days and strip.earlier == 0
    assert strip.beyond == (date(2026, 1, 1) - date(2011, 3, 11)).days


def test_an_open_clock_is_told_as_of_now_and_not_as_of_its_last_event() -> None:
    made = clock("2026-03-02", limit=5, extended=1, used=0, left=6, due_date="2026-03-10", as_of=at("2026-03-02T09:00"))
    now = at("2026-03-12T00:00")
    aged = as_of_now(made, clock_days(made, WORKS, now, ZONE), now)
    assert (aged.used, aged.left, aged.as_of) == (8, -2, now)
    exact = clock("2026-03-02", unit="exact", limit=24 * HOUR, start_at=at("2026-03-02T09:00"))
    assert as_of_now(exact, clock_days(exact, WORKS, now, ZONE), at("2026-03-03T10:00")).left == -HOUR


def test_a_clock_that_stopped_keeps_its_figures() -> None:
    made = clock(
        "2026-03-02",
        limit=5,
        used=3,
        left=2,
        due_date="2026-03-09",
        stopped_at="2026-03-05T09:00",
        state="ended",
    )
    now = at("2026-06-01T00:00")
    assert as_of_now(made, clock_days(made, WORKS, now, ZONE), now) is made


def test_weeks_run_from_monday_to_sunday_and_hold_every_day_once() -> None:
    strip = clock_days(clock("2026-03-04", limit=20, due_date="2026-04-01"), WORKS, at("2026-03-09T08:00"), ZONE)
    weeks = strip.weeks()
    assert all(len(week) == 7 for week in weeks)
    assert [each for week in weeks for each in week if each is not None] == list(strip.days)
    assert all(each is None or each.day.weekday() == place for week in weeks for place, each in enumerate(week))


@pytest.mark.parametrize(
    ("paused", "due", "events"),
    [
        (5, "2026-04-07", [("suspended", "2026-03-04T10:00", "10"), ("resumed", "2026-03-11T09:00", "")]),
        (10, "2026-04-14", [("suspended", "2026-03-04T10:00", "10")]),
        (0, "2026-03-30", [("suspended", "2026-03-04T10:00", "10"), ("resumed", "2026-03-04T16:00", "")]),
    ],
)
def test_the_pauses_of_the_clock_vectors_are_drawn_on_their_days(
    paused: int, due: str, events: list[tuple[str, str, str]]
) -> None:
    made = clock("2026-03-02", limit=20, due_date=due, paused=paused)
    told = [
        happened(f"case.{kind}", when, procedure_id="p1", **({"approved_days": days} if days else {}))
        for kind, when, days in events
    ]
    pauses = pauses_of(made, told, WORKS, ZONE)
    assert pauses is not None
    strip = clock_days(made, WORKS, next_midnight(made.due_date, ZONE) - 1 if made.due_date else 0, ZONE, pauses)
    assert (strip.counted, strip.paused, strip.beyond) == (20, paused, 0)
    assert drawn(strip)["2026-03-04"].kind is DayKind.COUNTED


def test_overlapping_pauses_are_drawn_once() -> None:
    made = clock("2026-03-02", limit=20, due_date="2026-04-10", paused=8)
    told = [
        happened("case.suspended", "2026-03-04T10:00", procedure_id="p1", approved_days="10"),
        happened("case.suspended", "2026-03-09T10:00", procedure_id="p2", approved_days="10"),
        happened("case.resumed", "2026-03-11T10:00", procedure_id="p1"),
        happened("case.resumed", "2026-03-16T10:00", procedure_id="p2"),
    ]
    pauses = pauses_of(made, told, WORKS, ZONE)
    assert pauses is not None and clock_days(made, WORKS, at("2026-04-10T12:00"), ZONE, pauses).paused == 8


def test_pauses_that_do_not_add_up_to_the_clock_are_not_drawn() -> None:
    made = clock("2026-03-02", limit=20, due_date="2026-04-07", paused=5)
    assert pauses_of(made, [happened("case.suspended", "2026-03-04T10:00", approved_days="3")], WORKS, ZONE) is None
    assert pauses_of(made, [], WORKS, ZONE) is None


def test_a_deleted_suspension_pauses_nothing() -> None:
    first = happened("case.suspended", "2026-03-04T10:00", approved_days="10")
    gone = Happening(
        source=first.source,
        id=first.id,
        type=first.type,
        occurred_at=0,
        recorded_at=first.recorded_at + 1,
        operation="d",
    )
    assert last_versions([gone, first]) == []


@given(
    start=st.dates(date(2024, 1, 1), date(2026, 6, 1)),
    limit=st.integers(1, 60),
    late=st.integers(-40, 40),
    is_open=st.booleans(),
)
def test_every_day_has_one_name_and_the_counted_ones_are_those_that_the_calendar_counts(
    start: date, limit: int, late: int, is_open: bool
) -> None:
    due = CALENDAR.add_working_days(start, limit)
    last = max(start, due + timedelta(days=late))
    noon: Callable[[date], int] = lambda day: local_time(day, 12 * HOUR, ZONE)  # noqa: E731
    made = clock(start.isoformat(), limit=limit, due_date=due.isoformat(), stopped_at=None if is_open else noon(last))
    strip = clock_days(made, WORKS, noon(last), ZONE)
    assert [each.day for each in strip.days] == [start + timedelta(days=n) for n in range(len(strip.days))]
    assert strip.counted == CALENDAR.working_days_between(start, min(last, due))
    assert strip.beyond == CALENDAR.working_days_between(due, last)
    kinds = Counter(each.kind for each in strip.days)
    assert kinds[DayKind.START] == 1 and strip.days[-1].day == max(last, due)
