"""Limits in hours run out at an instant: a stop at it is in time, and the clock fires once it has passed."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from rules.drive import Drive
from rules.language import Book, load_book
from rules.model.alerts import Alert
from rules.model.events import Event, decode_event
from rules.model.times import SECOND, parse_time

WITHIN_A_DAY = """
rule: X1
name: {zh: 一日内决定, en: Decided within a day}
category: time
basis: test
severity: notice
stream: service
deadline: {start: case.accepted, stop: case.decided, within: 24h}
message: {zh: "{{ case_id }}", en: "{{ case_id }}"}
examples:
  - name: an hour late
    given:
      - {at: "2026-03-02T09:00", type: case.accepted, case_id: A}
      - {at: "2026-03-03T10:00", type: case.decided}
    expect: [{at: "2026-03-03T09:00", reason: closed_late}]
  - name: at the instant
    given:
      - {at: "2026-03-02T09:00", type: case.accepted, case_id: A}
      - {at: "2026-03-03T09:00", type: case.decided}
    expect: []
"""
DUE = parse_time("2026-03-03T09:00:00+08:00")


@pytest.fixture
def book(tmp_path: Path) -> Book:
    (tmp_path / "X1.yaml").write_text(WITHIN_A_DAY, encoding="utf-8")
    return load_book(tmp_path)


def event(kind: str, at: str) -> Event:
    message = {
        "id": kind, "source": "s", "type": kind, "subject": "A", "time": at, "recordedat": at, "receivedat": at,
        "data": {},
    }  # fmt: skip
    return decode_event(msgspec.json.encode(message))


def at(book: Book, now: int, *events: Event) -> list[Alert]:
    drive = Drive(book)
    drive.take([event("case.accepted", "2026-03-02T09:00:00+08:00"), *events])
    drive.until(now)
    return drive.alerts()


def test_an_exact_clock_is_silent_at_its_due_time_and_fires_once_that_has_passed(book: Book) -> None:
    assert at(book, DUE) == []
    assert [alert.at for alert in at(book, DUE + 1)] == [DUE]


def test_an_exact_clock_that_is_judged_again_at_its_due_time_is_still_silent(book: Book) -> None:
    drive = Drive(book)
    drive.take([event("case.accepted", "2026-03-02T09:00:00+08:00")])
    drive.until(DUE)
    drive.take([event("case.received", "2026-03-02T08:00:00+08:00")])
    assert drive.alerts() == []


def test_a_stop_at_the_due_time_is_in_time_and_one_a_moment_later_is_not(book: Book) -> None:
    assert at(book, DUE + SECOND, event("case.decided", "2026-03-03T09:00:00+08:00")) == []
    late = at(book, DUE + SECOND, event("case.decided", "2026-03-03T09:00:01+08:00"))
    assert [alert.reason for alert in late] == ["closed_late"]
