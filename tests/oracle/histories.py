"""Decides which histories the judges are compared on: short, crowded where readers would differ."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from tests.oracle.clocks import World
from tests.oracle.core import by_oracle
from tests.oracle.days import Days, local, midnight
from tests.oracle.written import Message, deletion, wire

Draw = Callable[[st.SearchStrategy[Any]], Any]

ITEMS: dict[str, dict[str, Any]] = {
    "item-a": {
        "legal_limit": "6 workdays",
        "promised_limit": "3 workdays",
        "extension_limit": "3 workdays",
        "special_procedures": ["hearing", "testing"],
        "has_certificate": True,
    },
    "item-b": {"legal_limit": "4 workdays", "special_procedures": ["testing"]},
    "item-c": {"promised_limit": "1 workday", "legal_limit": "9 workdays", "extension_limit": "10 workdays"},
    "item-d": {"has_certificate": True},
}
FIRST_DAYS = (
    "2026-02-11", "2026-02-13", "2026-02-26", "2026-03-02", "2026-04-01", "2026-04-29", "2026-05-07",
    "2026-06-17", "2026-09-17", "2026-09-28", "2026-12-08", "2026-12-14", "2026-12-21", "2025-09-24",
)  # fmt: skip
TIMES = ("00:00:00", "09:00:00", "09:04:59", "09:05:00", "12:00:00", "16:59:59", "17:00:00", "23:59:59", "")
DELAYS = (0, 0, 0, 0, 60, 24 * 3600, 24 * 3600 + 1, 3 * 86400, 9 * 86400, 20 * 86400)
REASONS = ("", " ", "无", "/", "。", "材料不齐")
NUMBERS = (0, 1, 2, 3, 5, "4", "", "many", None)
PROCEDURES = ("", "a", "b")
HANDS = ("k1:0000000000000001", "k1:0000000000000002", "")

CASE: dict[str, dict[str, tuple[Any, ...]]] = {
    "case.applied": {"project_type": ("promise", "promise", "instant")},
    "case.received": {},
    "case.correction_notified": {"items": (["a"], ["a"], ["b"], [])},
    "case.corrected": {},
    "case.accepted": {"actor": HANDS},
    "case.not_accepted": {"reason": REASONS},
    "case.stage": {"stage": ("review",)},
    "case.suspended": {
        "procedure_id": PROCEDURES,
        "kind": ("testing", "testing", "hearing", "lunch"),
        "notice_no": ("N1", "N1", "N1", "无"),
        "approved_days": NUMBERS,
    },
    "case.resumed": {"procedure_id": PROCEDURES},
    "case.extended": {"days": NUMBERS, "approver_role": ("head", "head", "clerk")},
    "case.decided": {
        "actor": HANDS,
        "result": ("granted", "granted", "denied"),
        "reason": REASONS,
        "automatic": (False, False, True),
        "publishable": (True, False),
    },
    "case.published": {},
    "case.delivered": {},
    "case.withdrawn": {},
    "case.closed": {"finish_code": ("done", "void"), "reason": REASONS},
}
PENALTY: dict[str, dict[str, tuple[Any, ...]]] = {
    "penalty.filed": {},
    "penalty.suspended": {"procedure_id": PROCEDURES, "approved_days": NUMBERS},
    "penalty.resumed": {"procedure_id": PROCEDURES},
    "penalty.extended": {"days": (0, 1, 30, 45, "10", None), "approver_role": ("head", "clerk")},
    "penalty.decided": {},
    "penalty.withdrawn": {},
}
CHECK: dict[str, dict[str, tuple[Any, ...]]] = {
    "check.performed": {"on_site": (True, True, False)},
    "officer.scanned_in": {"backfilled": (True, False), "reason": REASONS},
}
COMPLAINT: dict[str, dict[str, tuple[Any, ...]]] = {"complaint.filed": {}, "complaint.answered": {}}
COERCION: dict[str, dict[str, tuple[Any, ...]]] = {
    "coercion.applied": {"coercion_kind": ("seizure", "seizure", "fine")},
    "coercion.suspended": {"procedure_id": PROCEDURES, "approved_days": NUMBERS},
    "coercion.resumed": {"procedure_id": PROCEDURES},
    "coercion.extended": {"days": (0, 1, 30, 45, "10", None), "approver_role": ("head", "clerk")},
    "coercion.lifted": {},
}
USUAL = {
    "case": ("case.applied", "case.received", "case.accepted", "case.decided"),
    "penalty": ("penalty.filed", "penalty.decided"),
    "check": ("check.performed", "officer.scanned_in"),
    "complaint": ("complaint.filed", "complaint.answered"),
    "coercion": ("coercion.applied", "coercion.lifted"),
}
KINDS = {"case": CASE, "penalty": PENALTY, "check": CHECK, "complaint": COMPLAINT, "coercion": COERCION}


@dataclass(frozen=True)
class History:
    """Messages in the order of their making, and the instant at which they are judged."""

    events: list[Message]
    world: World
    now: datetime


def moment(day: date, time: str) -> str:
    return f"{day.isoformat()}T{time}" if time else day.isoformat()


def said(draw: Draw, fields: dict[str, tuple[Any, ...]], code: str) -> dict[str, Any]:
    found = {name: draw(st.sampled_from(values)) for name, values in fields.items()}
    return {"task_code": code, **{name: value for name, value in found.items() if value is not None}}


def recorded(draw: Draw, at: str) -> str:
    """A date counts from its 24:00, so that is when it may be recorded first."""
    known = local(at) + timedelta(hours=24 if len(at) == 10 else 0)
    return (known + timedelta(seconds=draw(st.sampled_from(DELAYS)))).isoformat()


@st.composite
def histories(draw: Draw, days: Days) -> History:
    """The life of one or two subjects, with corrections, deletions, late records, events at its edges."""
    world = World(days, ITEMS, off_hours=draw(st.integers(0, 4)) == 0)
    events: list[Message] = []
    families = [draw(st.sampled_from(["case"] * 12 + ["penalty", "check", "complaint", "coercion"]))]
    families += ["case"] if families == ["case"] and draw(st.integers(0, 3)) == 0 else []
    first = date.fromisoformat(draw(st.sampled_from(FIRST_DAYS)))
    for number, family in enumerate(families, 1):
        events += life(draw, f"A{number}", family, world, first)
    times = [local(each["time"]) for each in events if each.get("time")]
    latest = max(times)
    now = draw(st.sampled_from([latest, *edges(events, world, latest), latest + timedelta(days=25)]))
    return History(events, world, max(latest, now))


def edges(events: list[Message], world: World, now: datetime) -> list[datetime]:
    """The instants at which something may run out."""
    _, clocks = by_oracle(events, world, now)
    return sorted(
        {midnight(each.due_date) + timedelta(days=more) for each in clocks if each.due_date for more in (0, 1)}
    )


def life(draw: Draw, subject: str, family: str, world: World, first: date) -> list[Message]:
    types = KINDS[family] | ({} if family != "check" else one_place(draw))
    code = draw(st.sampled_from(sorted(world.items) + ["item-a"] * 3))
    pool = sorted(draw(st.lists(st.integers(0, 24), min_size=2, max_size=6)))
    made: list[Message] = []

    def one(kind: str, day: date) -> None:
        at = moment(day, draw(st.sampled_from(TIMES)))
        number = len(made)
        fields = said(draw, types[kind], code)
        made.append(wire(kind, at, subject, id=f"e{number}", recorded=recorded(draw, at), **fields))

    usual = draw(st.lists(st.sampled_from(pool), min_size=4, max_size=4))
    usual = sorted(usual) if draw(st.integers(0, 3)) else usual
    for kind, offset in zip(USUAL[family], usual, strict=False):
        if draw(st.integers(0, 5)):
            one(kind, first + timedelta(days=offset))
    for _ in range(draw(st.integers(0 if made else 1, 6))):
        one(draw(st.sampled_from(sorted(types))), first + timedelta(days=draw(st.sampled_from(pool))))
    for _ in range(draw(st.integers(0, 4))):
        due = edges(made, world, max(local(each["time"]) for each in made) + timedelta(days=20))
        if due:
            one(draw(st.sampled_from(sorted(types))), draw(st.sampled_from(due)).date())
    return told_apart([*made, *(other for each in made for other in later_versions(draw, each, pool, types))])


def told_apart(events: list[Message]) -> list[Message]:
    """Without versions that only a comparison of their content could put in an order."""
    known: dict[tuple[str, ...], Message] = {}
    return [
        each for each in events if known.setdefault((each["id"], each["recordedat"], each["operation"]), each) == each
    ]


def one_place(draw: Draw) -> dict[str, dict[str, tuple[Any, ...]]]:
    """An action is on site or it is not, in all that is said of it."""
    return {"check.performed": {"on_site": (draw(st.sampled_from([True, True, False])),)}}


def later_versions(
    draw: Draw, event: Message, pool: list[int], types: dict[str, dict[str, tuple[Any, ...]]]
) -> list[Message]:
    """Corrections and deletions of a record; rarely a version that was recorded before it."""
    found: list[Message] = []
    for _ in range(draw(st.sampled_from([0, 0, 0, 0, 0, 1, 1, 2]))):
        since = local(event["recordedat"]) + timedelta(
            seconds=draw(st.sampled_from([-3600, 0, 1, 3600, 86400, 86401, 4 * 86400, 12 * 86400]))
        )
        if draw(st.integers(0, 2)) == 0:
            found.append(deletion(event, since.isoformat()))
            continue
        kind = event["type"] if draw(st.integers(0, 5)) else draw(st.sampled_from(sorted(types)))
        moved = local(event["time"]).date() + timedelta(days=draw(st.sampled_from([0, 0, -1, 1, -3, 3, *pool])))
        at = moment(moved, draw(st.sampled_from(TIMES)))
        found.append(
            wire(
                kind,
                at,
                event["subject"],
                id=event["id"],
                recorded=since.isoformat(),
                operation=draw(st.sampled_from("uuui")),
                **said(draw, types[kind], event["data"]["task_code"]),
            )
        )
    return found
