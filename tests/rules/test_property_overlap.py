"""Overlaps against the judge that looks at every pair of openings, whatever moves, vanishes or comes late."""

from __future__ import annotations

import os
from datetime import timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from rules.drive import Drive
from rules.language import load_book
from rules.model.events import decode_event
from tests.oracle.beside import Beside, Double
from tests.oracle.days import announced, local, micros
from tests.oracle.histories import Draw
from tests.oracle.history import version
from tests.oracle.restarting import Restarting
from tests.oracle.written import Message, as_example, deletion, wire

DAYS = announced(Path(__file__).parents[2] / "rules" / "calendars" / "cn")
MORE = os.environ.get("MINGJING_PROPERTY_EXAMPLES")
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


@st.composite
def cases(draw: Draw) -> list[Message]:
    """A few cases of two applicants, opened and decided around the same instants; many are corrected or deleted."""
    made: list[Message] = []
    for number in range(draw(st.integers(2, 9))):
        subject, kind = draw(st.sampled_from("ABC")), draw(st.sampled_from(STARTS))
        made.append(one(draw, kind, subject, number, "i"))
        change = draw(st.sampled_from(["", "", "", "delete", "move"]))
        if change == "delete":
            made.append(deletion(made[-1], "2026-03-20T09:00"))
        elif change == "move":
            kind = draw(st.sampled_from([kind, kind, kind, *STARTS]))
            made.append(one(draw, kind, subject, number, "u"))
    return made


def one(draw: Draw, kind: str, subject: str, number: int, operation: str) -> Message:
    hours = draw(st.sampled_from([0, 0, 1, 23, 24, 25, 47, 48, 49, 72, 96]))
    at = local("2026-03-02T10:00:00") + timedelta(hours=hours, seconds=draw(st.sampled_from([0, 0, 1])))
    written = at.date().isoformat() if draw(st.integers(0, 9)) == 0 else at.isoformat()
    recorded = "2026-03-20T09:00" if operation == "u" else (at + timedelta(hours=15)).isoformat()
    return wire(
        kind, written, subject, id=f"e{number}", operation=operation, recorded=recorded,
        applicant=draw(st.sampled_from(["k1:0000000000000001", "k1:0000000000000001", "k1:0000000000000002", ""])),
        organ=draw(st.sampled_from(["market", "market", "police"])), task_code=draw(st.sampled_from(["t", "t", "u"])),
    )  # fmt: skip


@settings(max_examples=int(MORE or "200"), deadline=None, derandomize=not MORE, suppress_health_check=list(HealthCheck))
@given(cases(), st.data())
def test_an_overlap_is_the_same_however_its_events_arrive(events: list[Message], data: st.DataObject) -> None:
    now = local("2026-03-25T00:00")
    order = data.draw(st.permutations(range(len(events)))) if data.draw(st.booleans()) else [*range(len(events))]
    size = data.draw(st.sampled_from([1, 1, 3, len(events)]))
    decoded = [decode_event(msgspec.json.encode(events[position])) for position in order]
    hosts = [Drive(book(), tells_clocks=False), Drive(book(), always_refold=True), Restarting(book(), 1)]
    note(as_example([events[position] for position in order], now.isoformat(), {}))
    for host in hosts:
        for begin in range(0, len(decoded), size):
            host.take(decoded[begin : begin + size])
            if isinstance(host, Restarting) and data.draw(st.booleans()):
                host.restart()
        host.until(micros(now) or 0)
    for double in DOUBLES:
        expected = {shown(each) for each in double.judge([version(each) for each in events], now, DAYS)}
        for host in hosts:
            assert found_by(host, double.rule) == expected, (double.rule, type(host).__name__)


def found_by(host: Drive | Restarting, rule: str) -> set[tuple[object, ...]]:
    standing = host.standing() if isinstance(host, Restarting) else host.alerts()
    return {
        (each.occasion, each.at, each.state, each.ended_at, each.params["other"], each.evidence[-1].id)
        for each in standing
        if each.rule == rule
    }


def shown(beside: Beside) -> tuple[object, ...]:
    state = "open" if beside.ended_at is None else "ended"
    return beside.occasion, micros(beside.at), state, micros(beside.ended_at), beside.other, beside.occasion[1]
