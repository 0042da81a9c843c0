"""A rule that raises in a group is off for that group alone, and said to be; nothing else is lost by it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from rules.core import GroupCore, SubjectCore, forgetting, group
from rules.drive import Drive
from rules.judging.bounds import amount_of
from rules.kinds import aggregate
from rules.language import Book, load_book
from rules.model.alerts import Alert
from rules.model.events import Event, decode_event
from rules.model.facts import GroupFact
from tests.oracle.core import instant
from tests.oracle.days import local
from tests.oracle.families.windows import HEAD
from tests.oracle.restarting import Restarting, Store
from tests.oracle.written import deletion, wire

SUM = "group_by: [event.organ], window: {type: sliding, size: 24h}, field: event.fine, function: sum, over: 100"
COUNT = "group_by: [event.organ], window: {type: sliding, size: 24h}, at_least: 2"
MUCH = 666.0
"""The rule on sums raises over this amount."""


@pytest.fixture
def book(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Book:
    monkeypatch.setattr(aggregate, "amount_of", raising)
    for name, kind, body in (("sum", "aggregate", SUM), ("often", "count", COUNT)):
        (tmp_path / f"{name}.yaml").write_text(HEAD.format(name=name, kind=kind, body=body), encoding="utf-8")
    return load_book(tmp_path)


def raising(value: float, is_span: bool) -> int:
    if value == MUCH:
        raise ArithmeticError("not this amount")
    return amount_of(value, is_span)


def fine(key: str, at: str, amount: float, organ: str = "O") -> dict[str, Any]:
    return wire("penalty.decided", f"2026-03-{at}", f"C{key}", id=key, organ=organ, fine=amount)


RAISING = [
    fine("a", "02T09:00", 60), fine("b", "02T10:00", 60), fine("c", "02T11:00", 1), fine("d", "02T12:00", MUCH),
    fine("e", "02T12:30", 60), fine("f", "02T09:00", 60, "P"), fine("g", "02T10:00", 60, "P"),
]  # fmt: skip


def decoded(messages: list[dict[str, Any]]) -> list[Event]:
    return [decode_event(msgspec.json.encode(each)) for each in messages]


def told(alerts: list[Alert]) -> set[tuple[str, str, tuple[str, str]]]:
    return {(each.rule, each.group, each.occasion) for each in alerts}


OTHERS = {("often", "O", ("s", "b")), ("often", "P", ("s", "g")), ("sum", "P", ("s", "g"))}
FAILED = ("engine.error", "O", ("s", "d"))


@pytest.mark.parametrize("size", [1, 3, 7])
@pytest.mark.parametrize("order", [1, -1])
def test_a_rule_that_raises_in_a_group_is_named_and_every_other_judgement_stands(
    book: Book, size: int, order: int
) -> None:
    drive, lane = Drive(book), Restarting(book, hot=1)
    came = decoded(RAISING[::order])
    for start in range(0, len(came), size):
        drive.take(came[start : start + size])
        lane.take(came[start : start + size])
        lane.restart()
    for alerts in (drive.alerts(), lane.standing()):
        assert told(alerts) == OTHERS | {FAILED}
        failed = next(each for each in alerts if each.rule == "engine.error")
        assert (failed.reason, failed.step, failed.params["error"]) == ("rule_raised", "sum", "ArithmeticError")
        assert [piece.id for piece in failed.evidence] == ["d"]


def test_a_rule_that_raised_speaks_again_once_what_it_raised_over_is_gone(book: Book) -> None:
    drive, lane = Drive(book), Restarting(book, hot=1)
    for host in (drive, lane):
        host.take(decoded(RAISING))
        host.take(decoded([deletion(RAISING[3], "2026-03-02T13:00") | {"time": RAISING[3]["time"]}]))
    for alerts in (drive.alerts(), lane.standing()):
        assert told(alerts) == OTHERS | {("sum", "O", ("s", "b"))}


def test_a_rule_whose_failure_was_let_go_stays_off_and_what_was_said_stands(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(group, "PRUNE_EVERY", 2)
    monkeypatch.setattr(forgetting, "PRUNE_EVERY", 2)
    later = local("2026-03-03T09:00:00")
    days = [
        fine(f"l{day}", (later + timedelta(days=day)).isoformat()[8:16], 200.0 if day == 26 else 1.0)
        for day in range(27)
    ]
    drive, lane = Drive(book), Restarting(book, hot=1)
    for one in decoded([*RAISING[:5], *days]):
        drive.take([one])
        lane.take([one])
        lane.restart()
    (kept,) = drive.groups.groups.values()
    assert "d" not in {point.id for point in kept.points} and kept.broken
    for host in (drive, lane):
        host.until(instant(later + timedelta(days=40)))
    for alerts in (drive.alerts(), lane.standing()):
        assert told(alerts) == {("often", "O", ("s", "b")), FAILED}


def test_amounts_beyond_any_honest_one_stop_no_lane(book: Book, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group, "PRUNE_EVERY", 2)
    monkeypatch.setattr(forgetting, "PRUNE_EVERY", 2)
    wild = [fine(f"w{hour:02}", f"02T{hour:02}:00", 1.7e308) for hour in range(24)]
    calm = [fine(f"z{day}", f"{day}T23:00", 1.0) for day in range(10, 31)]
    drive, lane = Drive(book), Restarting(book, hot=1)
    for one in decoded([*wild, *calm]):
        drive.take([one])
        lane.take([one])
        lane.restart()
    for alerts in (drive.alerts(), lane.standing()):
        assert ("sum", "O", ("s", "w00")) in told(alerts)


@pytest.mark.parametrize("size", [1, 7])
def test_a_fact_whose_fold_raises_is_set_aside_alone_and_what_is_said_beside_it_is_doubtful(
    book: Book, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    time_of = group.Group.time_of

    def failing(self: group.Group, fact: GroupFact) -> int:
        if fact.id == "e" and fact.fact.fine == 60:
            raise RuntimeError("a defect of ours")
        return time_of(self, fact)

    monkeypatch.setattr(group.Group, "time_of", failing)
    drive, core, rows, rejected = Drive(book), SubjectCore(book), Store(), []
    groups, said = GroupCore(book, rows), dict[str, Alert]()
    calm = [each for each in RAISING if each["id"] != "d"]
    mended = fine("e", "02T12:30", 61) | {"operation": "u", "recordedat": "2026-03-02T12:40:00+08:00"}
    for start in range(0, 7, size):
        chunk = decoded([*calm, mended][start : start + size])
        drive.take(chunk)
        step = groups.step(core.step(chunk, drive.now).facts, drive.now)
        rows.take(step.rows)
        said |= {each.alert_id: each for each in step.alerts}
        rejected += step.rejected
        if start < 5 or size == 7:
            continue
        doubtful = {each.group for each in said.values() if "doubtful" in each.params}
        assert doubtful == ({"O"} if start == 5 else set())
    assert [each.reason for each in rejected] == ["fold_raised"]
    assert drive.counters["fold_raised"] == 1
    right = OTHERS | {("sum", "O", ("s", "b"))}
    assert told(drive.alerts()) == told(list(said.values())) == right
    again = GroupCore(book, rows)
    assert not again.step([], drive.now).alerts
    kept = next(again._group(key) for key in groups.groups if key.endswith("O"))
    assert sorted(point.id for point in kept.points) == ["a", "b", "c", "e"]
