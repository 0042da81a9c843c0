"""Explanations: the clock of a case day by day, as a person would count it on a calendar."""

from datetime import date
from typing import Any

import msgspec
import pytest

from rules.judging.clock_days import DayKind
from rules.language import Book, Rule, load_book
from rules.language.loader import BOOK
from rules.language.rule import Example
from rules.model.events import Event, decode_event
from rules.model.times import parse_time
from rules.tables import Closure, Closures
from rules.testing.examples import judge, trial
from rules.testing.explain import Explained, explain
from rules.testing.explain_clock import ClockExplained

WHOLE = load_book()


def event(at: str, type_: str, name: str, /, recorded: str = "", **data: Any) -> Event:
    written = {"specversion": "1.0", "id": name, "source": "s", "subject": "A1", "type": type_, "time": f"{at}+08:00"}
    written["recordedat"] = f"{recorded or at}+08:00"
    return decode_event(msgspec.json.encode(written | {"data": {"task_code": "permit-20"} | data}))


def explained(rule: str, events: list[Event], now: str, items: dict[str, Any] | None = None) -> Explained:
    book = WHOLE.only((rule,))
    catalogue = {"permit-20": {"legal_limit": "20 workdays", "special_procedures": ["hearing"]} | (items or {})}
    tables = msgspec.structs.replace(book.tables, items=book.tables.items.with_examples(catalogue))
    return explain(book.with_tables(tables), "A1", events, parse_time(f"{now}+08:00"))[0]


def days(clock: ClockExplained) -> dict[str, tuple[str, int]]:
    return {each.day.day.isoformat(): (each.day.kind.value, each.day.number) for each in clock.days}


def test_a_pause_is_told_by_its_notice_and_the_holidays_by_theirs() -> None:
    found = explained(
        "T03",
        [
            event("2026-03-02T09:00:00", "case.accepted", "1"),
            event("2026-03-04T09:00:00", "case.suspended", "2", kind="hearing", notice_no="N-7", approved_days=9),
            event("2026-03-11T09:00:00", "case.resumed", "3"),
            event("2026-04-07T09:00:00", "case.decided", "4"),
        ],
        "2026-04-20T00:00:00",
    )
    (clock,) = found.clocks
    assert clock.clock.due_date == date(2026, 4, 7), "DOMAIN's vector 6"
    assert clock.verdict == "in_time" and not found.alerts
    told = days(clock)
    assert told["2026-03-02"] == ("start", 0)
    assert told["2026-03-03"] == ("counted", 1)
    assert told["2026-03-04"] == ("counted", 2)
    assert told["2026-03-05"] == ("paused", 0)
    assert told["2026-03-11"] == ("paused", 0)
    assert told["2026-03-12"] == ("counted", 3)
    assert told["2026-04-04"][0] == told["2026-04-06"][0] == "off"
    assert told["2026-04-07"] == ("counted", 20)
    by_day = {each.day.day.isoformat(): each for each in clock.days}
    assert by_day["2026-03-06"].paused_by == "N-7"
    assert by_day["2026-04-06"].announced == date(2025, 11, 4)
    assert by_day["2026-04-06"].notice.startswith("https://")
    assert by_day["2026-03-14"].notice == "", "a weekend needs no notice"
    assert [(each.code, each.given) for each in clock.remarks] == [
        ("pause_resumed", {"id": "N-7", "day": "2026-03-04", "to": "2026-03-11", "amount": "5"}),
        ("stopped", {"event": "case.decided", "day": "2026-04-07"}),
    ]


def test_a_make_up_day_counts_and_says_so() -> None:
    found = explained("T03", [event("2026-04-29T09:00:00", "case.accepted", "1")], "2026-05-20T00:00:00")
    by_day = {each.day.day.isoformat(): each for each in found.clocks[0].days}
    saturday = by_day["2026-05-09"]
    assert saturday.day.make_up and saturday.day.kind is DayKind.COUNTED and saturday.announced == date(2025, 11, 4)
    assert by_day["2026-05-05"].day.kind is DayKind.OFF


def test_a_declared_closure_is_told_by_its_days() -> None:
    book = WHOLE.only(("T03",))
    closure = Closure(
        since=date(2026, 3, 5), until=date(2026, 3, 6), cause="outage", basis="公告", approved_by="市政府"
    )
    catalogue = {"permit-20": {"legal_limit": "20 workdays"}}
    tables = msgspec.structs.replace(
        book.tables, items=book.tables.items.with_examples(catalogue), closures=Closures([closure])
    )
    events = [event("2026-03-02T09:00:00", "case.accepted", "1")]
    (found,) = explain(book.with_tables(tables), "A1", events, parse_time("2026-03-20T00:00:00+08:00"))
    (clock,) = found.clocks
    assert days(clock)["2026-03-05"] == days(clock)["2026-03-06"] == ("paused", 0)
    assert days(clock)["2026-03-04"] == ("counted", 2) and days(clock)["2026-03-09"] == ("counted", 3)
    assert [(each.code, each.given["amount"]) for each in clock.remarks] == [("closure", "2")]
    assert clock.clock.due_date == date(2026, 4, 1)


def test_what_did_not_count_is_told_with_the_reason() -> None:
    found = explained(
        "T03",
        [
            event("2026-03-02T09:00:00", "case.accepted", "1"),
            event("2026-03-04T09:00:00", "case.suspended", "2", kind="tea", notice_no="N", approved_days=5),
            event("2026-03-05T09:00:00", "case.suspended", "3", kind="hearing", notice_no="N3", approved_days=5),
            event("2026-03-06T09:00:00", "case.suspended", "4", kind="hearing", notice_no="N4", approved_days=5),
            event("2026-04-20T09:00:00", "case.extended", "5", days=5, approver_role="head"),
        ],
        "2026-05-20T00:00:00",
        {"extension_limit": "10 workdays"},
    )
    codes = [each.code for each in found.clocks[0].remarks]
    assert codes == ["pause_approved", "pause_while_paused", "extension_too_late"]
    tea = next(line for line in found.events if line.id == "2")
    assert [(m.part, m.taken, m.value) for m in tea.meanings] == [("pause", False, "False")], "no lawful kind"
    assert found.clocks[0].verdict == "overdue"
    assert [alert.due_date for alert in found.alerts] == [found.clocks[0].clock.due_date]


def test_an_extension_moves_the_due_date_and_a_second_one_does_not() -> None:
    found = explained(
        "T03",
        [
            event("2026-03-02T09:00:00", "case.accepted", "1"),
            event("2026-03-30T17:00:00", "case.extended", "2", days=20, approver_role="head"),
            event("2026-03-30T18:00:00", "case.extended", "3", days=5, approver_role="head"),
        ],
        "2026-03-31T00:00:00",
        {"extension_limit": "10 workdays"},
    )
    (clock,) = found.clocks
    assert [(each.code, each.given["days"]) for each in clock.remarks] == [
        ("extended", "10"),
        ("extension_again", "5"),
    ]
    assert clock.clock.due_date == date(2026, 4, 14)
    assert clock.verdict == "running"
    assert days(clock)["2026-04-14"] == ("ahead", 0)


def test_a_deemed_acceptance_is_told() -> None:
    found = explained(
        "T03",
        [
            event("2026-04-29T09:00:00", "case.received", "1"),
            event("2026-05-12T09:00:00", "case.accepted", "2"),
            event("2026-06-01T09:00:00", "case.decided", "3"),
        ],
        "2026-06-10T00:00:00",
    )
    (clock,) = found.clocks
    assert clock.remarks[0].code == "deemed"
    assert clock.clock.start_date == date(2026, 4, 29)
    assert clock.verdict == "late"


def test_due_dates_beyond_the_announced_years_are_told_provisional_and_raise_a_notice_at_most() -> None:
    events = [event("2026-12-21T09:00:00", "case.accepted", "1")]
    found = explained("T03", events, "2027-03-01T00:00:00")
    assert [each.code for each in found.clocks[0].remarks] == ["provisional"]
    assert [(alert.severity, alert.provisional) for alert in found.alerts] == [("notice", True)]


def test_a_clock_in_hours_is_told_by_the_time_of_each_day() -> None:
    found = explained(
        "T02",
        [
            event("2026-03-02T15:00:00", "case.applied", "0", project_type="promise"),
            event("2026-03-02T16:00:00", "case.accepted", "1"),
        ],
        "2026-03-04T10:30:00",
        {"promised_limit": "10 workhours"},
    )
    (clock,) = found.clocks
    hours = {each.day.day.isoformat(): each.used / 3_600_000_000 for each in clock.days}
    assert hours["2026-03-02"] == 1 and hours["2026-03-03"] == 7 and hours["2026-03-04"] == 1.5
    assert sum(hours.values()) * 3_600_000_000 == clock.clock.used


def test_no_limit_is_said_and_a_subject_without_events_gives_nothing() -> None:
    book = WHOLE.only(("T03",))
    assert explain(book, "A1", [], parse_time("2026-03-04T00:00:00Z")) == []
    lone = [event("2026-03-02T09:00:00", "case.accepted", "1", task_code="unheard-of")]
    assert explain(book, "A1", lone, parse_time("2026-03-04T00:00:00Z"))[0].counted == ("no_limit:T03",)


def cases() -> list[Any]:
    return [
        pytest.param(WHOLE, rule, example, id=f"{rule.id}: {example.name}")
        for rule in load_book(BOOK).rules
        for example in rule.examples
    ]


@pytest.mark.parametrize(("book", "rule", "example"), cases())
def test_every_example_is_explained_as_it_is_judged(book: Book, rule: Rule, example: Example) -> None:
    ready = trial(book, rule, example)
    alerts = judge(book, rule, example)
    subjects = {each.subject for each in ready.events} | {alert.subject for alert in alerts}
    seen = set()
    for subject in sorted(subjects):
        for found in explain(ready.book, subject, ready.events, ready.until):
            seen |= {alert.alert_id for alert in found.alerts}
            for clock in found.clocks:
                kept = clock.clock
                fired = [a for a in found.alerts if a.occasion == kept.occasion and not a.step]
                assert bool(fired) == (clock.verdict in ("late", "overdue", "contested")), clock.verdict
                if kept.unit in ("workdays", "days"):
                    assert clock.counted + clock.beyond == kept.used
    assert seen == {alert.alert_id for alert in alerts}
