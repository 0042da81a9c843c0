"""Rules on the order of events against the judge that looks at every pair of them."""

from __future__ import annotations

import os
from datetime import datetime, timedelta
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
from tests.oracle.days import announced, local, micros
from tests.oracle.histories import Draw
from tests.oracle.history import version
from tests.oracle.orders import Offence, Order, every
from tests.oracle.restarting import Restarting
from tests.oracle.written import Message, as_example, deletion, wire

DAYS = announced(Path(__file__).parents[2] / "rules" / "calendars" / "cn")
MORE = os.environ.get("MINGJING_PROPERTY_EXAMPLES")
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


@cache
def book() -> Any:
    with TemporaryDirectory() as made:
        for written, order in ORDERS.items():
            text = f"rule: {order.rule}{HEAD}sequence: {written}\n"
            (Path(made) / f"{order.rule}.yaml").write_text(text, encoding="utf-8")
        return load_book(Path(made))


@st.composite
def orders(draw: Draw) -> list[Message]:
    """A few events of one case, many of them at one instant or at the end of a span; some moved or deleted."""
    first = local(draw(st.sampled_from(FIRST)))
    made: list[Message] = []
    for number in range(draw(st.integers(1, 6))):
        kind = draw(st.sampled_from([ACCEPTED, ACCEPTED, STAGE, STAGE, DECIDED, DECIDED, CORRECTED, "case.resumed"]))
        result = {"result": draw(st.sampled_from(["denied", "granted"]))} if kind == DECIDED else {}
        one = wire(kind, moment(draw, first), id=f"e{number}", **result)
        made.append(one)
        change = draw(st.sampled_from(["", "", "", "delete", "move"]))
        if change == "delete":
            made.append(deletion(one, "2026-05-20T09:00"))
        elif change == "move":
            made.append(
                wire(kind, moment(draw, first), id=f"e{number}", operation="u", recorded="2026-05-20T09:00", **result)
            )
    return made


def moment(draw: Draw, first: datetime) -> str:
    day = first + timedelta(days=draw(st.integers(0, 6)))
    return day.date().isoformat() + draw(st.sampled_from(TIMES))


@settings(max_examples=int(MORE or "300"), deadline=None, derandomize=not MORE, suppress_health_check=list(HealthCheck))
@given(orders(), st.data())
def test_rules_on_order_say_the_same_however_the_events_arrive(events: list[Message], data: st.DataObject) -> None:
    latest = max(local(each["time"]) for each in events if each.get("time"))
    later = data.draw(st.sampled_from([0, 0, 1, 4 * 3600, 24 * 3600, 24 * 3600 + 1, 86400 * 3, 86400 * 20]))
    now = latest + timedelta(seconds=later)
    order = data.draw(st.permutations(range(len(events))))
    decoded = [decode_event(msgspec.json.encode(events[position])) for position in order]
    unheard = Drive(book(), tells_clocks=False)
    hosts = [Drive(book()), unheard, Drive(book(), always_refold=True), Restarting(book(), 1)]
    note(as_example([events[position] for position in order], now.isoformat(), {}))
    for host in hosts:
        for event in decoded:
            host.take([event])
            if isinstance(host, Restarting):
                host.restart()
        host.until(micros(now) or 0)
    for rule in ORDERS.values():
        expected = rule.judge([version(each) for each in events], now, DAYS)
        for host in hosts:
            assert found_by(host, rule.rule) == {shown(each) for each in expected}, (rule.rule, type(host).__name__)


def found_by(host: Drive | Restarting, rule: str) -> set[tuple[object, ...]]:
    standing = host.standing() if isinstance(host, Restarting) else host.alerts()
    return {
        (
            each.occasion,
            each.reason,
            each.at,
            each.due_date,
            "" if each.reason == "wrong_order" else each.params["missing"],
        )
        for each in standing
        if each.rule == rule
    }


def shown(offence: Offence) -> tuple[object, ...]:
    return offence.occasion, offence.reason, micros(offence.at), offence.due_date, offence.missing
