"""Windows, statistics and amounts by themselves, and groups that let go of their past."""

from __future__ import annotations

import tempfile
from datetime import date, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from random import Random
from statistics import median

import msgspec
import pytest

from rules.drive import Drive
from rules.judging.bounds import bound, millionths
from rules.judging.order_statistics import four_times_mad, twice_median
from rules.judging.windows import Window
from rules.language import Book, load_book
from rules.model.events import decode_event
from rules.model.spans import Span, parse_span
from rules.model.times import HOUR, instant_of, local_time
from tests.oracle.core import instant
from tests.oracle.days import local
from tests.oracle.families.windows import HEAD, KINDS, RULES, shown
from tests.oracle.grouped import Said, judge
from tests.oracle.history import version
from tests.oracle.restarting import Restarting
from tests.oracle.written import Message, wire

CHICAGO, SHANGHAI = "America/Chicago", "Asia/Shanghai"
SPRING, AUTUMN = date(2026, 3, 8), date(2026, 11, 1)
"""The days on which clocks in Chicago go forward and back."""
NEAR = {"sliding", "distinct", "bucket", "session", "ratio", "low.ratio", "sum", "avg", "p75", "min", "spike"} | {
    "baseline", "new",
}  # fmt: skip
"""Rules that need no more than days of the past: their groups let go of the rest."""


def test_a_sliding_day_is_the_same_time_of_day_and_a_sliding_span_is_exact() -> None:
    before = local_time(SPRING - timedelta(days=1), 9 * HOUR, CHICAGO)
    days, exact = Window("sliding", parse_span("1 day")), Window("sliding", parse_span("24h"))
    assert days.leaves(before, CHICAGO) == before + 23 * HOUR
    assert exact.leaves(before, CHICAGO) == before + 24 * HOUR


@pytest.mark.parametrize(("day", "hours"), [(SPRING, 23), (AUTUMN, 25), (date(2026, 5, 1), 24)])
def test_a_bucket_of_a_day_is_the_day_however_long_it_is(day: date, hours: int) -> None:
    begin = local_time(day, 0, CHICAGO)
    window = Window("tumbling", parse_span("1 day"))
    assert window.empty_at(begin, CHICAGO) == window.empty_at(begin + hours * HOUR - 1, CHICAGO) == begin + hours * HOUR


@pytest.mark.parametrize(("day", "buckets"), [(SPRING, 4), (AUTUMN, 5), (date(2026, 5, 1), 4)])
def test_buckets_of_hours_begin_anew_at_each_midnight(day: date, buckets: int) -> None:
    window = Window("tumbling", parse_span("6h"))
    at, end, found = local_time(day, 0, CHICAGO), local_time(day + timedelta(days=1), 0, CHICAGO), 0
    while at < end:
        at, found = window.empty_at(at, CHICAGO), found + 1
    assert (at, found) == (end, buckets)


def test_a_week_begins_on_monday_before_and_after_the_first_of_them() -> None:
    week = Window("tumbling", Span(7, "days"))
    for monday in (date(1969, 12, 22), date(1970, 1, 5), date(2026, 3, 2)):
        begin, end = (local_time(monday + timedelta(days=days), 0, SHANGHAI) for days in (0, 7))
        assert week.empty_at(begin, SHANGHAI) == week.empty_at(end - 1, SHANGHAI) == end


def test_the_median_and_the_distances_from_it_are_those_of_the_definition() -> None:
    random = Random(7)
    for _ in range(2_000):
        values = sorted(random.choices(range(-9, 10), k=random.randint(1, 12)))
        middle = median(Fraction(each) for each in values)
        assert twice_median(values) == 2 * middle
        assert four_times_mad(values) == 4 * median(abs(each - middle) for each in values)


def test_cents_are_exact_however_they_are_written() -> None:
    assert millionths(0.1) + millionths(0.2) == millionths(0.3)
    assert millionths(12345678901.23) == 12_345_678_901_230_000
    assert sum(millionths(0.01) for _ in range(10_000)) == millionths(100)
    assert not bound("over", 0.3).broken_by(millionths(0.1) + millionths(0.2), 1_000_000)


def test_four_of_ten_are_not_over_forty_per_cent() -> None:
    assert not bound("over", 40.0).broken_by(100 * 4, 10)
    assert bound("at_least", 40.0).broken_by(100 * 4, 10)
    assert not bound("under", 33.3).broken_by(100 * 333, 1000)


def near() -> Book:
    with tempfile.TemporaryDirectory() as made:
        for kind, body, rule in KINDS:
            if rule.name in NEAR:
                text = HEAD.format(name=rule.name, kind=kind, body=body)
                (Path(made) / f"{rule.name}.yaml").write_text(text, encoding="utf-8")
        return load_book(Path(made))


def two_months(seed: int) -> list[Message]:
    """Many fines of one organ, now close together and now apart, none late."""
    random, at, made = Random(seed), local("2026-03-02T09:00:00"), []
    for number in range(420):
        at += timedelta(seconds=random.choice([0, 1, 3600, 7200, 14_400, 28_800]))
        said = {"organ": "O", "violation": random.choice(["v1", "v2", "v3"]), "fine": random.choice([0.1, 0.2, 2, 100])}
        said["fine"] = 5000 if random.random() < 0.01 else said["fine"]
        made.append(wire("penalty.decided", at.isoformat(), f"C{number}", id=f"e{number:03}", **said))
    return made


@pytest.mark.parametrize("seed", [1, 2])
def test_a_group_that_lets_go_of_its_past_says_what_it_would_say_with_all_of_it(seed: int) -> None:
    events, book = two_months(seed), near()
    decoded = [decode_event(msgspec.json.encode(each)) for each in events]
    drive, lane = Drive(book), Restarting(book, hot=1)
    for start in range(0, len(decoded), 7):
        drive.take(decoded[start : start + 7])
        lane.take(decoded[start : start + 7])
        if start % 5 == 0:
            lane.restart()
    now = local(events[-1]["time"]) + timedelta(days=9)
    drive.until(instant(now))
    lane.until(instant(now))
    (group,) = drive.groups.groups.values()
    assert group.base and len(group.points) < len(events) - 40
    defined = judge([rule for name, rule in RULES.items() if name in NEAR], [version(each) for each in events], now)
    compare(defined, {shown(alert) for alert in drive.alerts()})
    compare(defined, {shown(alert) for alert in lane.standing()})


def compare(defined: set[Said], said: set[Said]) -> None:
    lines = [f"defined: {each}" for each in sorted(defined - said, key=repr)]
    lines += [f"said: {each}" for each in sorted(said - defined, key=repr)]
    assert not lines, "\n".join(lines)


def test_an_event_whose_time_is_recorded_first_is_counted_there_whatever_corrects_it(tmp_path: Path) -> None:
    body = "group_by: [event.organ], window: {type: tumbling, size: 1 day, axis: recorded_at}, at_least: 2"
    (tmp_path / "r.yaml").write_text(HEAD.format(name="X", kind="count", body=body), encoding="utf-8")
    fines = [
        wire("penalty.decided", "2026-03-02T09:00", "C1", id="a", recorded="2026-03-04T10:00", organ="O"),
        wire("penalty.decided", "2026-03-03T09:00", "C2", id="b", recorded="2026-03-04T11:00", organ="O"),
        wire(
            "penalty.decided", "2026-03-03T09:00", "C2", id="b", recorded="2026-03-09T11:00", operation="u", organ="O"
        ),
    ]
    drive = Drive(load_book(tmp_path))
    drive.take([decode_event(msgspec.json.encode(each)) for each in fines])
    drive.until(instant_of("2026-03-20T00:00", SHANGHAI))
    assert [(alert.at, alert.ended_at) for alert in drive.alerts()] == [
        (instant_of("2026-03-04T11:00", SHANGHAI), instant_of("2026-03-05T00:00", SHANGHAI))
    ]


@pytest.mark.parametrize("seed", range(6))
def test_points_that_come_in_disorder_are_swept_from_behind_them_and_say_the_same(seed: int) -> None:
    random, events = Random(seed), two_months(seed)[:120]
    for one in random.sample(events, 12):
        later = (local(one["time"]) + timedelta(days=3)).isoformat()
        events.append({**one, "operation": "u", "recordedat": later + "+08:00", "data": one["data"] | {"fine": 0.3}})
    order = sorted(
        range(len(events)), key=lambda place: place % 120 + random.choice([0, 1, 2, 9, 9]) + place // 120 * 9
    )
    decoded, book = [decode_event(msgspec.json.encode(each)) for each in events], near()
    drive, rested = Drive(book), 0
    while order:
        size = random.choice([1, 1, 2, 5])
        drive.take([decoded[place] for place in order[:size]])
        order = order[size:]
        rested += drive.groups.groups[next(iter(drive.groups.groups))].rest is not None
    now = local(events[119]["time"]) + timedelta(days=9)
    drive.until(instant(now))
    assert rested > 20, "the states behind a change were never gone on from"
    compare(
        judge([rule for name, rule in RULES.items() if name in NEAR], [version(each) for each in events], now),
        {shown(alert) for alert in drive.alerts()},
    )


def test_points_without_those_before_them_that_were_let_go_are_no_window_of_their_own() -> None:
    """Refusals come together, but are a third of what is decided in seven days; those at its end alone are more."""
    book = load_book(Path(__file__).parents[2] / "examples" / "bench8" / "rules").only(("R5",))
    drive, noon = Drive(book, tells_clocks=False), datetime.fromisoformat("2024-03-01T12:00:00+08:00")
    told = 0
    for block in range(40):
        times = [(hour / 2, "granted") for hour in range(60)] + [(30 + hour / 3, "denied") for hour in range(28)]
        for number, (hours, result) in enumerate(times):
            late = 1 if number % 9 == 0 else 0  # so that what comes before it is swept again
            at = (noon + timedelta(hours=40 * block + hours - late)).isoformat()
            event = {"id": f"e{told}", "source": "s", "subject": f"C{told}", "type": "case.decided", "time": at}
            drive.take([decode_event(msgspec.json.encode(event | {"data": {"department": "D1", "result": result}}))])
            told += 1
        assert not drive.alerts()
    (group,) = drive.groups.groups.values()
    assert len(group.facts) < told, "nothing was let go"
