"""Decides for how long what a group was told may still change: how far its rules reach, how late a correction counts.

A correction or deletion counts in groups if it reached us while a window over the event may still go on, or
`CORRECTED` after that; which of them do is a matter of the events alone, not of what a group happens to hold.
"""

from __future__ import annotations

from collections.abc import Sequence

from rules.judging.windows import Grouped
from rules.language.rule import Book
from rules.model.events import Fact
from rules.model.times import DAY

CORRECTED = 7 * DAY
"""How long after the last window over an event has ended a correction of it still counts."""


def reaches(book: Book) -> dict[str, int]:
    """By grouping: how far behind a point its rules may look, in microseconds, whatever the region."""
    found: dict[str, int] = {}
    for rules in (book.rules, *book.regional.values()):
        for body in (rule.body for rule in rules if isinstance(rule.body, Grouped)):
            if body.grouping is not None:
                name = body.grouping.name
                found[name] = max(found.get(name, 0), body.reach())
    return found


def counting(same: Sequence[Fact], reach: int) -> Sequence[Fact]:
    """The versions of one event that came in time to count in a group."""
    if len(same) < 2:
        return same
    last = min(version.received_at for version in same) + reach + CORRECTED
    return [version for version in same if version.received_at <= last]


def settled_before(now: int, reach: int, longest: int, transit: int) -> int:
    """Points before this instant change no more: no event that is late by `longest` and no correction of one is on its
    way any more, each for as long as `transit`."""
    return now - reach - CORRECTED - longest - transit
