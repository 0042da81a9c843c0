"""Every kind that judges groups against its definition: arrival, batches, ticks and restarts change nothing."""

from __future__ import annotations

import os
import tempfile
from datetime import datetime, timedelta
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from rules.drive import Drive
from rules.language import Book, load_book
from rules.model.alerts import Alert
from rules.model.events import decode_event
from rules.model.times import iso
from tests.oracle import grouped as oracle
from tests.oracle.core import instant
from tests.oracle.days import local
from tests.oracle.grouped import Past, Rule, Said, amount, life, percentile, session, share, sliding, tumbling
from tests.oracle.histories import Draw
from tests.oracle.history import version
from tests.oracle.restarting import Restarting
from tests.oracle.written import Message, as_example, deletion, wire

MORE = os.environ.get("MINGJING_PROPERTY_EXAMPLES")
EXAMPLES = int(MORE or "60")
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
     Rule("received", sliding(hours(72)), number, bound(">= 2"), axis="received_at")),
    ("count", f"{GROUP}, window: {{type: tumbling, size: 1 day, axis: recorded_at}}, at_least: 2",
     Rule("recorded", tumbling(days(1)), number, bound(">= 2"), axis="recorded_at")),
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


@st.composite
def fines(draw: Draw, most: int = 9) -> list[Message]:
    """Fines of two organs, at times that lie exactly a window apart or a second more; some moved, changed, deleted."""
    made: list[Message] = []
    for position in range(draw(st.integers(1, most))):
        at, subject, key = moment(draw), f"C{draw(st.integers(1, 4))}", f"e{position}"
        late = draw(st.sampled_from([0, 0, 0, 900, 901, 90_000]))
        one = fine(draw, at, subject, key, "i", late, draw(st.sampled_from([0, 0, 900])))
        made.append(one)
        change = draw(st.sampled_from(["", "", "", "delete", "correct"]))
        if change == "delete":
            made.append(deletion(one, stamp(at, late + 900)) | {"time": one["time"]})
        elif change == "correct":
            moved = moment(draw)
            later = int((max(at, moved) - moved).total_seconds()) + late + 902
            made.append(fine(draw, moved, subject, key, "u", later, 0))
    return made


def fine(draw: Draw, at: datetime, subject: str, key: str, operation: str, recorded: int, received: int) -> Message:
    said = {
        "organ": draw(st.sampled_from("OP")), "violation": draw(st.sampled_from(["v1", "v2", "v3", ""])),
        "fine": draw(st.sampled_from([0.1, 0.2, 0.3, 2, 100, 100.2, 1000])),
    }  # fmt: skip
    return wire(
        "penalty.decided", stamp(at), subject, id=key, operation=operation, recorded=stamp(at, recorded),
        received=stamp(at, recorded + received), **said,
    )  # fmt: skip


def moment(draw: Draw) -> datetime:
    apart = hours(draw(st.sampled_from([0, 0, 6, 24, 48, 72, 168]))) + hours(24 * draw(st.integers(0, 3)))
    return START + apart + timedelta(seconds=draw(st.sampled_from([0, 0, 0, 1, -1, 3600, -32_400])))


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


def expected(events: list[Message], now: datetime, names: set[str]) -> set[Said]:
    rules = [rule for name, rule in RULES.items() if name in names]
    return oracle.judge(rules, [version(each) for each in events], now)


def compare(defined: set[Said], said: set[Said]) -> None:
    lines = [f"defined: {each}" for each in sorted(defined - said, key=repr)]
    lines += [f"said: {each}" for each in sorted(said - defined, key=repr)]
    assert not lines, "\n".join(lines)


often = settings(
    max_examples=EXAMPLES * 4, deadline=None, derandomize=not MORE, suppress_health_check=list(HealthCheck)
)


@often
@given(fines(), st.data())
def test_every_kind_says_what_its_definition_says_however_the_points_arrive(
    events: list[Message], data: st.DataObject
) -> None:
    order = [
        *data.draw(st.permutations(range(len(events)))),
        *data.draw(st.lists(st.integers(0, len(events) - 1), max_size=2)),
    ]
    cuts = sorted(data.draw(st.lists(st.integers(0, len(order)), max_size=3)))
    now = ending(events, data)
    decoded = [decode_event(msgspec.json.encode(each)) for each in events]
    drive = Drive(book())
    for start, end in zip([0, *cuts], [*cuts, len(order)], strict=True):
        drive.take([decoded[position] for position in order[start:end]])
        if data.draw(st.booleans()):
            drive.until(min(drive.now + data.draw(st.sampled_from([1, 86_400_000_000])), instant(now)))
    drive.until(instant(now))
    note(as_example([events[position] for position in order], now.isoformat(), {}))
    compare(expected(events, now, set(RULES)), {shown(alert) for alert in drive.alerts()})


@often
@given(fines(), st.data())
def test_every_kind_goes_on_from_its_rows_as_if_it_had_never_stopped(
    events: list[Message], data: st.DataObject
) -> None:
    order = data.draw(st.permutations(range(len(events))))
    now = ending(events, data)
    lane = Restarting(book(), hot=1)
    for position in order:
        lane.take([decode_event(msgspec.json.encode(events[position]))])
        if data.draw(st.booleans()):
            lane.restart()
    lane.until(instant(now))
    note(as_example([events[position] for position in order], now.isoformat(), {}))
    compare(expected(events, now, set(RULES)), {shown(alert) for alert in lane.standing()})


def ending(events: list[Message], data: st.DataObject) -> datetime:
    last = max(local(each["time"]) for each in events)
    return last + hours(data.draw(st.sampled_from([0, 1, 15, 24, 48, 72, 73, 200, 400])))


@pytest.mark.parametrize("name", sorted(RULES))
def test_some_history_makes_every_rule_of_these_tests_speak(name: str) -> None:
    """A definition that never holds would prove nothing."""
    found: list[Any] = []

    @settings(max_examples=300, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(fines())
    def search(events: list[Message]) -> None:
        found.extend(expected(events, START + days(60), {name}))

    search()
    assert found
