"""Decides how the shipped deadline rules read their clocks, taken from DOMAIN §3 and §4 and CLOCKS.md."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from tests.oracle.clocks import Item, Limit, Rule, World, before, limit
from tests.oracle.history import Fact, blank, whole_number
from tests.oracle.spans import ANSWERS, ENDS, answered, handled, plain

OPENS = frozenset({"case.received", "case.corrected"})
PAUSES = frozenset({"case.suspended", "case.resumed"})
LETTERS = OPENS | ANSWERS | {"case.correction_notified"}


def lawful(fact: Fact, item: Item) -> bool:
    """Art. 45: a kind that the item lists, and a written notice."""
    return fact.kind in item.get("special_procedures", ()) and not blank(fact.notice_no)


def fixed(number: int, unit: str) -> Callable[[Fact, list[Fact], World], Limit]:
    return lambda start, earlier, world: (number, unit)


def of_item(*names: str) -> Callable[[Fact, list[Fact], World], Limit | None]:
    """The first of those limits that the item has."""

    def found(start: Fact, earlier: list[Fact], world: World) -> Limit | None:
        item = world.item(start)
        return next((limit(item[name]) for name in names if item.get(name)), None)

    return found


def promised(start: Fact, earlier: list[Fact], world: World) -> Limit | None:
    """T02 looks at the latest application ordered before the start (CLOCKS.md 8)."""
    applied = [fact for fact in earlier if fact.type == "case.applied"]
    if not applied or applied[-1].project_type != "promise":
        return None
    return limit(world.item(start).get("promised_limit"))


def granted_with_certificate(start: Fact, earlier: list[Fact], world: World) -> Limit | None:
    return (10, "workdays") if start.result == "granted" and world.item(start).get("has_certificate") else None


def publishable(start: Fact, earlier: list[Fact], world: World) -> Limit | None:
    return (7, "workdays") if start.publishable else None


def on_site(start: Fact, earlier: list[Fact], world: World) -> Limit | None:
    return (10, "days") if start.on_site else None


def scanned(fact: Fact, start: Fact) -> bool:
    """A scan before the check stops it; one after it only as a declared backfill with a reason."""
    if fact.type != "officer.scanned_in":
        return False
    if before(fact, start):
        return not fact.backfilled or not blank(fact.reason)
    return bool(fact.backfilled) and not blank(fact.reason)


def any_of(types: frozenset[str]) -> Callable[[Fact, Fact], bool]:
    return lambda fact, start: fact.type in types


def extension_limit(item: Item) -> int:
    allowed = limit(item.get("extension_limit"))
    return allowed[0] if allowed else 0


T04 = Rule("T04", "", "red_card", fixed(5, "workdays"), answered, LETTERS)
HANDLING = Rule(
    name="",
    clock="handling",
    severity="",
    limit=fixed(0, "workdays"),
    spans=handled(T04),
    reads=LETTERS | ENDS | PAUSES,
    pause="case.suspended",
    resume="case.resumed",
    lawful=lawful,
    ends_pauses="case.decided",
)
T01 = replace(HANDLING, name="T01", severity="notice", limit=of_item("promised_limit", "legal_limit"), left=1)
T02 = replace(HANDLING, name="T02", severity="yellow_card", limit=promised)
T03 = replace(
    HANDLING,
    name="T03",
    severity="red_card",
    limit=of_item("legal_limit"),
    extend="case.extended",
    longest=extension_limit,
    reads=HANDLING.reads | {"case.extended"},
)
SETTLED = frozenset({"penalty.decided", "penalty.not_imposed", "penalty.transferred", "penalty.withdrawn"})
T03_PENALTY = Rule(
    name="T03.penalty",
    clock="penalty",
    severity="red_card",
    limit=fixed(90, "days"),
    spans=plain(frozenset({"penalty.filed"}), any_of(SETTLED)),
    reads=SETTLED | {"penalty.filed", "penalty.suspended", "penalty.resumed", "penalty.extended"},
    pause="penalty.suspended",
    resume="penalty.resumed",
    ends_pauses="penalty.decided",
    approved_in="days",
    extend="penalty.extended",
    longest=lambda item: 30,
    roll=True,
)
T06 = Rule(
    name="T06",
    clock="",
    severity="yellow_card",
    limit=granted_with_certificate,
    spans=plain(frozenset({"case.decided"}), any_of(frozenset({"case.delivered"}))),
    reads=PAUSES | {"case.decided", "case.delivered"},
    pause="case.suspended",
    resume="case.resumed",
    lawful=lawful,
    ends_pauses="case.decided",
)
U01 = Rule(
    name="U01",
    clock="",
    severity="yellow_card",
    limit=publishable,
    spans=plain(frozenset({"case.decided"}), any_of(frozenset({"case.published"}))),
    reads=frozenset({"case.decided", "case.published"}),
    red_after=5,
)
I02 = Rule(
    name="I02",
    clock="",
    severity="yellow_card",
    limit=on_site,
    spans=plain(frozenset({"check.performed"}), scanned),
    reads=frozenset({"check.performed", "officer.scanned_in"}),
)
RULES = (T01, T02, T03, T03_PENALTY, T04, T06, U01, I02)


def hours(name: str, number: int, start: str, stop: str) -> Rule:
    """An exact limit without pauses, for rules that only tests have."""
    return Rule(
        name=name,
        clock="",
        severity="notice",
        limit=fixed(number, "h"),
        spans=plain(frozenset({start}), any_of(frozenset({stop}))),
        reads=frozenset({start, stop}),
    )


SEIZURE = Rule(
    name="X.seizure",
    clock="",
    severity="red_card",
    limit=lambda start, earlier, world: (30, "days") if start.coercion_kind == "seizure" else None,
    spans=plain(frozenset({"coercion.applied"}), any_of(frozenset({"coercion.lifted"}))),
    reads=frozenset({f"coercion.{name}" for name in ("applied", "lifted", "suspended", "resumed", "extended")}),
    pause="coercion.suspended",
    resume="coercion.resumed",
    approved_in="days",
    extend="coercion.extended",
    longest=lambda item: 30,
)
OVERLONG = Rule(
    name="X.overlong",
    clock="",
    severity="yellow_card",
    limit=lambda start, earlier, world: (whole_number(start.approved_days) or 30, "workdays"),
    spans=plain(frozenset({"case.suspended"}), any_of(ENDS | {"case.resumed"})),
    reads=PAUSES | ENDS,
)
EXTRA = (SEIZURE, OVERLONG, hours("X.hours", 48, "complaint.filed", "complaint.answered"))
