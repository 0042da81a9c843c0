"""Decides which versions came too late to take an alert away, and what is contested (CLOCKS.md 17, 18)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import lru_cache

from tests.oracle.clocks import Reading, Rule, World, count
from tests.oracle.days import end_of
from tests.oracle.history import Key, Version, in_order

A_DAY = timedelta(hours=24)


def read(
    rule: Rule, versions: Iterable[Version], world: World, now: datetime, cut: datetime | None = None
) -> dict[Key, Reading]:
    """Every clock of the rule that a set of versions gives, by occasion, judged at `now`.

    `cut` leaves out what is not there yet where that is another instant than `now`.
    """
    return _read(rule, frozenset(versions), world, now, now if cut is None else min(now, cut))


@lru_cache(maxsize=4096)
def _read(rule: Rule, versions: frozenset[Version], world: World, now: datetime, cut: datetime) -> dict[Key, Reading]:
    facts = in_order(versions, cut)
    found = {}
    for span in rule.spans(rule, facts, world, now):
        reading = count(rule, span, facts, world, now)
        if reading is not None:
            found[reading.occasion] = reading
    return found


def deleted(version: Version, known: Iterable[Version]) -> Version:
    """What a deletion deletes: the strongest version below it that is none."""
    below = [
        each for each in known if each.key == version.key and each.operation < 2 and each.strength < version.strength
    ]
    return max(below, key=lambda each: each.strength) if below else version


def lateness_counts_from(version: Version, known: Iterable[Version]) -> datetime | None:
    spoken = deleted(version, known) if version.operation == 2 else version
    if spoken.at is None:
        return None
    return end_of(spoken.at.date()) if spoken.whole_day else spoken.at


def too_late(rule: Rule, occasion: Key, versions: frozenset[Version], world: World, now: datetime) -> set[Version]:
    """The versions entered more than 24 hours after they occurred, when the breach already stood.

    Events that the clock does not read (an application, for T02) are no matter of relief: known or not.
    """
    read_here = {each.key for each in versions if each.type in rule.reads}
    late: set[Version] = set()
    for one in sorted(versions, key=lambda each: each.recorded):
        since = lateness_counts_from(one, versions)
        if one.key not in read_here or since is None or one.recorded <= since + A_DAY:
            continue
        earlier = [
            each
            for each in versions
            if each.key not in read_here or (each.recorded < one.recorded and each not in late)
        ]
        reading = read(rule, earlier, world, one.recorded, now).get(occasion)
        if reading is not None and reading.breach and reading.said_at <= one.recorded:
            late.add(one)
    return late


def strict(
    rule: Rule, versions: frozenset[Version], world: World, now: datetime
) -> dict[Key, tuple[Reading, Reading | None]]:
    """By occasion the contested clocks: the strict reading, and the whole one where there is one."""
    if not any(suspicious(each, versions) for each in versions):
        return {}
    whole = read(rule, versions, world, now)
    contested = {}
    for occasion in {each.key for each in versions if each.type in rule.reads}:
        late = too_late(rule, occasion, versions, world, now)
        if not late:
            continue
        stern = read(rule, versions - late, world, now).get(occasion)
        if stern is None or not stern.breach:
            continue
        other = whole.get(occasion)
        if other is None or not other.breach or other.breach_at > stern.breach_at:
            contested[occasion] = stern, other
    return contested


def timely(rule: Rule, occasion: Key, versions: frozenset[Version], world: World, now: datetime) -> frozenset[Version]:
    """The versions that the strict reading of a clock takes in."""
    return versions - too_late(rule, occasion, versions, world, now)


def suspicious(version: Version, versions: Iterable[Version]) -> bool:
    since = lateness_counts_from(version, versions)
    return since is not None and version.recorded > since + A_DAY
