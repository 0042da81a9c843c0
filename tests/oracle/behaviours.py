# ruff: noqa: E501  one history a line reads as a table
"""Decides what every host must answer to a handful of histories: one for each clause that readers doubted.

`expected` holds one line per standing alert of the rules in `of`: rule, state, reason (of a clock), when it was
raised, and what else is told apart. Any host can be held to it: feed the events, let the clock stand at `until`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.oracle.written import Message, deletion, wire

ITEMS: dict[str, dict[str, Any]] = {
    "item-a": {
        "legal_limit": "20 workdays",
        "promised_limit": "10 workdays",
        "extension_limit": "10 workdays",
        "special_procedures": ["hearing", "testing"],
        "has_certificate": True,
    },
    "item-bare": {"legal_limit": "20 workdays"},
}


@dataclass(frozen=True)
class Behaviour:
    """One history and the alerts that stand at its end (Shanghai time)."""

    says: str
    events: tuple[Message, ...]
    until: str
    of: tuple[str, ...]
    expected: tuple[str, ...] = field(default=())

    def __str__(self) -> str:
        return self.says.replace(" ", "_")


def case(says: str, events: list[Message], until: str, of: str, *expected: str) -> Behaviour:
    return Behaviour(says, tuple(events), until, tuple(of.split()), expected)


APPLIED = wire("case.applied", "2026-03-02T08:30", project_type="promise")
RECEIVED = wire("case.received", "2026-03-02T08:40")
ACCEPTED = wire("case.accepted", "2026-03-02T09:00", actor="k1:0000000000000001")
NOTICE = wire("case.correction_notified", "2026-03-04T10:00", items=["a"])
CORRECTED = wire("case.corrected", "2026-03-06T10:00")
FILED = wire("penalty.filed", "2026-03-02T09:00", "F1")
PERFORMED = wire("check.performed", "2026-03-02T09:00", "C1", on_site=True)


def decided(at: str, **more: Any) -> Message:
    return wire("case.decided", at, **{"result": "granted", "reason": "合规", **more})


def paused(at: str, days: Any = 10, **more: Any) -> Message:
    said = {"kind": "hearing", "notice_no": "N1", "approved_days": days, **more}
    return wire("case.suspended", at, **said)


def extended(at: str, days: Any = 10, role: str = "head", **more: Any) -> Message:
    return wire("case.extended", at, days=days, approver_role=role, **more)


LATE = "T03 ended closed_late 2026-03-31T00:00 due 2026-03-30"
OPEN = "T03 open still_open 2026-03-31T00:00 due 2026-03-30"
CONTESTED = "T03 contested closed_late 2026-03-31T00:00 due 2026-03-30"
LAPSED = "T04 open still_open 2026-03-10T00:00 due 2026-03-09"

BEHAVIOURS = [
    case("an open case past its limit is still open", [ACCEPTED], "2026-04-01", "T03", OPEN),
    case("a stop before the start leaves no clock", [wire("case.closed", "2026-03-01T09:00", finish_code="done"), ACCEPTED], "2026-05-01", "T03"),
    case("a second acceptance does not restart the clock", [ACCEPTED, wire("case.accepted", "2026-03-16T09:00")], "2026-04-01", "T03", OPEN),
    case("an acceptance after the decision opens nothing", [ACCEPTED, decided("2026-03-03T09:00"), wire("case.accepted", "2026-03-04T09:00")], "2026-05-01", "T03"),
    case("a start and a stop at one instant are in the order of the life cycle", [ACCEPTED, decided("2026-03-02T09:00")], "2026-05-01", "T03"),
    case("a correction that moves a late decision into time clears the card", [ACCEPTED, decided("2026-03-31T09:00", id="d"), decided("2026-03-30T09:00", id="d", operation="u", recorded="2026-03-31T09:00")], "2026-04-10", "T03"),
    case("a correction that was typed long after leaves the card contested", [ACCEPTED, decided("2026-03-31T09:00", id="d"), decided("2026-03-30T09:00", id="d", operation="u", recorded="2026-04-02T08:00")], "2026-04-10", "T03", CONTESTED),
    case("a decision entered too late is contested", [ACCEPTED, decided("2026-03-30T09:00", recorded="2026-03-31T09:00:01")], "2026-04-10", "T03", CONTESTED),
    case("twenty four hours exactly are in time", [ACCEPTED, decided("2026-03-30T09:00", recorded="2026-03-31T09:00:00")], "2026-04-10", "T03"),
    case("a date counts its twenty four hours from its end", [ACCEPTED, decided("2026-03-30", recorded="2026-04-01T00:00:00")], "2026-04-10", "T03"),
    case("a second more than twenty four hours after its end is too late", [ACCEPTED, decided("2026-03-30", recorded="2026-04-01T00:00:01")], "2026-04-10", "T03", CONTESTED),
    case("what was entered late before the breach stood is no matter of relief", [ACCEPTED, decided("2026-03-10T09:00", recorded="2026-03-30T23:00")], "2026-04-10", "T03"),
    case("a whole chain recorded at once is no matter of relief", [wire("case.accepted", "2026-03-02T09:00", recorded="2026-05-01T09:00"), decided("2026-03-30T09:00", recorded="2026-05-01T09:00")], "2026-05-02", "T03"),
    case("a deletion of the decision opens the card again", [ACCEPTED, decided("2026-03-10T09:00", id="d"), deletion(decided("2026-03-10T09:00", id="d"), "2026-03-20T09:00")], "2026-04-10", "T03", OPEN),
    case("a start deleted when the breach stood is contested", [ACCEPTED, deletion(ACCEPTED, "2026-04-10T09:00")], "2026-04-12", "T03", "T03 contested still_open 2026-03-31T00:00 due 2026-03-30"),
    case("a start deleted at once never was", [ACCEPTED, deletion(ACCEPTED, "2026-03-02T10:00")], "2026-04-12", "T03"),
    case("a slow feed of what was entered in time withdraws", [ACCEPTED, decided("2026-03-30T09:00", received="2026-04-20T09:00")], "2026-04-21", "T03"),
    case("a pause without a notice does not count", [ACCEPTED, paused("2026-03-04T10:00", notice_no="无")], "2026-04-10", "T03", OPEN),
    case("a pause of a kind that the item does not list does not count", [ACCEPTED, paused("2026-03-04T10:00", kind="lunch")], "2026-04-10", "T03", OPEN),
    case("a pause without approved days does not count", [ACCEPTED, paused("2026-03-04T10:00", "many")], "2026-04-10", "T03", OPEN),
    case("a pause that begins on the due date counts", [ACCEPTED, paused("2026-03-30T23:59:59", 2)], "2026-04-10", "T03", "T03 open still_open 2026-04-02T00:00 due 2026-04-01"),
    case("a pause that begins after the due date revives nothing", [ACCEPTED, paused("2026-03-31T00:00:00", 2)], "2026-04-10", "T03", OPEN),
    case("a pause before the acceptance counts from the day after it", [paused("2026-02-27T10:00", 3), ACCEPTED], "2026-04-10", "T03", "T03 open still_open 2026-04-01T00:00 due 2026-03-31"),
    case("a second suspension of a procedure that is paused is ignored", [ACCEPTED, paused("2026-03-04T10:00", 3, id="p1"), paused("2026-03-06T10:00", 5, id="p2")], "2026-04-20", "T03", "T03 open still_open 2026-04-03T00:00 due 2026-04-02"),
    case("a suspension on the day after the last approved one counts", [ACCEPTED, paused("2026-03-04T10:00", 3, id="p1"), paused("2026-03-10T10:00", 2, id="p2")], "2026-04-20", "T03", "T03 open still_open 2026-04-08T00:00 due 2026-04-07"),
    case("a suspension after the resumption counts", [ACCEPTED, paused("2026-03-04T10:00", 3, id="p1"), wire("case.resumed", "2026-03-05T10:00"), paused("2026-03-05T11:00", 2, id="p2")], "2026-04-20", "T03", "T03 open still_open 2026-04-03T00:00 due 2026-04-02"),
    case("an extension by a clerk does not count and does not use it up", [ACCEPTED, extended("2026-03-10T10:00", 5, "clerk"), extended("2026-03-11T10:00", 3)], "2026-05-10", "T03", "T03 open still_open 2026-04-03T00:00 due 2026-04-02"),
    case("a second extension does not count", [ACCEPTED, extended("2026-03-10T10:00", 1), extended("2026-03-11T10:00", 3)], "2026-05-10", "T03", "T03 open still_open 2026-04-01T00:00 due 2026-03-31"),
    case("an extension is capped", [ACCEPTED, extended("2026-03-10T10:00", 50)], "2026-05-10", "T03", "T03 open still_open 2026-04-15T00:00 due 2026-04-14"),
    case("without a limit of extension there is none", [wire("case.accepted", "2026-03-02T09:00", task_code="item-bare"), extended("2026-03-10T10:00", 5, task_code="item-bare")], "2026-05-10", "T03", OPEN),
    case("an extension before the acceptance does not count", [extended("2026-03-01T10:00", 5), ACCEPTED], "2026-05-10", "T03", OPEN),
    case("an extension on a day won by a pause counts", [ACCEPTED, paused("2026-03-30T10:00", 2), extended("2026-04-01T10:00", 1)], "2026-05-10", "T03", "T03 open still_open 2026-04-03T00:00 due 2026-04-02"),
    case("an extension moves the legal limit and never the promise", [APPLIED, ACCEPTED, extended("2026-03-10T10:00", 10)], "2026-03-20", "T02 T03", "T02 open still_open 2026-03-17T00:00 due 2026-03-16"),
    case("a case that promised nothing breaks no promise", [wire("case.applied", "2026-03-02T08:30", project_type="instant"), ACCEPTED], "2026-03-20", "T02"),
    case("an application after the acceptance makes no promise", [ACCEPTED, wire("case.applied", "2026-03-02T09:30", project_type="promise")], "2026-03-20", "T02"),
    case("one working day before the promise ends it is due soon", [APPLIED, ACCEPTED], "2026-03-14", "T01", "T01 open still_open 2026-03-14T00:00 due 2026-03-16"),
    case("there is no early warning after closure", [APPLIED, ACCEPTED, decided("2026-03-13T23:59:59")], "2026-03-30", "T01"),
    case("a decision is no answer under article 32", [RECEIVED, decided("2026-03-04T09:00")], "2026-03-11", "T03 T04", LAPSED),
    case("a withdrawal is an answer", [RECEIVED, wire("case.withdrawn", "2026-03-04T09:00")], "2026-03-11", "T04"),
    case("a correction opens nothing when no notice had stopped the days", [RECEIVED, wire("case.corrected", "2026-03-05T10:00")], "2026-03-11", "T04", LAPSED),
    case("a second notice in time stops the second five days", [RECEIVED, NOTICE, CORRECTED, wire("case.correction_notified", "2026-03-13T10:00", items=["b"])], "2026-04-10", "T04"),
    case("a receipt after a notice opens nothing", [RECEIVED, NOTICE, wire("case.received", "2026-03-06T10:00")], "2026-04-10", "T04"),
    case("a refusal after the lapse is void", [RECEIVED, wire("case.not_accepted", "2026-03-11T09:00", reason="缺件")], "2026-04-01", "T03", OPEN),
    case("the days run from the correction that nobody answered", [RECEIVED, NOTICE, CORRECTED], "2026-03-14", "T04", "T04 open still_open 2026-03-14T00:00 due 2026-03-13"),
    case("a penalty pause needs no notice but approved days", [FILED, wire("penalty.suspended", "2026-05-29T09:00", "F1", approved_days=3)], "2026-06-04", "T03.penalty", "T03.penalty open still_open 2026-06-04T00:00 due 2026-06-03"),
    case("ninety days that end on a Sunday end on Monday", [FILED], "2026-06-04", "T03.penalty", "T03.penalty open still_open 2026-06-02T00:00 due 2026-06-01"),
    case("a grant is delivered within ten working days", [decided("2026-03-02T09:00"), wire("case.withdrawn", "2026-03-03T09:00")], "2026-03-20", "T06", "T06 open still_open 2026-03-17T00:00 due 2026-03-16"),
    case("a refusal is not delivered", [decided("2026-03-02T09:00", result="denied")], "2026-03-20", "T06"),
    case("the decision ends a pause and delivery is not paused by it", [paused("2026-03-01T09:00", 10), decided("2026-03-02T09:00")], "2026-03-20", "T06", "T06 open still_open 2026-03-17T00:00 due 2026-03-16"),
    case("an unpublished permit is a yellow card", [decided("2026-03-02T09:00", publishable=True)], "2026-03-18", "U01", "U01 open still_open 2026-03-12T00:00 due 2026-03-11 yellow_card"),
    case("an unpublished permit becomes red five working days later", [decided("2026-03-02T09:00", publishable=True)], "2026-03-19", "U01", "U01 open still_open 2026-03-12T00:00 due 2026-03-11 red_card"),
    case("a check without a scan is found after ten days", [PERFORMED], "2026-03-13", "I02", "I02 open still_open 2026-03-13T00:00 due 2026-03-12"),
    case("a scan before the check is the scan", [wire("officer.scanned_in", "2026-03-02T08:59", "C1"), PERFORMED], "2026-03-20", "I02"),
    case("a backfilled scan needs a reason", [PERFORMED, wire("officer.scanned_in", "2026-03-03T09:00", "C1", backfilled=True, reason="无")], "2026-03-20", "I02", "I02 open still_open 2026-03-13T00:00 due 2026-03-12"),
    case("a backfilled scan with a reason is one", [PERFORMED, wire("officer.scanned_in", "2026-03-03T09:00", "C1", backfilled=True, reason="断网")], "2026-03-20", "I02"),
    case("what was recorded a day late was done outside the system", [wire("case.stage", "2026-03-02T09:00", recorded="2026-03-03T09:00:01", id="x"), wire("case.stage", "2026-03-04T09:00", recorded="2026-03-09T09:00", id="y")], "2026-03-20", "P02", "P02 open 2026-03-02T09:00 of x"),
    case("a correction does not clear what was recorded late", [wire("case.stage", "2026-03-02T09:00", recorded="2026-03-04T09:00", id="x"), wire("case.stage", "2026-03-02T09:01", recorded="2026-03-05T09:00", id="x", operation="u")], "2026-03-20", "P02", "P02 open 2026-03-02T09:01 of x"),
    case("a decision within five minutes of the acceptance is instant", [APPLIED, ACCEPTED, decided("2026-03-02T09:04:59", id="d")], "2026-03-20", "P03", "P03 open 2026-03-02T09:04:59 of d"),
    case("five minutes are not instant", [APPLIED, ACCEPTED, decided("2026-03-02T09:05:00")], "2026-03-20", "P03"),
    case("a machine may decide at once", [APPLIED, ACCEPTED, decided("2026-03-02T09:00:01", automatic=True)], "2026-03-20", "P03"),
    case("a date proves no speed", [APPLIED, ACCEPTED, decided("2026-03-02")], "2026-03-20", "P03"),
    case("a notice that asks for something new is a repeated correction", [NOTICE, wire("case.correction_notified", "2026-03-09T10:00", items=["a", "b"], id="n2")], "2026-03-20", "P06", "P06 open 2026-03-09T10:00 of n2"),
    case("a notice that asks for the same again is none", [NOTICE, wire("case.correction_notified", "2026-03-09T10:00", items=["a"])], "2026-03-20", "P06"),
    case("a refusal says why", [wire("case.not_accepted", "2026-03-02T09:00", reason="。", id="x"), wire("case.not_accepted", "2026-03-02T09:01", reason="缺件")], "2026-03-20", "P07", "P07 open 2026-03-02T09:00 of x"),
    case("one person who accepts and decides", [APPLIED, ACCEPTED, decided("2026-03-05T09:00", actor="k1:0000000000000001")], "2026-03-20", "P08", "P08 open 2026-03-05T09:00"),
    case("two persons who accept and decide", [APPLIED, ACCEPTED, decided("2026-03-05T09:00", actor="k1:0000000000000002")], "2026-03-20", "P08"),
    case("forty eight hours exactly are in time", [wire("complaint.filed", "2026-03-02T09:00", "K1"), wire("complaint.answered", "2026-03-04T09:00", "K1")], "2026-03-20", "X.hours"),
    case("a second more than forty eight hours is late", [wire("complaint.filed", "2026-03-02T09:00", "K1"), wire("complaint.answered", "2026-03-04T09:00:01", "K1")], "2026-03-20", "X.hours", "X.hours ended closed_late 2026-03-04T09:00"),
    case("an exact limit has not run out at its instant", [wire("complaint.filed", "2026-03-02T09:00", "K1")], "2026-03-04T09:00", "X.hours"),
    case("hours from a date count from its end", [wire("complaint.filed", "2026-03-02", "K1")], "2026-03-05T00:00:01", "X.hours", "X.hours open still_open 2026-03-05T00:00"),
]  # fmt: skip
