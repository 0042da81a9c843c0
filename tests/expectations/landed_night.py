"""A day of eleven cases, small enough to count by hand, landed in a warehouse as the lander would land it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date
from typing import Any

import msgspec

from rules.model.alerts import Clock, identity
from rules.model.events import decode_message, to_event
from rules.model.times import local_day, parse_time
from warehouse import rows
from warehouse.migrations import migrate
from warehouse.writer import Writer

DAY = date(2026, 3, 2)
ITEM = "permit-200"
CLERK = "k1:0123456789abcdef"
O1 = {"region": "330100", "organ": "O1", "task_code": ITEM}
O2 = {"region": "330200", "organ": "O2", "task_code": ITEM}

Fact = tuple[str, str, str, dict[str, Any]]
"""Type, subject, local time, data."""


def case(subject: str, where: dict[str, str], accepted: str, closed: str | None, **applied: Any) -> list[Fact]:
    """Applied for and accepted at one time, decided and closed at another one."""
    made: list[Fact] = [
        (
            "case.applied",
            subject,
            accepted,
            {**where, "project_type": "promise", "channel": "window", **applied},
        ),
        ("case.accepted", subject, accepted, dict(where)),
    ]
    if closed:
        made.append(("case.decided", subject, closed, {**where, "result": "granted"}))
        made.append(("case.closed", subject, closed, {**where, "finish_code": "granted"}))
    return made


def with_clerk(facts: Iterable[Fact]) -> list[Fact]:
    return [(kind, subject, at, {**data, "actor": CLERK}) for kind, subject, at, data in facts]


def rating(subject: str, at: str, satisfaction: int, default: bool = False) -> Fact:
    data = {**O1, "review_id": f"r-{subject}", "satisfaction": satisfaction, "is_default": default}
    return ("review.submitted", subject, at, data)


GOOD: list[Fact] = [
    *with_clerk(case("A", O1, "2026-02-24T09:00", "2026-03-02T10:00", channel="web", visits=0)),
    (
        "case.received",
        "A",
        "2026-02-24T09:00",
        {**O1, "materials_required": list("abcd"), "materials_shared": list("ab")},
    ),
    ("cert.issued", "A", "2026-03-02T10:30", {**O1, "electronic": True}),
    rating("A", "2026-03-02T11:00", 1),
    *with_clerk(case("B", O1, "2026-02-23T09:00", "2026-03-02T10:00", visits=1, bundle_id="b1", project_type="2")),
    ("case.received", "B", "2026-02-23T09:00", {**O1, "materials_required": list("ab")}),
    rating("B", "2026-03-02T11:00", 1, default=True),
    *with_clerk(case("C", O1, "2026-02-13T09:00", "2026-03-02T23:59", visits=2)),
    rating("C", "2026-03-02T12:00", 4),
    (
        "case.applied",
        "D",
        "2026-03-02T09:00",
        {**O1, "project_type": "1", "channel": "3", "visits": 0},
    ),
    ("case.accepted", "D", "2026-03-02T09:00", O1),
    ("case.decided", "D", "2026-03-02T09:00", {**O1, "result": "granted", "automatic": True}),
    ("case.delivered", "D", "2026-03-02T09:10", {**O1, "courier": True}),
    ("case.closed", "D", "2026-03-02T09:20", {**O1, "finish_code": "granted"}),
    *with_clerk(case("E-withdrawn", O1, "2026-02-24T09:00", "2026-03-02T10:00")),
    ("case.withdrawn", "E-withdrawn", "2026-03-02T09:59", O1),
    *with_clerk(case("F-void", O1, "2026-02-24T09:00", None)),
    ("case.closed", "F-void", "2026-03-02T10:00", {**O1, "finish_code": "void"}),
    *with_clerk(case("G-applied", O1, "2026-03-02T16:00", None, channel="web")),
    *with_clerk(case("H", O2, "2026-02-25T09:00", "2026-03-02T10:00", applicant_region="330100")),
    *with_clerk(case("I-deleted", O1, "2026-02-25T09:00", "2026-03-02T10:00")),
    *with_clerk(case("J-tomorrow", O1, "2026-02-25T09:00", "2026-03-03T00:00")),
    *with_clerk(case("K-corrected", O1, "2026-02-25T09:00", "2026-03-02T10:00")),
]
"""A and B and C and D and H are finished on the day, the others are not: by their names."""

USED = {"A": (5, 4), "B": (5, 5), "C": (5, 7), "H": (5, 3), "E-withdrawn": (5, 4), "J-tomorrow": (5, 4)}
"""Working days of the promise: limit, used. D is an instant case: no promise clock, but a legal one."""

EXPECTED: dict[tuple[str, str], dict[str, tuple[float, float]]] = {
    ("330100", "O1"): {
        "on_time": (3, 4),
        "early": (1, 4),
        "promise_known": (4, 4),
        "promise_compression": (15, 20),
        "speed_up": (16 + 15 + 13 + 20, 80),
        "one_visit": (3, 4),
        "zero_visit": (2, 4),
        "fully_online": (2, 4),
        "mobile": (1, 2),
        "same_day": (1, 4),
        "auto_approved": (1, 4),
        "material_free": (2, 6),
        "one_thing": (1, 4),
        "cross_region": (0, 4),
        "satisfaction": (1, 2),
        "rated": (2, 4),
    },
    ("330200", "O2"): {
        "on_time": (1, 1),
        "early": (1, 1),
        "promise_known": (1, 1),
        "promise_compression": (15, 20),
        "speed_up": (17, 20),
        "one_visit": (0, 1),
        "zero_visit": (0, 1),
        "fully_online": (0, 1),
        "mobile": (0, 0),
        "same_day": (0, 1),
        "auto_approved": (0, 1),
        "material_free": (0, 0),
        "one_thing": (0, 1),
        "cross_region": (1, 1),
        "satisfaction": (0, 0),
        "rated": (0, 1),
    },
}
"""Counted by hand: region and organ → indicator → numerator, denominator."""


def landed(number: int, fact: Fact, **envelope: Any) -> rows.Landed:
    kind, subject, at, data = fact
    written = {"specversion": "1.0", "id": f"{subject}-{number}", "source": "test", "type": kind}
    written |= {"time": f"{at}:00+08:00", "subject": subject, "data": data, **envelope}
    message = decode_message(json.dumps(written).encode())
    return rows.Landed(message, to_event(message), "service.events", 0, number)


def amended(facts: list[Fact]) -> list[rows.Landed]:
    """Every event of the case I is deleted; the closure of the case K is moved to the day before."""
    made: list[rows.Landed] = []
    for number, fact in enumerate(facts):
        kind, subject, _, data = fact
        later = {"recordedat": "2026-03-02T20:00:00+08:00"}
        if subject == "I-deleted":
            made.append(landed(number, fact, operation="d", **later))
        if subject == "K-corrected" and kind in ("case.closed", "case.decided"):
            made.append(landed(number, (kind, subject, "2026-03-01T10:00", data), operation="u", **later))
    return made


def clock(subject: str, rule: str, limit: int, used: int, state: str = "ended") -> Clock:
    start = parse_time("2026-02-24T09:00:00+08:00")
    return Clock(
        clock_id=identity(rule, subject),
        revision=1,
        rule=rule,
        clock="handling",
        subject=subject,
        stream="service",
        occasion=("test", f"{subject}-1"),
        start_at=start,
        start_date=local_day(start, "Asia/Shanghai"),
        unit="workdays",
        limit=limit,
        used=used,
        state=state,
        in_time=used <= limit,
    )


def clocks(state: str = "ended") -> list[Clock]:
    made = [clock("D", "T03", 20, 0, state)]
    for subject, (limit, used) in USED.items():
        made += [clock(subject, "T02", limit, used, state), clock(subject, "T03", 20, used, state)]
    # A clock that never was must not count, however late it started.
    return [*made, msgspec.structs.replace(clock("C", "T02", 50, 1, "void"), clock_id=identity("void", "C"))]


def land(url: str, facts: list[Fact] = GOOD, stopped: str = "ended") -> None:
    """Migrates an empty warehouse and lands the day; `stopped` is the state of its clocks."""
    migrate(url)
    writer = Writer(url)
    events = [*(landed(number, fact) for number, fact in enumerate(facts)), *amended(facts)]
    writer.insert("event_versions", rows.columns(rows.EVENT_COLUMNS, [rows.event_row(each) for each in events]))
    writer.insert("case_clock", rows.columns(rows.CLOCK_COLUMNS, [rows.clock_row(each) for each in clocks(stopped)]))
    writer.close()


def without_organ(facts: list[Fact] = GOOD) -> list[Fact]:
    """The same day from a source that forgets who is responsible."""
    return [(kind, subject, at, {**data, "organ": ""}) for kind, subject, at, data in facts]
