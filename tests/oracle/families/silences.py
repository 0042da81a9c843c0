"""Decides which histories try silences: the judge looks at every two marks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rules.language import load_book
from rules.model.alerts import Alert, Clock
from tests.oracle.chance import Chance
from tests.oracle.days import announced, local, micros
from tests.oracle.history import Version, version
from tests.oracle.quiet import Listener, Quiet
from tests.oracle.trials import Answer, Family, History
from tests.oracle.written import Message, deletion, wire

DAYS = announced(Path(__file__).parents[3] / "rules" / "calendars" / "cn")
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


def messages(chance: Chance) -> History:
    """What a few sources send about a few cases around a holiday: dense, then nothing; moved, deleted, late."""
    made: list[Message] = []
    at = local("2026-04-01T08:00:00")
    for number in range(chance.whole(1, 14)):
        at += timedelta(seconds=chance.of(STEPS))
        made.append(one(chance, at, number, "i"))
        change = chance.of(["", "", "", "", "delete", "move"])
        if change == "delete":
            made.append(deletion(made[-1], (at + timedelta(minutes=5)).isoformat()))
        elif change == "move":
            moved = at + timedelta(seconds=chance.of([-7200, 60, 3600, 90000]))
            made.append(one(chance, moved, number, "u", source=made[-1]["source"], subject=made[-1]["subject"]))
    latest = max(local(each["time"]) for each in made if each.get("time"))
    return History(made, latest + timedelta(seconds=chance.of([0, 1, 3600, *STEPS, 20 * 86400])))


STEPS = (0, 60, 600, 3600, 3 * 3600, 4 * 3600, 4 * 3600 + 1, 6 * 3600, 86400, 86401, 2 * 86400, 3 * 86400, 5 * 86400)


def one(chance: Chance, at: datetime, number: int, operation: str, **known: str) -> Message:
    late = chance.of([0, 0, 0, 900, 901])
    whole_day = chance.whole(0, 9) == 0
    written = at.date().isoformat() if whole_day else at.isoformat()
    heard = datetime.combine(at.date() + timedelta(days=1), datetime.min.time()) if whole_day else at
    subject = known.get("subject", chance.of("ABC"))
    made = wire(
        chance.of(["case.stage", "case.stage", "case.accepted"]), written, subject, id=f"e{number}",
        operation=operation, recorded=at.isoformat(), received=(heard + timedelta(seconds=late)).isoformat(),
        department=chance.of(["x", "y", ""]), stage=chance.of("xy"),
    )  # fmt: skip
    if made["type"] == "case.accepted":
        del made["data"]["stage"]
    return made | {"source": known.get("source", chance.of("abcdeab"))}


def judge(history: History) -> Answer:
    said = [version(each) for each in history.events]
    return {("alert", rule.rule, *shown(each)) for rule in LISTENERS for each in rule.judge(said, history.now, DAYS)}


def shown(quiet: Quiet) -> tuple[object, ...]:
    reason = "never_heard" if quiet.never_heard else "silent"
    state, since = "ended" if quiet.ended_at else "open", quiet.since.isoformat(" ")[:16]
    return quiet.group, micros(quiet.at), state, micros(quiet.ended_at), quiet.due_date, reason, since


def told(history: History, alerts: Sequence[Alert], clocks: Sequence[Clock]) -> Answer:
    return {
        ("alert", a.rule, a.group, a.at, a.state, a.ended_at, a.due_date, a.reason, a.params["since"]) for a in alerts
    }


FAMILY = Family("silences", messages, lambda history: book(), judge, told, frozenset(WRITTEN))
