"""Decides which histories the judges are compared on: short, crowded where readers would differ."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import cache
from typing import Any

from rules.language import Book
from rules.model.alerts import Alert as CoreAlert
from rules.model.alerts import Clock as CoreClock
from tests.oracle.chance import Chance
from tests.oracle.clocks import World
from tests.oracle.core import CALENDARS, KNOWN, answers, book_of, by_oracle, due_dates
from tests.oracle.days import Days, announced, local, midnight
from tests.oracle.judge import Alert, Clock
from tests.oracle.trials import Answer, Family, History
from tests.oracle.written import Message, deletion, wire

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


def moment(day: date, time: str) -> str:
    return f"{day.isoformat()}T{time}" if time else day.isoformat()


def said(chance: Chance, fields: dict[str, tuple[Any, ...]], code: str) -> dict[str, Any]:
    found = {name: chance.of(values) for name, values in fields.items()}
    return {"task_code": code, **{name: value for name, value in found.items() if value is not None}}


def recorded(chance: Chance, at: str) -> str:
    """A date counts from its 24:00, so that is when it may be recorded first."""
    known = local(at) + timedelta(hours=24 if len(at) == 10 else 0)
    return (known + timedelta(seconds=chance.of(DELAYS))).isoformat()


@cache
def world_of(days: Days, off_hours: bool) -> World:
    """One for all histories: what was reckoned in it is remembered."""
    return World(days, ITEMS, off_hours)


def histories(chance: Chance, days: Days) -> History:
    """The life of one or two subjects, with corrections, deletions, late records, events at its edges."""
    world = world_of(days, chance.whole(0, 4) == 0)
    events: list[Message] = []
    families = [chance.of(["case"] * 12 + ["penalty", "check", "complaint", "coercion"])]
    families += ["case"] if families == ["case"] and chance.whole(0, 3) == 0 else []
    first = date.fromisoformat(chance.of(FIRST_DAYS))
    for number, family in enumerate(families, 1):
        events += life(chance, f"A{number}", family, world, first)
    times = [local(each["time"]) for each in events if each.get("time")]
    latest = max(times)
    now = chance.of([latest, *edges(events, world, latest), latest + timedelta(days=25)])
    return History(events, max(latest, now), world)


def edges(events: list[Message], world: World, now: datetime) -> list[datetime]:
    """The instants at which something may run out."""
    due = due_dates(events, world, now)
    return sorted({midnight(day) + timedelta(days=more) for day in due for more in (0, 1)})


def life(chance: Chance, subject: str, family: str, world: World, first: date) -> list[Message]:
    types = KINDS[family] | ({} if family != "check" else one_place(chance))
    code = chance.of(sorted(world.items) + ["item-a"] * 3)
    pool = sorted(chance.some(range(25), 2, 6))
    made: list[Message] = []

    def one(kind: str, day: date) -> None:
        at = moment(day, chance.of(TIMES))
        number = len(made)
        fields = said(chance, types[kind], code)
        made.append(wire(kind, at, subject, id=f"e{number}", recorded=recorded(chance, at), **fields))

    usual = chance.some(pool, 4, 4)
    usual = sorted(usual) if chance.whole(0, 3) else usual
    for kind, offset in zip(USUAL[family], usual, strict=False):
        if chance.whole(0, 5):
            one(kind, first + timedelta(days=offset))
    for _ in range(chance.whole(0 if made else 1, 6)):
        one(chance.of(sorted(types)), first + timedelta(days=chance.of(pool)))
    for _ in range(chance.whole(0, 4)):
        due = edges(made, world, max(local(each["time"]) for each in made) + timedelta(days=20))
        if due:
            one(chance.of(sorted(types)), chance.of(due).date())
    return told_apart([*made, *(other for each in made for other in later_versions(chance, each, pool, types))])


def told_apart(events: list[Message]) -> list[Message]:
    """Without versions that only a comparison of their content could put in an order."""
    known: dict[tuple[str, ...], Message] = {}
    return [
        each for each in events if known.setdefault((each["id"], each["recordedat"], each["operation"]), each) == each
    ]


def one_place(chance: Chance) -> dict[str, dict[str, tuple[Any, ...]]]:
    """An action is on site or it is not, in all that is said of it."""
    return {"check.performed": {"on_site": (chance.of([True, True, False]),)}}


def later_versions(
    chance: Chance, event: Message, pool: list[int], types: dict[str, dict[str, tuple[Any, ...]]]
) -> list[Message]:
    """Corrections and deletions of a record; rarely a version that was recorded before it."""
    found: list[Message] = []
    for _ in range(chance.of([0, 0, 0, 0, 0, 1, 1, 2])):
        since = local(event["recordedat"]) + timedelta(
            seconds=chance.of([-3600, 0, 1, 3600, 86400, 86401, 4 * 86400, 12 * 86400])
        )
        if chance.whole(0, 2) == 0:
            found.append(deletion(event, since.isoformat()))
            continue
        kind = event["type"] if chance.whole(0, 5) else chance.of(sorted(types))
        moved = local(event["time"]).date() + timedelta(days=chance.of([0, 0, -1, 1, -3, 3, *pool]))
        at = moment(moved, chance.of(TIMES))
        found.append(
            wire(
                kind,
                at,
                event["subject"],
                id=event["id"],
                recorded=since.isoformat(),
                operation=chance.of("uuui"),
                **said(chance, types[kind], event["data"]["task_code"]),
            )
        )
    return found


@cache
def small_book(world: World) -> Book:
    """The rules of which the judge knows, and what the card of T03 takes in beside them."""
    return book_of(world).only((*sorted(KNOWN), "T03.joint"))


def judge(history: History) -> Answer:
    return said_of(*by_oracle(history.events, history.world, history.now))


def told(history: History, alerts: Sequence[CoreAlert], clocks: Sequence[CoreClock]) -> Answer:
    return said_of(*answers(alerts, clocks))


def said_of(alerts: Iterable[Alert], clocks: Iterable[Clock]) -> Answer:
    """What has run of an open clock is told apart: not every host says it as of now."""
    found: Answer = {("alert", each.rule, each) for each in alerts}
    for each in clocks:
        used = each.used if each.state == "ended" else 0
        found |= {
            ("clock", each.rule, replace(each, used=used)),
            ("running", each.rule, each.subject, each.occasion, each.used),
        }
    return found


DAYS = announced(CALENDARS)
FAMILY = Family(
    "cases", lambda chance: histories(chance, DAYS), lambda history: small_book(history.world), judge, told,
    frozenset(KNOWN), 4,
)  # fmt: skip
