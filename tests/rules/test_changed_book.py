"""A host that restarts with another book judges every subject that it keeps by it, in bounded steps."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

import msgspec
import pytest

from rules.core import Step, SubjectCore
from rules.language import Book, load_book
from rules.model.events import decode_event
from rules.model.times import parse_time

NOW = parse_time("2026-04-15T00:00:00+08:00")
CASES = 7


class Kept(dict[bytes, bytes]):
    """Rows in memory."""

    def scan(self, prefix: bytes) -> Iterable[tuple[bytes, bytes]]:
        return sorted((key, row) for key, row in self.items() if key.startswith(prefix))

    def take(self, step: Step) -> Step:
        for key, row in step.rows.items():
            if row is None:
                self.pop(key, None)
            else:
                self[key] = row
        return step


@cache
def shipped() -> Book:
    return load_book()


@pytest.fixture(scope="module")
def book() -> Book:
    return shipped()


@pytest.fixture
def rows(book: Book) -> Kept:
    """Seven cases accepted long ago and never decided, judged by T03 alone."""
    kept = Kept()
    core = SubjectCore(book_of(book, "T03"), kept)
    kept.take(core.step([decode_event(accepted(number)) for number in range(CASES)], NOW))
    return kept


def book_of(book: Book, *rules: str) -> Book:
    """A book of some rules alone, under a hash of its own."""
    return Book(book.only(rules).rules, book.tables, "-".join(rules))


def accepted(number: int) -> bytes:
    item = next(item.task_code for item in shipped().tables.items if item.legal_limit is not None)
    said = {
        "id": f"a{number}", "source": "s", "type": "case.accepted", "subject": f"C{number}",
        "time": "2026-01-05T09:00:00+08:00", "data": {"task_code": item},
    }  # fmt: skip
    return msgspec.json.encode(said)


def restarted(book: Book, rows: Kept, limit: int = 3) -> list[Step]:
    core = SubjectCore(book, rows)
    steps: list[Step] = []
    while core.outdated:
        steps.append(rows.take(core.refold(NOW, limit)))
    return steps


def test_the_same_book_has_nothing_new_to_say(book: Book, rows: Kept) -> None:
    assert restarted(book_of(book, "T03"), rows) == []


def test_a_new_rule_sees_the_past_of_open_cases_in_bounded_steps(book: Book, rows: Kept) -> None:
    steps = restarted(book_of(book, "T01", "T03"), rows)
    raised = [alert for step in steps for alert in step.alerts if alert.rule == "T01" and alert.revision == 1]
    assert {alert.subject for alert in raised} == {f"C{number}" for number in range(CASES)}
    assert all(sum(key.startswith(b"s") for key in step.rows) <= 3 for step in steps)
    assert restarted(book_of(book, "T01", "T03"), rows) == []


def test_a_rule_that_left_the_book_takes_its_alerts_and_clocks_with_it(book: Book, rows: Kept) -> None:
    steps = restarted(book_of(book, "T01"), rows)
    said = [alert for step in steps for alert in step.alerts if alert.rule == "T03"]
    assert [alert.state for alert in said] == ["withdrawn"] * CASES
    clocks = [clock for step in steps for clock in step.clocks if clock.rule == "T03"]
    assert [clock.state for clock in clocks] == ["void"] * CASES
