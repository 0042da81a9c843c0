"""Silences against the judge that looks at every two marks: in every order, chunk, tick and after every restart."""

from __future__ import annotations

import os
from datetime import date, datetime, timedelta
from functools import cache
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from rules.core.marking import thinned
from rules.drive import Drive
from rules.language import load_book
from rules.model.events import decode_event
from tests.oracle.days import announced, local, micros
from tests.oracle.histories import Draw
from tests.oracle.history import Version, version
from tests.oracle.quiet import Listener, Quiet
from tests.oracle.restarting import Restarting
from tests.oracle.written import Message, as_example, deletion, wire

DAYS = announced(Path(__file__).parents[2] / "rules" / "calendars" / "cn")
MORE = os.environ.get("MINGJING_PROPERTY_EXAMPLES")
HEAD = """
version: 1
name: {zh: 断流, en: Silent}
category: data
basis: test
severity: notice
stream: service
message: {zh: "{{ source }} {{ gap }}", en: "{{ source }} {{ gap }} since {{ since }}"}
examples:
  - {name: fires, given: [{at: "2026-03-02T09:00", type: case.stage, case_id: A}], expect: [{reason: x}]}
  - {name: is silent, given: [{at: "2026-03-02T09:00", type: case.stage, case_id: A}], expect: []}
"""
SOURCES = """
default: {lateness: 15m}
sources:
  a: {expect_every: 4h, office_hours: true, since: 2026-04-02}
  b: {expect_every: [{from: 2026-04-02, every: 24h}, {from: 2026-04-04, every: 6h}], until: 2026-04-08}
  c: {expect_every: 1 workday, since: 2026-04-03, organ: market, department: desk}
  d: {expect_every: 2 days}
  e: {lateness: 15m}
"""
SINCE = {"a": date(2026, 4, 2), "b": date(2026, 4, 2), "c": date(2026, 4, 3)}
WRITTEN = {
    "Q1": "{group_by: [event.department], within: 24h}",
    "Q2": "{event: {event: case.stage, when: event.stage == 'x'}, group_by: [event.department], within: 5h, "
    "office_hours: true}",
    "Q3": "{within: 1 workday}",
    "Q4": "{roster: sources}",
    "Q5": "{roster: sources, office_hours: true}",
}


def roster(office: bool) -> Any:
    def within(source: str, day: date) -> str:
        if source == "b":
            hours = 24 if day < date(2026, 4, 4) else 6
            return "" if day < date(2026, 4, 2) else f"{hours} {'workhours' if office else 'h'}"
        return {"a": "4 workhours", "c": "1 workdays", "d": "2 days"}[source]

    return within


def by_department(version: Version) -> str:
    return str(version.data.get("department", ""))


def by_source(version: Version) -> str:
    return version.key[0]


LISTENERS = [
    Listener("Q1", lambda each: True, by_department, lambda group, day: "24 h"),
    Listener(
        "Q2",
        lambda each: each.type == "case.stage" and each.data.get("stage") == "x",
        by_department,
        lambda group, day: "5 workhours",
    ),
    Listener("Q3", lambda each: True, by_source, lambda group, day: "1 workdays"),
    *(
        Listener(
            rule,
            lambda each: each.key[0] in "abcd",
            by_source,
            roster(office),
            SINCE.get,
            {"b": date(2026, 4, 8)}.get,
            ("a", "b", "c", "d"),
        )
        for rule, office in (("Q4", False), ("Q5", True))
    ),
]


@cache
def book() -> Any:
    with TemporaryDirectory() as made:
        for rule, written in WRITTEN.items():
            text = f"rule: {rule}{HEAD}silence: {written}\n"
            (Path(made) / f"{rule}.yaml").write_text(text, encoding="utf-8")
        (Path(made) / "sources.yaml").write_text(SOURCES, encoding="utf-8")
        return load_book(Path(made))


@st.composite
def messages(draw: Draw) -> list[Message]:
    """What a few sources send about a few cases around a holiday: dense, then nothing; moved, deleted, late."""
    made: list[Message] = []
    at = local("2026-04-01T08:00:00")
    for number in range(draw(st.integers(1, 14))):
        at += timedelta(seconds=draw(st.sampled_from(STEPS)))
        made.append(one(draw, at, number, "i"))
        change = draw(st.sampled_from(["", "", "", "", "delete", "move"]))
        if change == "delete":
            made.append(deletion(made[-1], (at + timedelta(minutes=5)).isoformat()))
        elif change == "move":
            moved = at + timedelta(seconds=draw(st.sampled_from([-7200, 60, 3600, 90000])))
            made.append(one(draw, moved, number, "u", source=made[-1]["source"], subject=made[-1]["subject"]))
    return made


STEPS = (0, 60, 600, 3600, 3 * 3600, 4 * 3600, 4 * 3600 + 1, 6 * 3600, 86400, 86401, 2 * 86400, 3 * 86400, 5 * 86400)


def one(draw: Draw, at: datetime, number: int, operation: str, **known: str) -> Message:
    late = draw(st.sampled_from([0, 0, 0, 900, 901]))
    whole_day = draw(st.integers(0, 9)) == 0
    written = at.date().isoformat() if whole_day else at.isoformat()
    heard = datetime.combine(at.date() + timedelta(days=1), datetime.min.time()) if whole_day else at
    subject = known.get("subject", draw(st.sampled_from("ABC")))
    made = wire(
        draw(st.sampled_from(["case.stage", "case.stage", "case.accepted"])), written, subject, id=f"e{number}",
        operation=operation, recorded=at.isoformat(), received=(heard + timedelta(seconds=late)).isoformat(),
        department=draw(st.sampled_from(["x", "y", ""])), stage=draw(st.sampled_from("xy")),
    )  # fmt: skip
    if made["type"] == "case.accepted":
        del made["data"]["stage"]
    return made | {"source": known.get("source", draw(st.sampled_from("abcdeab")))}


@settings(max_examples=int(MORE or "300"), deadline=None, derandomize=not MORE, suppress_health_check=list(HealthCheck))
@given(messages(), st.data())
def test_a_silence_is_the_same_however_the_messages_arrive(events: list[Message], data: st.DataObject) -> None:
    latest = max(local(each["time"]) for each in events if each.get("time"))
    now = latest + timedelta(seconds=data.draw(st.sampled_from([0, 1, 3600, *STEPS, 20 * 86400])))
    order = data.draw(st.permutations(range(len(events)))) if data.draw(st.booleans()) else [*range(len(events))]
    sizes = data.draw(st.lists(st.integers(1, 8), min_size=len(events), max_size=len(events)))
    restarts = data.draw(st.lists(st.booleans(), min_size=len(events), max_size=len(events)))
    decoded = [decode_event(msgspec.json.encode(events[position])) for position in order]
    hosts = [Drive(book()), Drive(book(), always_refold=True), Restarting(book(), 1)]
    note(as_example([events[position] for position in order], now.isoformat(), {}))
    for host in hosts:
        left = list(decoded)
        for size, restart in zip(sizes, restarts, strict=True):
            if left:
                host.take(left[:size])
            left = left[size:]
            if restart and isinstance(host, Restarting):
                host.restart()
        host.until(micros(now) or 0)
    for listener in LISTENERS:
        expected = {shown(each) for each in listener.judge([version(each) for each in events], now, DAYS)}
        for host in hosts:
            assert found_by(host, listener.rule) == expected, (listener.rule, type(host).__name__)


def found_by(host: Drive | Restarting, rule: str) -> set[tuple[object, ...]]:
    standing = host.standing() if isinstance(host, Restarting) else host.alerts()
    return {
        (each.group, each.at, each.state, each.ended_at, each.due_date, each.reason, each.params["since"])
        for each in standing
        if each.rule == rule
    }


def shown(quiet: Quiet) -> tuple[object, ...]:
    reason = "never_heard" if quiet.never_heard else "silent"
    state, since = "ended" if quiet.ended_at else "open", quiet.since.isoformat(" ")[:16]
    return quiet.group, micros(quiet.at), state, micros(quiet.ended_at), quiet.due_date, reason, since


@given(st.lists(st.integers(0, 60), max_size=30), st.lists(st.integers(0, 60), max_size=30), st.integers(1, 20))
def test_marks_that_are_left_out_begin_and_end_no_silence(one: list[int], two: list[int], closest: int) -> None:
    told = sorted({at for chunk in (one, two) for at in thinned(sorted(set(chunk)), closest)})
    every = sorted({*one, *two})

    def silences(marks: list[int]) -> set[tuple[int, int]]:
        return {(a, b) for a, b in pairwise(marks) if b - a > closest}

    assert silences(told) == silences(every)
    assert (told[:1], told[-1:]) == (every[:1], every[-1:])
