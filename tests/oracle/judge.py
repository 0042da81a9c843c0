"""Decides which alerts and clocks stand for a finished history: a second judge."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from tests.oracle.book import RULES
from tests.oracle.clocks import Reading, Rule, World
from tests.oracle.days import end_of, micros
from tests.oracle.history import Fact, Key, Version, version
from tests.oracle.patterns import patterns
from tests.oracle.relief import read, strict


@dataclass(frozen=True, order=True)
class Alert:
    """An alert that stands; fields that a rule does not fill are None. Times are epoch microseconds."""

    rule: str
    subject: str
    occasion: Key
    at: int
    step: str = ""
    state: str = "open"
    reason: str | None = None
    due_date: date | None = None
    due_at: int | None = None
    ended_at: int | None = None
    severity: str = ""
    provisional: bool = False


@dataclass(frozen=True, order=True)
class Clock:
    """One clock of one rule; `used` and `paused` are days."""

    rule: str
    subject: str
    occasion: Key
    due_date: date | None
    due_at: int | None
    paused: int
    extended: int
    state: str
    used: int
    provisional: bool


def judge(
    events: Iterable[Mapping[str, Any]], world: World, now: datetime, rules: Iterable[Rule] = RULES
) -> tuple[set[Alert], set[Clock]]:
    """The alerts and clocks of messages of the wire, in any order and number, at Shanghai wall time `now`."""
    versions = {version(event) for event in events}
    alerts: set[Alert] = set()
    clocks: set[Clock] = set()
    for subject in {each.subject for each in versions}:
        own = frozenset(each for each in versions if each.subject == subject)
        for rule in rules:
            for alert, clock in deadline(rule, subject, own, world, now):
                clocks.add(clock)
                alerts |= {alert} if alert else set()
        for hit in patterns(subject, own, now):
            alerts.add(Alert(hit.rule, subject, hit.occasion, instant(hit.at), severity=hit.severity, state="open"))
    return alerts, clocks


def deadline(
    rule: Rule, subject: str, own: frozenset[Version], world: World, now: datetime
) -> list[tuple[Alert | None, Clock]]:
    """What one rule says of one subject."""
    whole = read(rule, own, world, now)
    contested = strict(rule, own, world, now)
    found: list[tuple[Alert | None, Clock]] = []
    for occasion in whole.keys() | contested.keys():
        if occasion in contested:
            found.append(disputed(rule, subject, *contested[occasion], now))
        else:
            reading = whole[occasion]
            state = "ended" if reading.stop else "open"
            found.append(
                (
                    raised(rule, subject, reading, reading, state, now) if reading.breach else None,
                    clock(rule, subject, reading, reading.used(reading.stop), state),
                )
            )
    return found


def disputed(rule: Rule, subject: str, stern: Reading, whole: Reading | None, now: datetime) -> tuple[Alert, Clock]:
    """The due date of the strict reading; reason, end and used of the stop that is contested."""
    shown = whole or stern
    return (
        raised(rule, subject, stern, shown, "contested", now),
        clock(rule, subject, stern, stern.used(shown.stop), "contested"),
    )


def raised(rule: Rule, subject: str, reading: Reading, shown: Reading, state: str, now: datetime) -> Alert:
    return Alert(
        rule=rule.name,
        subject=subject,
        occasion=reading.occasion,
        at=instant(reading.breach_at),
        state=state,
        reason="closed_late" if shown.stop else "still_open",
        due_date=reading.due_date,
        due_at=instant(reading.due_at),
        ended_at=micros(shown.stop.at) if shown.stop else None,
        severity=severity(rule, reading, shown.stop, now),
        provisional=reading.provisional,
    )


def severity(rule: Rule, reading: Reading, stop: Fact | None, now: datetime) -> str:
    """A provisional date raises at most a notice (RULES §3.12); an escalation needs it open beyond."""
    if reading.provisional:
        return "notice"
    if reading.red_on is not None:
        beyond = stop.day > reading.red_on if stop else now >= end_of(reading.red_on)
        return "red_card" if beyond else rule.severity
    return rule.severity


def clock(rule: Rule, subject: str, reading: Reading, used: int, state: str) -> Clock:
    return Clock(
        rule=rule.name,
        subject=subject,
        occasion=reading.occasion,
        due_date=reading.due_date,
        due_at=instant(reading.due_at),
        paused=reading.paused,
        extended=reading.extended,
        state=state,
        used=used,
        provisional=reading.provisional,
    )


def instant(moment: datetime) -> int:
    found = micros(moment)
    assert found is not None
    return found
