"""Decides which histories try every kind that judges groups, each against its definition."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from datetime import datetime, timedelta
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

from rules.language import Book, load_book
from rules.model.alerts import Alert, Clock
from rules.model.times import iso
from tests.oracle import grouped as oracle
from tests.oracle.chance import Chance
from tests.oracle.days import local
from tests.oracle.grouped import Past, Rule, Said, amount, life, percentile, session, share, sliding, tumbling
from tests.oracle.history import version
from tests.oracle.trials import Answer, Family, History
from tests.oracle.written import Message, deletion, wire

HEAD = """\
version: 1
name: {{zh: 试, en: Trial}}
category: inspection
basis: local
severity: yellow_card
stream: inspection
subject: action_id
message: {{zh: 试, en: Trial}}
rule: {name}
{kind}: {{event: penalty.decided, {body}}}
examples:
  - name: one
    given: [{{at: "2026-03-02T09:00", type: penalty.decided, action_id: A1}}]
    expect: []
  - name: two
    given: [{{at: "2026-03-02T09:00", type: penalty.decided, action_id: A1}}]
    expect: [{{}}]
"""
GROUP, SUBJECT = "group_by: [event.organ]", "group_by: [action_id]"
hours, days = (lambda n: timedelta(hours=n)), (lambda n: timedelta(days=n))


def number(held: list[oracle.Point]) -> Fraction:
    return Fraction(len(held))


def violations(held: list[oracle.Point]) -> Fraction:
    return Fraction(len({p.fact.violation for p in held}))


def total(held: list[oracle.Point]) -> Fraction:
    return sum((amount(p.fact) for p in held), Fraction(0))


def average(held: list[oracle.Point]) -> Fraction | None:
    return total(held) / len(held) if len(held) >= 2 else None


def high(fact: Any) -> bool:
    return amount(fact) > 10


def bound(text: str) -> Any:
    sign, value = text.split()
    limit = Fraction(value)
    return {">": limit.__lt__, ">=": limit.__le__, "<": limit.__gt__, "<=": limit.__ge__}[sign]


def named(fact: Any) -> bool:
    return bool(fact.violation)


KINDS: list[tuple[str, str, Rule | Past]] = [
    ("count", f"{GROUP}, window: {{type: sliding, size: 72h}}, at_least: 3",
     Rule("sliding", sliding(hours(72)), number, bound(">= 3"))),
    ("count", f"{GROUP}, window: {{type: sliding, size: 2 days}}, distinct: event.violation, over: 1.5, "
     "keep_firing_for: 24h",
     Rule("distinct", sliding(days(2)), violations, bound("> 1.5"), named, hours(24))),
    ("count", f"{GROUP}, window: {{type: tumbling, size: 6h}}, at_least: 2",
     Rule("bucket", tumbling(hours(6)), number, bound(">= 2"))),
    ("count", f"{GROUP}, window: {{type: tumbling, size: 7 days}}, distinct: event.violation, "
     "at_least: 2, min_samples: 3",
     Rule("week", tumbling(days(7)), lambda held: violations(held) if len(held) >= 3 else None, bound(">= 2"), named)),
    ("count", f"{GROUP}, window: {{type: session, gap: 24h}}, over: 2, keep_firing_for: 48h",
     Rule("session", session(hours(24)), number, bound("> 2"), keep=hours(48))),
    ("count", f"{GROUP}, window: {{type: sliding, size: 72h, axis: received_at}}, at_least: 2",
     Rule("received", sliding(hours(72)), number, bound(">= 2"), axis="received_at", corrected=days(10))),
    ("count", f"{GROUP}, window: {{type: tumbling, size: 1 day, axis: recorded_at}}, at_least: 2",
     Rule("recorded", tumbling(days(1)), number, bound(">= 2"), axis="recorded_at", corrected=days(9))),
    ("count", f"{SUBJECT}, window: {{type: life}}, at_least: 2, forget_after: 48h",
     Rule("forgetful", sliding(hours(48)), number, bound(">= 2"), by="life")),
    ("ratio", f"{GROUP}, window: {{type: sliding, size: 72h}}, "
     "numerator: has(event.fine) && event.fine > 10, over: 40%, min_samples: 2",
     Rule("ratio", sliding(hours(72)), share(high, 2), bound("> 40"))),
    ("ratio", f"{GROUP}, window: {{type: tumbling, size: 1 day}}, denominator: has(event.fine), "
     "numerator: event.fine > 10, under: 50%, min_samples: 2",
     Rule("low.ratio", tumbling(days(1)), share(high, 2), bound("< 50"), low=True)),
    ("ratio", f"{SUBJECT}, window: {{type: life}}, numerator: has(event.fine) && event.fine > 10, "
     "at_least: 50%, min_samples: 2",
     Rule("life.ratio", life(), share(high, 2), bound(">= 50"), by="life")),
    ("aggregate", f"{GROUP}, window: {{type: sliding, size: 48h}}, field: event.fine, function: sum, over: 100.3",
     Rule("sum", sliding(hours(48)), total, bound("> 100.3"))),
    ("aggregate", f"{GROUP}, window: {{type: session, gap: 24h}}, field: event.fine, function: avg, "
     "at_most: 50.15, min_samples: 2",
     Rule("avg", session(hours(24)), average, bound("<= 50.15"), low=True)),
    ("aggregate", f"{GROUP}, window: {{type: sliding, size: 3 days}}, field: event.fine, function: p75, at_least: 100",
     Rule("p75", sliding(days(3)), percentile(75), bound(">= 100"))),
    ("aggregate", f"{GROUP}, window: {{type: tumbling, size: 7 days}}, field: event.fine, "
     "function: median, under: 0.3",
     Rule("median", tumbling(days(7)), percentile(50), bound("< 0.3"), low=True)),
    ("aggregate", f"{GROUP}, window: {{type: sliding, size: 24h}}, field: event.fine, function: min, over: 0.2",
     Rule("min", sliding(hours(24)), percentile(0), bound("> 0.2"))),
    ("aggregate", f"{SUBJECT}, window: {{type: life}}, field: event.fine, function: max, under: 1",
     Rule("life.max", life(), percentile(100), bound("< 1"), low=True, by="life")),
    ("spike", f"{GROUP}, window: {{type: sliding, size: 24h}}, reference: 48h, ratio: 2, min_current: 2, "
     "min_reference: 1",
     Rule("spike", sliding(hours(24)), number, bound(">= 2"), reference=hours(48))),
    ("baseline", f"{GROUP}, field: event.fine, over: 2, history: 5 days, min_samples: 3, min_spread: 0.1",
     Past("baseline", oracle.baseline("2", days(5), 3, "0.1", False))),
    ("baseline", f"{GROUP}, field: event.fine, over: 1.5, history: 30 days, min_samples: 1, "
     "min_spread: 0.1, season: hour_of_week",
     Past("season", oracle.baseline("1.5", days(30), 1, "0.1", True))),
    ("new_value", f"{GROUP}, field: event.violation, min_samples: 2, forget_after: 3 days",
     Past("new", oracle.new_value(2, days(3)), named)),
    ("new_value", f"{GROUP}, field: event.violation, history: 48h",
     Past("learned", oracle.new_value(1, None, hours(48)), named)),
    ("cap", f"{GROUP}, distinct: event.violation, quota: 2, period: month, reached: notice",
     Past("cap", oracle.cap(lambda fact: Fraction(2), True, True, False), named)),
    ("cap", f"{GROUP}, quota: event.fine, period: year, reached: notice",
     Past("own.cap", oracle.cap(amount, False, True, True))),
]  # fmt: skip
"""Every kind and every window, as a rule writes it and as it is defined."""

RULES = {rule.name: rule for _, _, rule in KINDS}
START = local("2026-03-02T09:00:00")


@cache
def book() -> Book:
    with tempfile.TemporaryDirectory() as made:
        for kind, body, rule in KINDS:
            text = HEAD.format(name=rule.name, kind=kind, body=body)
            (Path(made) / f"{rule.name}.yaml").write_text(text, encoding="utf-8")
        return load_book(Path(made))


def fines(chance: Chance, most: int = 9) -> History:
    """Fines of two organs, at times that lie exactly a window apart or a second more; some moved, changed, deleted."""
    made: list[Message] = []
    for position in range(chance.whole(1, most)):
        at, subject, key = moment(chance), f"C{chance.whole(1, 4)}", f"e{position}"
        late = chance.of([0, 0, 0, 900, 901, 90_000])
        one = fine(chance, at, subject, key, "i", late, chance.of([0, 0, 900]))
        made.append(one)
        change = chance.of(["", "", "", "delete", "correct"])
        if change == "delete":
            made.append(deletion(one, stamp(at, late + 900)) | {"time": one["time"]})
        elif change == "correct":
            moved = moment(chance)
            later = int((max(at, moved) - moved).total_seconds()) + late + 902
            made.append(fine(chance, moved, subject, key, "u", later, 0))
    last = max(local(each["time"]) for each in made)
    return History(made, last + hours(chance.of([0, 1, 15, 24, 48, 72, 73, 200, 400])))


def fine(chance: Chance, at: datetime, subject: str, key: str, operation: str, recorded: int, received: int) -> Message:
    said = {
        "organ": chance.of("OP"), "violation": chance.of(["v1", "v2", "v3", ""]),
        "fine": chance.of([0.1, 0.2, 0.3, 2, 100, 100.2, 1000]),
    }  # fmt: skip
    return wire(
        "penalty.decided", stamp(at), subject, id=key, operation=operation, recorded=stamp(at, recorded),
        received=stamp(at, recorded + received), **said,
    )  # fmt: skip


def moment(chance: Chance) -> datetime:
    apart = hours(chance.of([0, 0, 6, 24, 48, 72, 168])) + hours(24 * chance.whole(0, 3))
    return START + apart + timedelta(seconds=chance.of([0, 0, 0, 1, -1, 3600, -32_400]))


def stamp(at: datetime, later: int = 0) -> str:
    return (at + timedelta(seconds=later)).isoformat()


def shown(alert: Alert) -> Said:
    def wall(at: int | None) -> datetime | None:
        return local(iso(at, "Asia/Shanghai")) if at is not None else None

    begun = wall(alert.at)
    assert begun is not None
    evidence = tuple((piece.source, piece.id) for piece in alert.evidence)
    return Said(
        alert.rule, alert.group, alert.occasion, begun, alert.state, wall(alert.ended_at), alert.value, alert.step,
        evidence,
    )  # fmt: skip


def judge(history: History) -> Answer:
    return {
        ("alert", each.rule, each) for each in oracle.judge(RULES.values(), map(version, history.events), history.now)
    }


def told(history: History, alerts: Sequence[Alert], clocks: Sequence[Clock]) -> Answer:
    return {("alert", alert.rule, shown(alert)) for alert in alerts}


FAMILY = Family("windows", fines, lambda history: book(), judge, told, frozenset(RULES), 2)
