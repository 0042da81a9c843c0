"""Histories on which the core and the judge once disagreed, each in as few events as show it."""

from itertools import permutations
from pathlib import Path

from tests.rules.small_books import book_of, event, restarting, rule_text, standing, told

RELIEF = "relief: {recorded_within: 24h}"


def test_a_date_that_opens_a_case_lies_after_what_came_before_it_on_its_day_beside_other_cases_too(
    tmp_path: Path,
) -> None:
    body = "overlap: {start: case.decided, stop: case.closed, key: [event.applicant], within: 24h}"
    book = book_of(tmp_path, rule_text("O", body))
    one = event("case.decided", "2026-03-03T10:00", "B", applicant="k1:1")
    day = event("case.decided", "2026-03-03T00:00", "C", applicant="k1:1", precision="day")
    before = event("case.received", "2026-03-03T11:00", "C")
    for order in permutations([one, day, before]):
        (found,) = standing(book, order, "2026-03-25")
        assert (found.subject, found.params["other"]) == ("C", "B")
        assert told(restarting(book, order, "2026-03-25")) == told([found])


def deadline(rule_id: str, days: int, more: str = "") -> str:
    return rule_text(rule_id, f"deadline: {{clock: clock, within: {days} days{more}, {RELIEF}}}")


ACCEPTED = event("case.accepted", "2026-03-02T09:00", id="b")


def test_only_the_contested_alert_knows_of_the_deleted_event_that_it_rests_on(tmp_path: Path) -> None:
    book = book_of(tmp_path, deadline("E", 1), deadline("L", 9))
    start = event("case.accepted", "2026-03-02T09:00", id="a", recordedat="2026-03-05T09:00")
    stop = event("case.decided", "2026-03-04T09:00", id="d", department="tax")
    gone = event("case.decided", "2026-03-04T09:00", id="d", operation="d", recordedat="2026-03-06T09:00")
    for order in permutations([ACCEPTED, start, stop, gone]):
        for found in (standing(book, order, "2026-04-01"), restarting(book, order, "2026-04-01")):
            shown = {(alert.rule, alert.occasion[1]): (alert.state, alert.department) for alert in found}
            assert shown["E", "b"] == ("contested", "")
            assert shown["L", "a"] == ("open", "")


def test_the_warnings_of_a_contested_clock_are_contested_with_it_wherever_the_contested_stop_lies(
    tmp_path: Path,
) -> None:
    book = book_of(tmp_path, deadline("D", 8, ", warn_at: [50%]"))
    for stop in ("2026-03-04T09:00", "2026-03-08T09:00"):
        late = event("case.decided", stop, recordedat="2026-03-20T09:00")
        for order in permutations([ACCEPTED, late]):
            found = standing(book, order, "2026-04-01", ["", "2026-03-15"])
            assert [(alert.step, alert.state) for alert in found] == [("50%", "contested"), ("", "contested")]
            assert {alert.reason for alert in found} == {"closed_late"}
