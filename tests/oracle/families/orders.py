"""Decides which histories try the rules on the order of events: the judge looks at every pair of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from rules.language import Book, load_book
from rules.model.alerts import Alert, Clock
from tests.oracle.chance import Chance
from tests.oracle.days import announced, local, micros
from tests.oracle.history import version
from tests.oracle.orders import Offence, Order, every
from tests.oracle.trials import Answer, Family, History
from tests.oracle.written import Message, deletion, wire

DAYS = announced(Path(__file__).parents[3] / "rules" / "calendars" / "cn")
ACCEPTED, STAGE, DECIDED, CORRECTED = "case.accepted", "case.stage", "case.decided", "case.corrected"
ANY = {STAGE: every}
HEAD = """
version: 1
name: {zh: 次序, en: Order}
category: process
basis: test
severity: notice
stream: service
message: {zh: "{{ case_id }}", en: "{{ case_id }}"}
examples:
  - {name: fires, given: [{at: "2026-03-02T09:00", type: case.stage, case_id: A}], expect: [{reason: x}]}
  - {name: is silent, given: [{at: "2026-03-02T09:00", type: case.stage, case_id: A}], expect: []}
"""
ORDERS = {
    "{forbid: [case.decided, case.stage]}": Order("S1", "forbid", DECIDED, ANY),
    "{require: {before: case.decided, steps: [case.stage]}}": Order("S2", "require", DECIDED, ANY),
    "{require: {before: case.decided, wait: 24h, steps: [case.stage, "
    "{event: case.corrected, if: event.result == 'denied'}]}}": Order(
        "S3", "require", DECIDED, {STAGE: every, CORRECTED: lambda point: point.result == "denied"}, "24 h"
    ),
    "{require: {before: case.decided, steps: [case.stage], wait: 1 workday}}": Order(
        "S4", "require", DECIDED, ANY, "1 workdays"
    ),
    "{after: case.accepted, followed_by: [case.corrected, case.stage], within: 1 day}": Order(
        "S5", "followed_by", ACCEPTED, {STAGE: every, CORRECTED: every}, "1 days"
    ),
    "{after: case.accepted, not_followed_by: case.stage, within: 2 workdays}": Order(
        "S6", "not_followed_by", ACCEPTED, ANY, "2 workdays"
    ),
    "{after: case.accepted, not_followed_by: case.stage, within: 24h}": Order(
        "S7", "not_followed_by", ACCEPTED, ANY, "24 h"
    ),
    "{after: case.accepted, next: case.stage}": Order("S8", "next", ACCEPTED, ANY),
    "{after: case.accepted, next: [case.decided, case.stage], within: 4 workhours}": Order(
        "S9", "next", ACCEPTED, {STAGE: every, DECIDED: every}, "4 workhours"
    ),
    "{after: case.accepted, not_next: case.stage, among: [case.stage, case.decided], within: 24h}": Order(
        "S10", "not_next", ACCEPTED, ANY, "24 h", among="case.stage case.decided"
    ),
    "{after: case.accepted, followed_by: case.stage, within: 8 workhours}": Order(
        "S11", "followed_by", ACCEPTED, ANY, "8 workhours"
    ),
}  # fmt: skip
FIRST = ("2026-04-03", "2026-04-29", "2026-05-08", "2026-03-02")
TIMES = ("T00:00:00", "T08:00:00", "T09:00:00", "T09:00:01", "T12:00:00", "T13:00:00", "T17:00:00", "T23:59:59", "")


def write(folder: Path) -> None:
    """The rules as the files of a book."""
    for written, order in ORDERS.items():
        (folder / f"{order.rule}.yaml").write_text(f"rule: {order.rule}{HEAD}sequence: {written}\n", encoding="utf-8")


@cache
def book() -> Book:
    with TemporaryDirectory() as made:
        write(Path(made))
        return load_book(Path(made))


def orders(chance: Chance) -> History:
    """A few events of one case or two, many of them at one instant or at the end of a span; some moved or deleted."""
    first, subjects = local(chance.of(FIRST)), chance.of(["A", "A", "AB"])
    made: list[Message] = []
    for number in range(chance.whole(1, 6 * len(subjects))):
        subject = chance.of(subjects)
        kind = chance.of([ACCEPTED, ACCEPTED, STAGE, STAGE, DECIDED, DECIDED, CORRECTED, "case.resumed"])
        result = {"result": chance.of(["denied", "granted"])} if kind == DECIDED else {}
        one = wire(kind, moment(chance, first), subject, id=f"e{number}", **result)
        made.append(one)
        change = chance.of(["", "", "", "delete", "move"])
        if change == "delete":
            made.append(deletion(one, "2026-05-20T09:00"))
        elif change == "move":
            made.append(
                wire(
                    kind,
                    moment(chance, first),
                    subject,
                    id=f"e{number}",
                    operation="u",
                    recorded="2026-05-20T09:00",
                    **result,
                )
            )
    later = chance.of([0, 0, 1, 4 * 3600, 24 * 3600, 24 * 3600 + 1, 86400 * 3, 86400 * 20])
    latest = max(local(each["time"]) for each in made if each.get("time"))
    return History(made, latest + timedelta(seconds=later))


def moment(chance: Chance, first: datetime) -> str:
    day = first + timedelta(days=chance.whole(0, 6))
    return day.date().isoformat() + chance.of(TIMES)


def judge(history: History) -> Answer:
    said = [version(each) for each in history.events]
    return {
        ("alert", rule.rule, subject, *shown(each))
        for rule in ORDERS.values()
        for subject in {each.subject for each in said}
        for each in rule.judge([each for each in said if each.subject == subject], history.now, DAYS)
    }


def shown(offence: Offence) -> tuple[object, ...]:
    return offence.occasion, offence.reason, micros(offence.at), offence.due_date, offence.missing


def told(history: History, alerts: Sequence[Alert], clocks: Sequence[Clock]) -> Answer:
    return {
        (
            "alert", each.rule, each.subject, each.occasion, each.reason, each.at, each.due_date,
            "" if each.reason == "wrong_order" else each.params["missing"],
        )
        for each in alerts
    }  # fmt: skip


FAMILY = Family("orders", orders, lambda history: book(), judge, told, frozenset(each.rule for each in ORDERS.values()))
