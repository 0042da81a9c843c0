"""Decides which histories try what a book declares around its rules, all of it at once.

Versions by date and by hour, shadows, cards, escalation, parameters of a region, regional calendars, closures, sources
that hold clocks back. The rules themselves are simple.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from fractions import Fraction
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rules.language import Book, load_book
from rules.model.alerts import Alert, Clock
from rules.model.times import iso
from tests.oracle import grouped
from tests.oracle.book import any_of
from tests.oracle.chance import Chance
from tests.oracle.clocks import Closure, Rule, World
from tests.oracle.core import CALENDARS
from tests.oracle.days import Days, announced, local
from tests.oracle.declared import Card, Edition, Step, joined, raised
from tests.oracle.history import Fact, Version, in_order, version
from tests.oracle.relief import read, strict, timely
from tests.oracle.spans import plain
from tests.oracle.trials import Answer, Family, History
from tests.oracle.written import Message, deletion, wire

HEAD = """\
name: {zh: 试, en: Trial}
category: process
basis: local
stream: service
subject: case_id
message: {zh: 试, en: Trial}
examples:
  - {name: one, given: [{at: "1999-03-02T09:00", type: case.applied, case_id: A1}], expect: []}
  - {name: two, given: [{at: "1999-03-02T09:00", type: case.applied, case_id: A1}], expect: [{}]}
"""
CLOCKS = """\
clocks:
  open:
    start: case.accepted
    stop: [case.decided, case.closed]
    pause: {event: case.suspended, at_most: {of: event.approved_days, unit: workdays}}
    resume: case.resumed
    relief: {recorded_within: 24h}
"""
DEADLINE = "deadline: {clock: open, within: "
COUNT = "count: {event: case.decided, group_by: [event.department], window: {type: sliding, size: 48h}, over: "
RULES = [
    f'rule: Y\nversion: 1\nseverity: notice\nparams: {{limit: 6 workdays}}\n{DEADLINE}params.limit, warn_at: ["50%"]}}',
    "rule: X\nversion: 1\nseverity: notice\nabsorbs: [Y, V]\n"
    f"{DEADLINE}9 workdays, escalate: [{{after: 2 workdays, to: supervisor}}, "
    "{after: 4 workdays, severity: red_card, to: head}]}",
    f"rule: V\nversion: 1\nseverity: notice\n{DEADLINE}8 days}}",
    f"rule: V\nversion: 2\neffective: 2026-05-06\nseverity: yellow_card\n{DEADLINE}5 days}}",
    'rule: V\nversion: 3\neffective: 2026-05-06\nactivates_at: "2026-05-12T12:00"\non_change: keep\n'
    f"severity: notice\n{DEADLINE}3 days}}",
    f"rule: V\nversion: 4\nmode: shadow\nseverity: notice\n{DEADLINE}2 days}}",
    f"rule: W\nversion: 1\nseverity: notice\nabsorbs: [Y]\n{DEADLINE}7 days}}",
    'rule: W\nversion: 2\nactivates_at: "2026-05-12T12:00"\nseverity: yellow_card\n'
    f"{DEADLINE}4 days, escalate: [{{after: 20h, to: head}}]}}",
    f"rule: H\nversion: 1\nseverity: notice\n{DEADLINE}48h, escalate: [{{after: 24h, severity: yellow_card}}]}}",
    "rule: M\nversion: 1\nseverity: notice\n"
    "escalate: [{after: 24h, to: supervisor}, {after: 2 workdays, severity: red_card}]\n"
    "match: {event: case.suspended}",
    "rule: M\nversion: 2\neffective: 2026-05-08\nseverity: yellow_card\nmatch: {event: case.suspended}",
    "rule: G\nversion: 1\nseverity: notice\nparams: {most: 2}\n"
    f"escalate: [{{after: 20h, severity: yellow_card}}, {{after: 1 workday, to: head}}]\n{COUNT}params.most}}",
    'rule: G\nversion: 2\nactivates_at: "2026-05-12T12:00"\nseverity: yellow_card\nparams: {most: 2}\n'
    f"{COUNT}1}}",
]  # fmt: skip
REGIONS = """\
palettes: {one: {notice: "#000000", yellow_card: "#000000", red_card: "#000000"}}
default: {palette: one, params: {Y: {limit: 5 workdays}}}
regions:
  "430000": {params: {Y: {limit: 4 workdays}, G: {most: 1}}, calendar: hunan}
  "430100": {params: {Y: {limit: 2 workdays}}, calendar: hunan}
"""
SOURCES = "default: {lateness: 15m}\nsources:\n  slow: {lateness: 3 days, hold_back: 36h}\n"
CLOSURES = """\
from,until,region,organ,cause,basis,approved_by
2026-05-11,2026-05-12,,,outage,order 1,head
2026-05-07T10:30,2026-05-08T15:30,430000,,outage,order 2,head
2026-05-12,2026-05-14,430100,o2,disaster,order 3,head
2026-05-18T08:15,2026-05-18T20:15,,o1,outage,order 4,head
"""
NOTICE = {"announced": "2026-03-01", "source": "湖南", "off": ["2026-05-15", "2026-05-20"], "work": ["2026-05-16"]}
SWITCH, HERE = local("2026-05-12T12:00"), date(2026, 5, 6)
EDITIONS = (
    Edition("Y"),
    Edition("X", absorbs=("Y", "V"), steps=(
        Step("2 workdays", to="supervisor"), Step("4 workdays", "red_card", "head"),
    )),
    Edition("V"), Edition("V", 2, effective=HERE, severity="yellow_card"),
    Edition("V", 3, effective=HERE, activates=SWITCH, keeps=True), Edition("V", 4, "shadow"),
    Edition("W", absorbs=("Y",)),
    Edition("W", 2, activates=SWITCH, severity="yellow_card", steps=(Step("20 h", to="head"),)),
    Edition("H", steps=(Step("24 h", "yellow_card"),)),
    Edition("M", steps=(Step("24 h", to="supervisor"), Step("2 workdays", "red_card"))),
    Edition("M", 2, effective=date(2026, 5, 8), severity="yellow_card"),
    Edition("G", steps=(Step("20 h", "yellow_card"), Step("1 workdays", to="head"))),
    Edition("G", 2, activates=SWITCH, severity="yellow_card"),
)  # fmt: skip
LIMITS = {
    ("X", 1): (9, "workdays"), ("V", 1): (8, "days"), ("V", 2): (5, "days"), ("V", 3): (3, "days"),
    ("V", 4): (2, "days"), ("W", 1): (7, "days"), ("W", 2): (4, "days"), ("H", 1): (48, "h"),
}  # fmt: skip
STOPS = frozenset({"case.decided", "case.closed"})
OPEN = Rule(
    name="", clock="open", severity="", limit=lambda start, earlier, world: None,
    spans=plain(frozenset({"case.accepted"}), any_of(STOPS)),
    reads=STOPS | {"case.accepted", "case.suspended", "case.resumed"},
    pause="case.suspended", resume="case.resumed",
)  # fmt: skip


@cache
def book() -> Book:
    with TemporaryDirectory() as made:
        folder = Path(made)
        for number, text in enumerate(RULES):
            (folder / f"r{number}.yaml").write_text(f"{text}\n{HEAD}", encoding="utf-8")
        for name, text in (("clocks", CLOCKS), ("regions", REGIONS), ("sources", SOURCES)):
            (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
        (folder / "closures").mkdir()
        (folder / "closures" / "2026.csv").write_text(CLOSURES, encoding="utf-8")
        (folder / "calendars" / "hunan").mkdir(parents=True)
        here = {"calendar": "hunan", "extends": "cn", "year": 2026, "announcements": [NOTICE]}
        (folder / "calendars" / "hunan" / "2026.json").write_text(json.dumps(here), encoding="utf-8")
        return load_book(folder)


@cache
def world() -> World:
    national = announced(CALENDARS)
    off, work = ({date.fromisoformat(day) for day in NOTICE[name]} for name in ("off", "work"))
    hunan = Days((national.off | off) - work, (national.work | work) - off, national.years)
    closures = (
        Closure(date(2026, 5, 11), date(2026, 5, 12)),
        Closure(local("2026-05-07T10:30"), local("2026-05-08T15:30"), "43"),
        Closure(date(2026, 5, 12), date(2026, 5, 14), "4301", "o2"),
        Closure(local("2026-05-18T08:15"), local("2026-05-18T20:15"), "", "o1"),
    )
    return World(national, {}, False, {"43": hunan}, closures, {"slow": timedelta(hours=36)})


REGION = ("", "330100", "430000", "430100", "430102")
TIMES = ("T00:00:00", "T09:00:00", "T11:59:59", "T12:00:00", "T17:00:00", "T23:59:59", "")
FIRST = date(2026, 4, 28)


def cases(chance: Chance) -> History:
    """The lives of up to three cases around a switch, of regions that are sometimes not said, or said otherwise."""
    made: list[Message] = []
    for subject in "ABC"[: chance.whole(1, 3)]:
        known = {"region": chance.of(REGION), "organ": chance.of(["o1", "o2", ""])}
        source = chance.of(["s", "s", "slow"])
        days = sorted(chance.some(range(26), 3, 6))
        usual = ["case.applied", "case.accepted", "case.decided"] if chance.whole(0, 5) else []
        kinds = [*usual, *chance.some(EVERY, 0 if usual else 1, 4)]
        for kind in kinds:
            said = known | ({"region": chance.of(REGION)} if chance.once_in(6) else {})
            said |= {"organ": chance.of(["o1", "o2", ""])} if chance.once_in(6) else {}
            day = days[min(EVERY.index(kind) // 2, len(days) - 1)] if chance.whole(0, 2) else chance.of(days)
            number = len(made)
            made.append(one(chance, kind, FIRST + timedelta(days=day), subject, number, "i", source, said))
            made += later(chance, made[-1], days, source, said)
    latest = max(local(each["time"]) for each in made if each.get("time"))
    ends = [latest, latest + timedelta(hours=30), SWITCH, SWITCH - timedelta(seconds=1), latest + timedelta(days=20)]
    return History(made, max(latest, chance.of(ends)), world())


EVERY = ("case.applied", "case.accepted", "case.suspended", "case.resumed", "case.stage", "case.decided", "case.closed")


def one(
    chance: Chance, kind: str, day: date, subject: str, number: int, operation: str, source: str, said: dict[str, str]
) -> Message:
    at = day.isoformat() + chance.of(TIMES)
    over = local(at) + timedelta(hours=24 if len(at) == 10 else 0)
    recorded = over + timedelta(seconds=chance.of([0, 0, 0, 60, 86_400, 86_401, 5 * 86_400]))
    more: dict[str, Any] = {"department": chance.of("de")} if kind == "case.decided" else {}
    more |= {"approved_days": chance.of([1, 2, 4, None])} if kind == "case.suspended" else {}
    return wire(
        kind, at, subject, id=f"e{number}", operation=operation, recorded=recorded.isoformat(), **said, **more
    ) | {"source": source}


def later(chance: Chance, first: Message, days: list[int], source: str, said: dict[str, str]) -> Iterator[Message]:
    """A correction, or a deletion, of some events."""
    change = chance.of(["", "", "", "", "", "delete", "move"])
    since = local(first["recordedat"]) + timedelta(seconds=chance.of([1, 3600, 86_401, 6 * 86_400]))
    if change == "delete":
        yield deletion(first, since.isoformat())
    elif change == "move":
        day = FIRST + timedelta(days=chance.of(days))
        moved = one(chance, first["type"], day, first["subject"], int(first["id"][1:]), "u", source, said)
        yield moved | {"recordedat": max(since, local(moved["recordedat"])).isoformat() + "+08:00"}


def judge(history: History) -> Answer:
    said = [version(each) for each in history.events]
    found: list[Card] = []
    for subject in {each.subject for each in said}:
        own = frozenset(each for each in said if each.subject == subject)
        cards = [card for edition in EDITIONS for card in of_subject(edition, subject, own, history)]
        found += joined(cards, EDITIONS)
    found += [card for edition in EDITIONS if edition.rule == "G" for card in of_groups(edition, said, history)]
    return {("alert", card.rule, card) for card in found}


def home_of(facts: Sequence[Fact]) -> str:
    """The region of the first event that has one."""
    return next((str(fact.region) for fact in facts if fact.region), "")


def of_subject(edition: Edition, subject: str, own: frozenset[Version], history: History) -> Iterator[Card]:
    """What one version says of one case, where it governs."""
    facts, now = in_order(own, history.now), history.now
    home = home_of(facts)
    for start, card in clocked(edition, subject, own, history, home):
        if edition.governs(EDITIONS, start.at, now):
            yield raised(card, edition, history.world.here(start, facts).days, now)
    for card in matched(edition, subject, facts):
        if edition.governs(EDITIONS, card.at, now):
            yield raised(card, edition, history.world.calendar(home), now)


def clocked(
    edition: Edition, subject: str, own: frozenset[Version], history: History, home: str
) -> Iterator[tuple[Fact, Card]]:
    """The cards of its clock, each with the start."""
    limit = LIMITS.get((edition.rule, edition.version))
    if edition.rule == "Y":
        limit = next(at for code, at in (("4301", 2), ("43", 4), ("", 5)) if home.startswith(code)), "workdays"
    if limit is None:
        return
    world, now, rule = history.world, history.now, rule_of(limit, None)
    contested = strict(rule, own, world, now)
    for step, percent in (("", None), ("50%", 50)) if edition.rule == "Y" else (("", None),):
        said = rule_of(limit, percent)
        whole = read(said, own, world, now)
        for occasion in whole.keys() | contested.keys():
            stern = whole.get(occasion)
            if occasion in contested:  # the steps of a clock are read as it is
                stern = read(said, timely(rule, occasion, own, world, now), world, now)[occasion]
            shown = whole.get(occasion) or stern
            if stern is not None and shown is not None and stern.breach:
                state = "contested" if occasion in contested else "ended" if shown.stop else "open"
                yield stern.start, Card(
                    edition.rule, edition.version, edition.mode, subject, occasion, step, stern.breach_at, state,
                    shown.stop.at if shown.stop else None, "notice" if step else edition.severity,
                    "closed_late" if shown.stop else "still_open", stern.due_date,
                )  # fmt: skip


@cache
def rule_of(limit: tuple[int, str], percent: int | None) -> Rule:
    """One for all histories: what was read by it is remembered."""
    return replace(OPEN, limit=lambda start, earlier, world: limit, percent=percent)


def matched(edition: Edition, subject: str, facts: list[Fact]) -> Iterator[Card]:
    for fact in facts:
        if edition.rule == "M" and fact.type == "case.suspended":
            yield Card(
                "M", edition.version, edition.mode, subject, fact.key, "", fact.at, "open", None, edition.severity
            )


def of_groups(edition: Edition, said: list[Version], history: History) -> Iterator[Card]:
    """The count of decisions by department; a group's region is that of its earliest event."""
    window = grouped.sliding(timedelta(hours=48))
    for region, most in (("43", 1), ("", 2)):
        most = 1 if edition.version == 2 else most
        rule = grouped.Rule(
            "G", window, lambda held: Fraction(len(held)), lambda value, most=most: value > most,
            lambda fact: fact.type == "case.decided", by="department", corrected=timedelta(days=9),
        )  # fmt: skip
        for name, points in grouped.groups(rule, said, {"slow": timedelta(days=3)}).items():
            home = str(points[0].fact.region or "")
            if home.startswith("43") != (region == "43"):
                continue
            for each in rule.judge(name, points, history.now):
                card = Card(
                    "G", edition.version, edition.mode, name, each.occasion, "", each.at, each.state, each.ended_at,
                    edition.severity, value=each.value,
                )  # fmt: skip
                if edition.governs(EDITIONS, each.at, history.now):
                    yield raised(card, edition, history.world.calendar(home), history.now)


def told(history: History, alerts: Sequence[Alert], clocks: Sequence[Clock]) -> Answer:
    rules = {alert.alert_id: alert.rule for alert in alerts}
    return {("alert", alert.rule, card_of(alert, rules.get(alert.absorbed_by, ""))) for alert in alerts}


def card_of(alert: Alert, card: str) -> Card:
    def wall(at: int | None) -> datetime | None:
        return local(iso(at, "Asia/Shanghai")) if at is not None else None

    at = wall(alert.at)
    assert at is not None
    return Card(
        alert.rule, alert.version, alert.mode, alert.group or alert.subject, alert.occasion, alert.step, at,
        alert.state, wall(alert.ended_at), alert.severity, alert.reason if alert.rule in "YXVWH" else "",
        alert.due_date, alert.value, alert.params.get("audience", ""), card,
    )  # fmt: skip


FAMILY = Family(
    "terms", cases, lambda history: book(), judge, told, frozenset({edition.rule for edition in EDITIONS}), 3
)
