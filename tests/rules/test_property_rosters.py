"""Rosters against a judge that looks at every event by itself, in every order of arrival."""

from __future__ import annotations

import os
from datetime import date, timedelta
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
from tests.oracle.days import local, micros
from tests.oracle.histories import Draw
from tests.oracle.history import Fact, in_order, version
from tests.oracle.restarting import Restarting
from tests.oracle.written import Message, as_example, deletion, wire

MORE = os.environ.get("MINGJING_PROPERTY_EXAMPLES")
ONE, TWO = "k1:0000000000000001", "k1:0000000000000002"
ROWS = [
    ("desk", ONE, "actor", "2026-03-02", "2026-03-04"),
    ("desk", ONE, "actor", "2026-03-06", ""),
    ("desk", TWO, "actor", "2026-03-03", "2026-03-03"),
    ("offices", "market", "organ", "2026-03-03", ""),
    ("both", ONE, "actor", "2026-01-01", ""),
    ("both", "market", "organ", "2026-01-01", "2026-03-04"),
]
ITEMS = {"item-a": "desk", "item-b": "offices", "item-c": "both", "item-d": "gone", "item-e": ""}
RULE = """
rule: R{n}
version: 1
name: {{zh: 名册, en: Roster}}
category: process
basis: test
severity: notice
stream: service
roster:
  {{event: [case.accepted, case.decided], who: [event.actor, event.organ], roster: item.roster, unknown: {unknown}}}
message: {{zh: "{{{{ who }}}}", en: "{{{{ who }}}}"}}
examples:
  - {{name: fires, given: [{{at: "2026-03-02T09:00", type: case.stage, case_id: A}}], expect: [{{reason: x}}]}}
  - {{name: is silent, given: [{{at: "2026-03-02T09:00", type: case.stage, case_id: A}}], expect: []}}
"""


@cache
def book() -> Any:
    with TemporaryDirectory() as made:
        folder = Path(made)
        for n, unknown in enumerate(("silent", "fire")):
            (folder / f"R{n}.yaml").write_text(RULE.format(n=n, unknown=unknown), encoding="utf-8")
        for name, header, rows in (
            ("items", "task_code,effective,roster", [f"{code},2020-01-01,{roster}" for code, roster in ITEMS.items()]),
            ("rosters", "roster,who,kind,from,until,source", [",".join((*row, "order 7")) for row in ROWS]),
        ):
            (folder / name).mkdir()
            (folder / name / "own.csv").write_text("\n".join([header, *rows, ""]), encoding="utf-8")
        return load_book(folder)


@st.composite
def acts(draw: Draw) -> list[Message]:
    """What was done to one case, around the days on which rosters change; some moved to another hand or deleted."""
    made: list[Message] = []
    code = draw(st.sampled_from(sorted(ITEMS)))
    for number in range(draw(st.integers(1, 5))):
        made.append(act(draw, code, f"e{number}", "i"))
        change = draw(st.sampled_from(["", "", "delete", "correct"]))
        if change == "delete":
            made.append(deletion(made[-1], "2026-03-20T09:00"))
        elif change == "correct":
            made.append(act(draw, code, f"e{number}", "u"))
    return made


def act(draw: Draw, code: str, id: str, operation: str) -> Message:
    day = date(2026, 3, 1) + timedelta(days=draw(st.integers(0, 6)))
    at = day.isoformat() + draw(st.sampled_from(["T00:00:00", "T12:00:00", "T23:59:59", ""]))
    kind = draw(st.sampled_from(["case.accepted", "case.decided", "case.stage"]))
    who = draw(st.sampled_from([ONE, TWO, ""])), draw(st.sampled_from(["market", "police", ""]))
    recorded = "2026-03-20T09:00" if operation == "u" else at
    return wire(kind, at, id=id, operation=operation, recorded=recorded, task_code=code, actor=who[0], organ=who[1])


def absent(fact: Fact) -> str:
    """Which of the two may not act, by going through the rows."""
    rows = [row for row in ROWS if row[0] == ITEMS[fact.task_code]]
    found = []
    for kind in ("actor", "organ"):
        own, named = [row for row in rows if row[2] == kind], getattr(fact, kind)
        holds = [row for row in own if row[1] == named and row[3] <= fact.day.isoformat() <= (row[4] or "9999")]
        if own and named and not holds:
            found.append(kind)
    return ", ".join(found)


def expected(facts: list[Fact], unknown: bool) -> set[tuple[object, ...]]:
    found: set[tuple[object, ...]] = set()
    for fact in facts:
        if fact.type == "case.stage":
            continue
        if ITEMS[fact.task_code] not in {row[0] for row in ROWS}:
            found |= {(fact.key, micros(fact.at), "no_roster", "")} if unknown else set()
        elif absent(fact):
            found.add((fact.key, micros(fact.at), "not_on_roster", absent(fact)))
    return found


@settings(max_examples=int(MORE or "200"), deadline=None, derandomize=not MORE, suppress_health_check=list(HealthCheck))
@given(acts(), st.data())
def test_a_roster_is_asked_about_every_event_by_itself_however_they_arrive(
    events: list[Message], data: st.DataObject
) -> None:
    now = local("2026-03-25T00:00")
    order = data.draw(st.permutations(range(len(events))))
    hosts = [Drive(book()), Drive(book(), always_refold=True), Restarting(book(), 1)]
    note(as_example([events[position] for position in order], now.isoformat(), {}))
    for host in hosts:
        for position in order:
            host.take([decode_event(msgspec.json.encode(events[position]))])
            if isinstance(host, Restarting):
                host.restart()
        host.until(micros(now) or 0)
        standing = host.standing() if isinstance(host, Restarting) else host.alerts()
        facts = in_order(frozenset(version(each) for each in events), now)
        for rule, unknown in (("R0", False), ("R1", True)):
            said = {(a.occasion, a.at, a.reason, a.params["who"]) for a in standing if a.rule == rule}
            assert said == expected(facts, unknown)


def test_an_item_without_a_roster_is_counted_once_for_its_case() -> None:
    drive = Drive(book())
    events = [wire("case.accepted", f"2026-03-0{n}T09:00", task_code="item-d", actor=ONE) for n in (2, 3)]
    drive.take([decode_event(msgspec.json.encode(event)) for event in events])
    assert drive.counters["no_roster:R0"] == 1
