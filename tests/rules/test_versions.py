"""Which version of a rule speaks of an occasion: by its date, by `activates_at` and now, whatever came when."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rules.core import SubjectCore
from rules.drive import Drive
from rules.language import Book, BookErrors
from rules.model.alerts import Alert
from rules.testing.lint import lint
from tests.oracle.restarting import Store
from tests.rules.small_books import at, book_of, event, restarting, rule_text, standing, told

SWITCH = "2026-03-20T12:00"


def deadline(days: int, **keys: str) -> str:
    return rule_text("X1", f"deadline: {{clock: clock, within: {days} days}}", **keys)


def matched(severity: str, **keys: str) -> str:
    return rule_text("X2", "match: {event: case.decided}", severity=severity, **keys)


def switched(folder: Path, on_change: str = "recompute") -> Book:
    """Ten days, then five from noon of 20 March."""
    keys = {"version": "2", "activates_at": f'"{SWITCH}"', "on_change": on_change}
    return book_of(folder, deadline(10), deadline(5, **keys))


def said(alerts: list[Alert]) -> list[tuple[str, int, str]]:
    return [(alert.subject, alert.version, str(alert.due_date)) for alert in alerts]


OPENED = [event("case.accepted", "2026-03-12T09:00", "old"), event("case.accepted", "2026-03-20T13:00", "new")]


def test_before_its_activation_a_version_says_nothing_and_from_then_on_it_judges_open_clocks(tmp_path: Path) -> None:
    book = switched(tmp_path)
    assert said(standing(book, OPENED[:1], "2026-03-20T11:59")) == []
    assert said(standing(book, OPENED[:1], SWITCH)) == [("old", 2, "2026-03-17")]
    assert said(standing(book, OPENED, "2026-04-20")) == [("old", 2, "2026-03-17"), ("new", 2, "2026-03-25")]


def test_with_keep_the_older_version_goes_on_judging_what_was_open(tmp_path: Path) -> None:
    book = switched(tmp_path, "keep")
    assert said(standing(book, OPENED, "2026-04-20")) == [("old", 1, "2026-03-22"), ("new", 2, "2026-03-25")]


def test_the_switch_is_a_change_of_the_same_alert_and_of_the_same_clock(tmp_path: Path) -> None:
    drive = Drive(switched(tmp_path))
    drive.take([event("case.accepted", "2026-03-05T09:00")])
    drive.until(at("2026-03-20T11:00"))
    (before,), (clock,) = drive.alerts(), drive.clocks()
    assert (before.version, str(before.due_date), clock.limit) == (1, "2026-03-15", 10)
    drive.until(at(SWITCH))
    (after,), (then,) = drive.alerts(), drive.clocks()
    assert (after.alert_id, after.version, str(after.due_date)) == (before.alert_id, 2, "2026-03-10")
    assert (then.clock_id, then.limit) == (clock.clock_id, 5)
    assert then.revision > clock.revision


def test_a_clock_is_judged_by_the_version_whose_date_covers_its_start(tmp_path: Path) -> None:
    book = book_of(tmp_path, deadline(10), deadline(5, version="2", effective="2026-03-12"))
    opened = [event("case.accepted", "2026-03-11T23:59", "old"), event("case.accepted", "2026-03-12T00:00", "new")]
    assert said(standing(book, opened, "2026-04-20")) == [("new", 2, "2026-03-17"), ("old", 1, "2026-03-21")]


def test_an_event_is_judged_by_the_version_of_its_day(tmp_path: Path) -> None:
    book = book_of(tmp_path, matched("notice"), matched("red_card", version="2", effective="2026-03-12"))
    events = [event("case.decided", "2026-03-11T23:59", "A"), event("case.decided", "2026-03-12T00:00", "B")]
    assert [(alert.subject, alert.severity) for alert in standing(book, events, "2026-04-20")] == [
        ("A", "notice"), ("B", "red_card"),
    ]  # fmt: skip


def test_a_clock_that_began_before_every_version_is_no_clock(tmp_path: Path) -> None:
    drive = Drive(book_of(tmp_path, deadline(5, effective="2026-03-12")))
    drive.take([event("case.accepted", "2026-03-11T09:00")])
    drive.until(at("2026-04-20"))
    assert (drive.alerts(), drive.clocks()) == ([], [])


EVENTS = [
    event("case.accepted", "2026-03-05T09:00", "A"), event("case.accepted", "2026-03-13T09:00", "B"),
    event("case.decided", "2026-03-19T09:00", "B"), event("case.accepted", "2026-03-20T12:00", "C"),
    event("case.accepted", "2026-03-21T09:00", "A"), event("case.decided", "2026-03-27T09:00", "C"),
]  # fmt: skip
TICKS = ["", "2026-03-12", "2026-03-20T11:59", SWITCH, "2026-03-20T12:01", "2026-04-01"]


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(
    order=st.permutations(range(len(EVENTS))),
    ticks=st.lists(st.sampled_from(TICKS), min_size=len(EVENTS), max_size=len(EVENTS)),
    keep=st.booleans(),
    until=st.sampled_from(["2026-03-20T11:59", SWITCH, "2026-04-20"]),
    every=st.integers(1, 3),
)
def test_arrival_ticks_and_restarts_do_not_matter(
    tmp_path_factory: pytest.TempPathFactory, order: list[int], ticks: list[str], keep: bool, until: str, every: int
) -> None:
    book = switched(tmp_path_factory.mktemp("book"), "keep" if keep else "recompute")
    known = [each for each in EVENTS if each.fact.occurred_at <= at(until)]
    arriving = [EVENTS[position] for position in order if EVENTS[position] in known]
    ticks = [tick if tick and at(tick) <= at(until) else "" for tick in ticks]
    expected = told(standing(book, known, until))
    assert told(standing(book, arriving, until, ticks)) == expected
    assert told(restarting(book, arriving, until, every)) == expected


def test_an_activation_wakes_every_open_subject_in_bounded_commits(tmp_path: Path) -> None:
    store = Store()
    core = SubjectCore(switched(tmp_path), store)
    store.take(
        core.step([event("case.accepted", "2026-03-13T09:00", f"C{n}") for n in range(7)], at("2026-03-19")).rows
    )
    assert core.wake == at(SWITCH)
    raised: list[int] = []
    while core.wake is not None and core.wake <= at(SWITCH):
        step = core.advance(at(SWITCH), 3)
        store.take(step.rows)
        raised.append(len({alert.subject for alert in step.alerts}))
    assert raised == [3, 3, 1]


def test_a_restart_at_the_older_book_is_the_way_back(tmp_path: Path) -> None:
    store, now = Store(), at("2026-03-21")
    new, old = switched(tmp_path / "new"), book_of(tmp_path / "old", deadline(10))
    core = SubjectCore(new, store)
    step = core.step([event("case.accepted", "2026-03-13T09:00")], now)
    store.take(step.rows)
    (raised,) = step.alerts
    assert raised.version == 2
    step = SubjectCore(old, store).refold(now)
    assert [(alert.alert_id, alert.state) for alert in step.alerts] == [(raised.alert_id, "withdrawn")]
    assert [clock.limit for clock in step.clocks] == [10]


def test_a_shadow_version_beside_the_deployed_one_is_told_apart_and_tells_no_clock(tmp_path: Path) -> None:
    book = book_of(tmp_path, deadline(10), deadline(5, version="2", mode="shadow"))
    for order in permutations([event("case.accepted", "2026-03-13T09:00"), event("case.decided", "2026-03-24T09:00")]):
        drive = Drive(book)
        for each in order:
            drive.take([each])
        drive.until(at("2026-04-20"))
        found = [(alert.mode, alert.version, str(alert.due_date)) for alert in drive.alerts()]
        assert found == [("shadow", 2, "2026-03-18"), ("live", 1, "2026-03-23")]
        assert len({alert.alert_id for alert in drive.alerts()}) == 2
        assert [clock.limit for clock in drive.clocks()] == [10]


def test_a_live_alert_has_the_same_id_whatever_its_version_and_what_stands_beside_it(tmp_path: Path) -> None:
    one, two = (
        book_of(tmp_path / "1", deadline(10)),
        book_of(tmp_path / "2", deadline(10, version="7"), deadline(5, version="8", mode="shadow")),
    )
    ids = [
        {alert.alert_id for alert in standing(book, OPENED[:1], "2026-04-20") if alert.mode == "live"}
        for book in (one, two)
    ]
    assert ids[0] == ids[1]


def test_taking_the_live_version_away_leaves_the_shadow_and_voids_the_clock(tmp_path: Path) -> None:
    store, now = Store(), at("2026-04-20")
    both = book_of(tmp_path / "1", deadline(10), deadline(5, version="2", mode="shadow"))
    shadow = book_of(tmp_path / "2", deadline(5, version="2", mode="shadow"))
    store.take(SubjectCore(both, store).step(OPENED[:1], now).rows)
    step = SubjectCore(shadow, store).refold(now)
    assert [(alert.mode, alert.state) for alert in step.alerts if alert.state == "withdrawn"] == [("live", "withdrawn")]
    assert [clock.state for clock in step.clocks] == ["void"]


def counted(least: int, **keys: str) -> str:
    window = "{type: sliding, size: 24h}"
    body = f"count: {{event: case.decided, group_by: [department], window: {window}, at_least: {least}}}"
    return rule_text("X3", body, **keys)


@pytest.mark.parametrize("until", ["2026-03-20T11:59", SWITCH, "2026-03-21"])
def test_groups_are_judged_by_the_version_of_the_first_event_of_their_episode(tmp_path: Path, until: str) -> None:
    keys = {"version": "2", "activates_at": f'"{SWITCH}"', "mode": "live"}
    book = book_of(tmp_path, counted(3), counted(2, **keys), counted(1, version="3", mode="shadow"))
    events = [event("case.decided", f"2026-03-20T0{hour}:00", f"C{hour}", department="tax") for hour in (1, 2, 3)]
    switched = at(until) >= at(SWITCH)
    expected = [("live", 2, 2) if switched else ("live", 3, 1), ("shadow", 1, 3)]
    for order in permutations(events):
        for alerts in (standing(book, order, until), restarting(book, order, until)):
            shown = sorted((alert.mode, int(alert.threshold or 0), alert.version) for alert in alerts)
            assert shown == expected
            assert len({alert.alert_id for alert in alerts}) == 2


KEEP = {"on_change": "keep"}
NEXT = {"version": "2", "activates_at": "2026-03-20T12:00:00+08:00"}


@pytest.mark.parametrize(
    ("rules", "code", "line"),
    [
        ((deadline(10), deadline(5)), "duplicate-rule", 1),
        ((deadline(10), deadline(5, version="2")), "overlapping-versions", 9),
        ((deadline(10, effective="2026-03-01"), deadline(5, version="2", effective="2026-02-01")),
         "overlapping-versions", 9),
        ((deadline(10, **NEXT), deadline(5, **(NEXT | {"version": "3"}))), "overlapping-versions", 9),
        ((deadline(10, **KEEP),), "keep-without-date", 9),
        ((deadline(10, activates_at='"0001-01-01"'),), "not-a-time", 9),
        ((deadline(10), deadline(5, **NEXT).replace("case_id", "file_id")),
         "another-subject", 6),
        ((deadline(10), deadline(5, **NEXT).replace("clock: clock,", "start: case.accepted, stop: case.decided,")),
         "another-clock", 11),
    ],
)  # fmt: skip
def test_versions_that_do_not_go_together_are_refused(
    tmp_path: Path, rules: tuple[str, ...], code: str, line: int
) -> None:
    with pytest.raises(BookErrors) as caught:
        book_of(tmp_path, *rules)
    assert [(error.code, error.line) for error in caught.value.errors] == [(code, line)]


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({}, []), ({"severity": "red_card"}, [9]), ({"when": 'event.region == "430000"'}, [9]),
        ({"message": '{zh: "{{ case_id }}!", en: "{{ case_id }}!"}'}, []), ({"effective": "2026-01-01"}, []),
        ({"version": "8", "severity": "red_card"}, []), ({"# said": "a comment"}, []),
    ],
)  # fmt: skip
def test_what_judges_otherwise_under_the_same_version_is_told_at_its_place(
    tmp_path: Path, changed: dict[str, str], told: list[int]
) -> None:
    before = book_of(tmp_path / "old", deadline(5, **{"severity": "notice", "version": "7"}))
    book_of(tmp_path / "new", deadline(5, **({"severity": "notice", "version": "7"} | changed)))
    found = lint(tmp_path / "new", before).errors
    assert [error.line for error in found if error.code == "same-version"] == told


def test_a_time_without_an_offset_is_one_of_the_default_region(tmp_path: Path) -> None:
    local, offset = (
        book_of(tmp_path / name, deadline(10), deadline(5, **(NEXT | {"activates_at": written})))
        for name, written in (("1", '"2026-03-20T12:00"'), ("2", '"2026-03-20T04:00Z"'))
    )
    assert [rule.activates_at for rule in local.rules] == [rule.activates_at for rule in offset.rules]
