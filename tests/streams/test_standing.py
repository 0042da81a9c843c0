"""What the doctor says of published books: the last one, who judges by it, who refused it, and what to do."""

from typing import Any

from rules.model.times import MINUTE, iso, parse_time
from streams.books.history import present
from streams.books.published import Published
from streams.books.reports import Report
from streams.books.shelf import Refusal
from streams.books.standing import standing

AT = "2026-03-02T09:00:00Z"
NEWEST = Published(name="mingjing", hash="a" * 32, published_at=AT, by="wang.l", files={"T03.yaml": "rule: T03"})


def worker(**said: Any) -> Report:
    given: dict[str, Any] = {"worker": "mingjing/host/1", "name": NEWEST.name, "hash": NEWEST.hash, "by": NEWEST.by}
    given |= {"at": AT, "published_at": AT, "rules": [], "pinned": False, "outdated": 0, "counted": {}}
    return Report(**(given | said))


def states(*workers: Report, newest: Published | None = NEWEST) -> list[str]:
    return [each.state for each in standing(newest, workers)]


def test_all_is_well_where_every_worker_judges_by_what_was_published_last() -> None:
    assert states(worker(), worker(outdated=7)) == ["ok", "ok", "ok"]
    assert "7" in list(standing(NEWEST, [worker(outdated=7)]))[1].found


def test_the_shipped_rules_are_named_where_nothing_was_published() -> None:
    (said,) = standing(None, [])
    assert said.state == "ok" and "shipped" in said.found


def test_a_refused_book_is_a_fault_with_its_first_reason_and_what_to_do() -> None:
    refused = Refusal("b" * 32, AT, ["T03.yaml:7:11: error[not-a-duration]: `5 workdys`\n  7 | within"])
    said = list(standing(NEWEST, [worker(refused=refused)]))[1]
    assert said.state == "fault"
    assert NEWEST.hash[:12] in said.found and "bbbbbbbbbbbb" in said.found
    assert said.found.endswith("`5 workdys`") and "--rollback previous" in said.remedy


def test_a_worker_that_has_not_followed_yet_is_a_warning_and_one_that_is_pinned_is_not() -> None:
    assert states(worker(hash="c" * 32)) == ["ok", "warning"]
    assert states(worker(hash="c" * 32, pinned=True)) == ["ok", "ok"]


def test_a_worker_that_has_been_silent_for_long_is_gone() -> None:
    now = parse_time(AT) + 5 * MINUTE
    assert present([worker(), worker(at=iso(now - MINUTE))], now) == [worker(at=iso(now - MINUTE))]
