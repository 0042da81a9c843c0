"""Decides which histories try overlaps: the judge looks at every pair of openings, whatever moves or vanishes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rules.language import load_book
from rules.model.alerts import Alert, Clock
from tests.oracle.beside import Beside, Double
from tests.oracle.chance import Chance
from tests.oracle.days import announced, local, micros
from tests.oracle.history import version
from tests.oracle.trials import Answer, Family, History
from tests.oracle.written import Message, deletion, wire

DAYS = announced(Path(__file__).parents[3] / "rules" / "calendars" / "cn")
HEAD = """
version: 1
name: {zh: 重复, en: Twice}
category: process
basis: test
severity: notice
stream: service
message: {zh: "{{ case_id }} {{ other.case_id }}", en: "{{ case_id }} {{ other.subject }}"}
examples:
  - {name: fires, given: [{at: "2026-03-02T09:00", type: case.stage, case_id: A}], expect: [{reason: x}]}
  - {name: is silent, given: [{at: "2026-03-02T09:00", type: case.stage, case_id: A}], expect: []}
"""
WRITTEN = {
    "O1": "{start: case.received, stop: [case.decided, case.withdrawn], key: [event.applicant, task_code], "
    "within: 2 days}",
    "O2": "{start: {event: case.received, when: event.organ == 'market'}, stop: case.decided, "
    "key: event.applicant, within: 24h}",
    "O3": "{start: case.decided, stop: case.received, key: [event.applicant], within: 24h}",
}
DOUBLES = [
    Double(
        "O1",
        lambda fact: fact.type == "case.received",
        lambda fact: fact.type in ("case.decided", "case.withdrawn"),
        lambda fact: (fact.applicant or "", fact.task_code or ""),
        "2 days",
    ),
    Double(
        "O2",
        lambda fact: fact.type == "case.received" and fact.organ == "market",
        lambda fact: fact.type == "case.decided",
        lambda fact: (fact.applicant or "",),
        "24 h",
    ),
    Double(
        "O3",
        lambda fact: fact.type == "case.decided",
        lambda fact: fact.type == "case.received",
        lambda fact: (fact.applicant or "",),
        "24 h",
    ),
]
STARTS = ("case.received", "case.received", "case.received", "case.decided", "case.withdrawn", "case.stage")


@cache
def book() -> Any:
    with TemporaryDirectory() as made:
        for rule, written in WRITTEN.items():
            (Path(made) / f"{rule}.yaml").write_text(f"rule: {rule}{HEAD}overlap: {written}\n", encoding="utf-8")
        return load_book(Path(made))


def cases(chance: Chance) -> History:
    """A few cases of two applicants, opened and decided around the same instants; many are corrected or deleted."""
    made: list[Message] = []
    for number in range(chance.whole(2, 9)):
        subject, kind = chance.of("ABC"), chance.of(STARTS)
        made.append(one(chance, kind, subject, number, "i"))
        change = chance.of(["", "", "", "delete", "move"])
        if change == "delete":
            made.append(deletion(made[-1], "2026-03-20T09:00"))
        elif change == "move":
            kind = chance.of([kind, kind, kind, *STARTS])
            made.append(one(chance, kind, subject, number, "u"))
    return History(made, local("2026-03-25T00:00"))


def one(chance: Chance, kind: str, subject: str, number: int, operation: str) -> Message:
    hours = chance.of([0, 0, 1, 23, 24, 25, 47, 48, 49, 72, 96])
    at = local("2026-03-02T10:00:00") + timedelta(hours=hours, seconds=chance.of([0, 0, 1]))
    written = at.date().isoformat() if chance.whole(0, 9) == 0 else at.isoformat()
    recorded = "2026-03-20T09:00" if operation == "u" else (at + timedelta(hours=15)).isoformat()
    return wire(
        kind, written, subject, id=f"e{number}", operation=operation, recorded=recorded,
        applicant=chance.of(["k1:0000000000000001", "k1:0000000000000001", "k1:0000000000000002", ""]),
        organ=chance.of(["market", "market", "police"]), task_code=chance.of(["t", "t", "u"]),
    )  # fmt: skip


def judge(history: History) -> Answer:
    said = [version(each) for each in history.events]
    return {("alert", rule.rule, *shown(each)) for rule in DOUBLES for each in rule.judge(said, history.now, DAYS)}


def shown(beside: Beside) -> tuple[object, ...]:
    state = "open" if beside.ended_at is None else "ended"
    return beside.occasion, micros(beside.at), state, micros(beside.ended_at), beside.other, beside.occasion[1]


def told(history: History, alerts: Sequence[Alert], clocks: Sequence[Clock]) -> Answer:
    return {
        (
            "alert", each.rule, each.occasion, each.at, each.state, each.ended_at, each.params["other"],
            each.evidence[-1].id,
        )
        for each in alerts
    }  # fmt: skip


FAMILY = Family("overlaps", cases, lambda history: book(), judge, told, frozenset(WRITTEN))
