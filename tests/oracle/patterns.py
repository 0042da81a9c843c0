"""Decides the rules that are no clocks: matches, two duties in one hand, and counts (RULES §2, DOMAIN §4)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from tests.oracle.clocks import before
from tests.oracle.history import Fact, Key, Version, blank, in_order


@dataclass(frozen=True)
class Hit:
    """One alert of such a rule; `ended_at` only where an episode ended."""

    rule: str
    severity: str
    subject: str
    occasion: Key
    at: datetime
    ended_at: datetime | None = None
    value: int | None = None


def latest(kind: str, facts: list[Fact], upto: Fact) -> Fact | None:
    earlier = [fact for fact in facts if fact.type == kind and before(fact, upto)]
    return earlier[-1] if earlier else None


def is_promise(facts: list[Fact], fact: Fact) -> bool:
    applied = latest("case.applied", facts, fact)
    return applied is not None and applied.project_type == "promise"


def patterns(subject: str, versions: frozenset[Version], now: datetime) -> list[Hit]:
    """What P02, P03, P06, P07 and P08 say of one case."""
    facts = in_order(versions, now)
    found = [Hit("P07", "red_card", subject, fact.key, fact.at) for fact in facts if without_reason(fact)]
    found += [Hit("P03", "yellow_card", subject, fact.key, fact.at) for fact in facts if instant(fact, facts)]
    backfilled = [fact for fact in facts if is_backfilled(fact, versions)]
    found += first_of("P02", subject, backfilled, 1)
    found += first_of("P06", subject, [fact for fact in facts if asks_again(fact, facts)], 2)
    return found + same_hand(subject, facts)


def without_reason(fact: Fact) -> bool:
    refused = (
        fact.type == "case.not_accepted"
        or (fact.type == "case.decided" and fact.result == "denied")
        or (fact.type == "case.closed" and fact.finish_code == "void")
    )
    return refused and blank(fact.reason)


def instant(fact: Fact, facts: list[Fact]) -> bool:
    if fact.type != "case.decided" or fact.automatic or fact.whole_day or not is_promise(facts, fact):
        return False
    accepted = latest("case.accepted", facts, fact)
    if accepted is None or accepted.whole_day:
        return False
    return fact.at - accepted.at < timedelta(minutes=5)


def is_backfilled(fact: Fact, versions: Iterable[Version]) -> bool:
    if not fact.type.startswith("case."):
        return False
    first = min(each.recorded for each in versions if each.key == fact.key)
    return first - fact.counted_from > timedelta(hours=24)


def asks_again(fact: Fact, facts: list[Fact]) -> bool:
    if fact.type != "case.correction_notified":
        return False
    notices = [each for each in facts if each.type == fact.type and before(each, fact)]
    return not notices or any(item not in (notices[0].items or []) for item in fact.items or [])


def first_of(rule: str, subject: str, counted: list[Fact], least: int) -> list[Hit]:
    """A count over the whole life of a subject: judged once per instant, and it never falls again."""
    for fact in counted:
        upto = [each for each in counted if each.at <= fact.at]
        if len(upto) >= least:
            return [Hit(rule, "yellow_card", subject, fact.key, fact.at, value=len(counted))]
    return []


def same_hand(subject: str, facts: list[Fact]) -> list[Hit]:
    deciding = [
        fact for fact in facts if fact.type == "case.decided" and not fact.automatic and is_promise(facts, fact)
    ]
    both = [
        max(one.at, other.at)
        for one in facts
        if one.type == "case.accepted" and one.actor
        for other in deciding
        if other.actor == one.actor
    ]
    return [Hit("P08", "yellow_card", subject, ("", ""), min(both))] if both else []
