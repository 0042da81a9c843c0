"""Whatever stands is a function of the events and of now: neither arrival nor ticks matter, long after closing too."""

from __future__ import annotations

import msgspec
import pytest

from rules.drive import Drive
from rules.language import Book, load_book
from rules.model.alerts import Alert, Clock
from rules.model.events import Event, decode_event
from rules.model.times import DAY
from tests.oracle.chance import Chance
from tests.oracle.families.cases import FAMILY
from tests.oracle.trials import History
from tests.oracle.written import as_example

LONG_AFTER = 400 * DAY


@pytest.fixture(scope="module")
def book() -> Book:
    return load_book()


def events_of(history: History) -> list[Event]:
    return [decode_event(msgspec.json.encode(said)) for said in history.events]


def end_of(events: list[Event]) -> int:
    return max(event.fact.occurred_at for event in events) + LONG_AFTER


def standing(drive: Drive) -> tuple[dict[str, Alert], dict[str, Clock]]:
    alerts = {alert.alert_id: msgspec.structs.replace(alert, revision=0) for alert in drive.alerts()}
    clocks = {clock.clock_id: msgspec.structs.replace(clock, revision=0, as_of=0) for clock in drive.clocks()}
    return alerts, clocks


@pytest.mark.parametrize("begin", range(0, 60, 20))
def test_shuffled_and_ticked_through_a_year_it_is_the_same_as_at_one_stroke(book: Book, begin: int) -> None:
    for seed in range(begin, begin + 20):
        chance = Chance(seed)
        history = FAMILY.make(chance)
        events = events_of(history)
        at_once, by_and_by = Drive(book, always_refold=True), Drive(book)
        at_once.take(events)
        at_once.until(end_of(events))
        shuffled, cut = chance.shuffled(events), chance.whole(0, len(events))
        for chunk in (shuffled[:cut], shuffled[cut:]):
            by_and_by.take(chunk)
        for days in sorted(chance.some(range(1, 400), 0, 6)):
            by_and_by.until(end_of(events) - LONG_AFTER + days * DAY)
        by_and_by.until(end_of(events))
        assert standing(by_and_by) == standing(at_once), as_example(history.events, history.now.isoformat(), {})


def said(event_id: str, kind: str, at: str, subject: str = "A", **more: object) -> Event:
    message = {"id": event_id, "source": "s", "type": kind, "time": f"2026-{at}+08:00", "subject": subject}
    return decode_event(msgspec.json.encode(message | {"data": {}} | more))


def test_what_runs_out_after_a_case_was_closed_is_said_however_far_now_jumps(book: Book) -> None:
    item = next(item.task_code for item in book.tables.items if item.has_certificate)
    granted = {"data": {"task_code": item, "result": "granted"}}
    history = [said("a", "case.decided", "03-02T09:00:00", **granted), said("b", "case.closed", "03-03T09:00:00")]
    for days in (30, 96, 98, 400):
        drive = Drive(book)
        drive.take(history)
        drive.until(history[-1].fact.occurred_at + days * DAY)
        assert [(alert.rule, alert.settled) for alert in drive.alerts() if alert.rule == "T06"] == [("T06", True)]


def test_who_was_responsible_when_it_ran_out_does_not_depend_on_when_that_was_told(book: Book) -> None:
    item = next(item.task_code for item in book.tables.items if item.legal_limit is not None)
    first = said("a", "case.accepted", "01-05T09:00:00", data={"task_code": item, "organ": "O1"})
    moved = said("b", "case.stage", "01-06T09:00:00", data={"stage": "x", "organ": "O2"})
    in_time, late = Drive(book), Drive(book)
    in_time.take([first, moved])
    late.take([first])
    for drive in (in_time, late):
        drive.until(first.fact.occurred_at + 90 * DAY)
    late.take([moved])
    assert standing(late) == standing(in_time)
    assert {alert.responsible for alert in late.alerts()} == {"O2"}


def test_a_contested_alert_keeps_the_evidence_that_was_deleted(book: Book) -> None:
    item = next(item.task_code for item in book.tables.items if item.legal_limit is not None)
    accepted = said("a", "case.accepted", "01-05T09:00:00", data={"task_code": item, "organ": "O1"})
    gone = said("a", "case.accepted", "01-05T09:00:00", operation="d", recordedat="2026-04-05T09:00:00+08:00")
    drive = Drive(book)
    drive.take([accepted, gone])
    drive.until(accepted.fact.occurred_at + 120 * DAY)
    contested = [alert for alert in drive.alerts() if alert.rule == "T03"]
    assert [(alert.state, len(alert.evidence), alert.responsible) for alert in contested] == [("contested", 1, "O1")]


def test_one_runaway_subject_is_set_aside_and_holds_up_nobody(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rules.core.engine.MOST_LOG", 2_000)
    drive = Drive(book)
    many = [said(f"e{number}", "case.stage", f"03-02T09:00:{number:02d}") for number in range(60)]
    step = drive.take([*many, said("other", "case.not_accepted", "03-02T09:00:59", subject="B", data={"reason": ""})])
    assert 0 < len(step.rejected) < 60
    assert {refused.reason for refused in step.rejected} == {"quarantined"}
    assert {alert.subject for alert in drive.alerts()} == {"A", "B"}
    (told,) = [alert for alert in drive.alerts() if alert.subject == "A"]
    assert (told.rule, told.severity, told.reason) == ("engine.quarantine", "notice", "quarantined")
    assert drive.take([said("more", "case.stage", "03-02T09:01:00")]).alerts == []
    assert told in drive.alerts()
