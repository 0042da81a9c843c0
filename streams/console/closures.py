"""Decides which declared closures the picture of a clock shows, and in which words."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from rules.judging.clock_days import ONE_DAY, Pause, due_day
from rules.model.alerts import Clock
from rules.model.times import local_day
from rules.tables import Closure
from streams.console.wording import Words


def closed_days(closure: Closure) -> Pause:
    """The first and the last day that do not count: of a closure by the hour the day of its beginning still does."""
    if isinstance(closure.since, datetime) and isinstance(closure.until, datetime):
        return closure.since.date() + ONE_DAY, closure.until.date()
    return closure.since, closure.until


def that_matter(clock: Clock, closures: Iterable[Closure], zone: str) -> list[Closure]:
    """Those that reach into the clock, and began when it was neither over nor due (RULES.md §3.3)."""
    ends = [due_day(clock, zone), local_day(clock.stopped_at, zone) if clock.stopped_at is not None else None]
    last = min((end for end in ends if end is not None), default=date.max)
    return [each for each in closures if _begins(each) <= last and closed_days(each)[1] > clock.start_date]


def _begins(closure: Closure) -> date:
    return closure.since.date() if isinstance(closure.since, datetime) else closure.since


def said_of(closure: Closure, words: Words) -> str:
    """What it was declared for, on which basis, by whom."""
    cause = words.name("closure", closure.cause)
    return words("closure.said", cause=cause, basis=closure.basis, approved_by=closure.approved_by)


def on_a_day(day: date, closures: Iterable[Closure], words: Words) -> str:
    """What is said of a day that a closure takes out of the count; empty for any other."""
    found = (each for each in closures if closed_days(each)[0] <= day <= closed_days(each)[1])
    return next((said_of(each, words) for each in found), "")


def notes(closures: Iterable[Closure], words: Words) -> list[str]:
    """One line per closure, its beginning and end as they were declared."""
    return [
        words("closure.note", since=_written(each.since), until=_written(each.until), said=said_of(each, words))
        for each in closures
    ]


def _written(moment: date | datetime) -> str:
    return moment.isoformat(" ", "minutes") if isinstance(moment, datetime) else moment.isoformat()
