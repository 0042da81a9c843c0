"""How late a source may be decides when its alerts are settled, and which events windows still count."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from rules.drive import Drive
from rules.language import Book, load_book
from rules.model.events import Event, decode_event
from rules.model.times import HOUR, MINUTE, parse_time
from rules.tables import Sources

COUNTED = """
rule: X1
name: {zh: 频次, en: Often}
category: process
basis: test
severity: notice
stream: service
count: {event: case.decided, group_by: [event.department], window: {type: sliding, size: 1h}, at_least: 2}
message: {zh: "{{ group }}", en: "{{ group }}"}
examples:
  - name: two
    given:
      - {at: "2026-03-02T09:00", type: case.decided, case_id: A, department: D1}
      - {at: "2026-03-02T09:10", type: case.decided, case_id: B}
    expect: [{value: 2.0}]
  - name: one
    given: [{at: "2026-03-02T09:00", type: case.decided, case_id: A, department: D1}]
    expect: []
"""


@pytest.fixture
def book(tmp_path: Path) -> Book:
    (tmp_path / "X1.yaml").write_text(COUNTED, encoding="utf-8")
    return load_book(tmp_path)


def with_lateness(book: Book, source: str, lateness: int) -> Book:
    sources: Sources = book.tables.sources.having(source, lateness)
    return book.with_tables(msgspec.structs.replace(book.tables, sources=sources))


def decided(event_id: str, at: str, received: str) -> Event:
    return decode_event(
        msgspec.json.encode(
            {
                "id": event_id, "source": "s", "type": "case.decided", "subject": event_id,
                "time": f"2026-03-02T{at}+08:00", "recordedat": f"2026-03-02T{at}+08:00",
                "receivedat": f"2026-03-02T{received}+08:00",
                "data": {"department": "D1", "result": "granted"},
            }
        )
    )  # fmt: skip


def test_a_window_counts_an_event_exactly_as_late_as_its_source_may_be(book: Book) -> None:
    events = [decided("a", "09:00:00", "09:00:00"), decided("b", "09:10:00", "09:25:00")]
    drive = Drive(book)
    drive.take(events)
    assert [alert.value for alert in drive.alerts()] == [2.0]


def test_a_window_leaves_out_an_event_a_second_later_unless_its_source_declares_more(book: Book) -> None:
    events = [decided("a", "09:00:00", "09:00:00"), decided("b", "09:10:00", "09:25:01")]
    drive = Drive(book)
    drive.take(events)
    assert drive.alerts() == []
    patient = Drive(with_lateness(book, "s", HOUR))
    patient.take(events)
    assert [alert.value for alert in patient.alerts()] == [2.0]


def test_an_alert_is_settled_when_the_lateness_of_its_source_has_passed(book: Book) -> None:
    drive = Drive(with_lateness(book, "s", HOUR))
    drive.take([decided("a", "09:00:00", "09:00:00"), decided("b", "09:10:00", "09:10:00")])
    at = parse_time("2026-03-02T09:10:00+08:00")
    drive.until(at + HOUR - MINUTE)
    assert [alert.settled for alert in drive.alerts()] == [False]
    drive.until(at + HOUR)
    assert [alert.settled for alert in drive.alerts()] == [True]


def test_a_correction_that_comes_to_lie_too_far_back_leaves_nothing_of_the_event_in_the_window(book: Book) -> None:
    first, second = decided("a", "09:00:00", "09:00:00"), decided("b", "09:10:00", "09:10:00")
    moved = {
        "id": "b", "source": "s", "type": "case.decided", "subject": "b", "operation": "u",
        "time": "2026-03-01T09:10:00+08:00", "recordedat": "2026-03-02T10:00:00+08:00",
        "data": {"department": "D1", "result": "granted"},
    }  # fmt: skip
    corrected = decode_event(msgspec.json.encode(moved))
    for order in ([first, second, corrected], [first, corrected, second]):
        drive = Drive(book)
        drive.take(order)
        assert drive.alerts() == []
