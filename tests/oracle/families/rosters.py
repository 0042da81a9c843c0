"""Decides which histories try rosters: the judge looks at every event by itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rules.language import load_book
from rules.model.alerts import Alert, Clock
from tests.oracle.chance import Chance
from tests.oracle.days import local, micros
from tests.oracle.history import Fact, in_order, version
from tests.oracle.trials import Answer, Family, History
from tests.oracle.written import Message, deletion, wire

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


def acts(chance: Chance) -> History:
    """What was done to one case, around the days on which rosters change; some moved to another hand or deleted."""
    made: list[Message] = []
    code = chance.of(sorted(ITEMS))
    for number in range(chance.whole(1, 5)):
        made.append(act(chance, code, f"e{number}", "i"))
        change = chance.of(["", "", "delete", "correct"])
        if change == "delete":
            made.append(deletion(made[-1], "2026-03-20T09:00"))
        elif change == "correct":
            made.append(act(chance, code, f"e{number}", "u"))
    return History(made, local("2026-03-25T00:00"))


def act(chance: Chance, code: str, id: str, operation: str) -> Message:
    day = date(2026, 3, 1) + timedelta(days=chance.whole(0, 6))
    at = day.isoformat() + chance.of(["T00:00:00", "T12:00:00", "T23:59:59", ""])
    kind = chance.of(["case.accepted", "case.decided", "case.stage"])
    who = chance.of([ONE, TWO, ""]), chance.of(["market", "police", ""])
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


def judge(history: History) -> Answer:
    facts = in_order(frozenset(version(each) for each in history.events), history.now)
    return {
        ("alert", rule, *each) for rule, unknown in (("R0", False), ("R1", True)) for each in expected(facts, unknown)
    }


def told(history: History, alerts: Sequence[Alert], clocks: Sequence[Clock]) -> Answer:
    return {("alert", each.rule, each.occasion, each.at, each.reason, each.params["who"]) for each in alerts}


FAMILY = Family("rosters", acts, lambda history: book(), judge, told, frozenset({"R0", "R1"}))
