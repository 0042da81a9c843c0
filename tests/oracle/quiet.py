"""Decides silences by looking at every two marks between which there is none (RULES.md §2, §3.10)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from tests.oracle.days import Days, end_of, midnight
from tests.oracle.history import Version
from tests.oracle.orders import span_end

LATENESS = timedelta(minutes=15)


@dataclass(frozen=True)
class Quiet:
    """One silence: of which group, since which mark, when it had lasted too long, when it ended."""

    group: str
    since: datetime
    at: datetime
    ended_at: datetime | None
    due_date: date | None
    never_heard: bool = False


@dataclass(frozen=True)
class Listener:
    """One rule: which messages it hears, of which group, and within which span the next must come; `since` when."""

    rule: str
    hears: Callable[[Version], bool]
    group: Callable[[Version], str]
    within: Callable[[str, date], str]
    since: Callable[[str], date | None] = lambda group: None
    until: Callable[[str], date | None] = lambda group: None
    groups: tuple[str, ...] = ()

    def judge(self, versions: Iterable[Version], now: datetime, days: Days) -> set[Quiet]:
        heard: dict[str, set[datetime]] = {group: set() for group in self.groups}
        for each in versions:
            at = mark(each)
            if at is not None and self.hears(each) and self.group(each):
                heard.setdefault(self.group(each), set()).add(at)
        return {found for group, marks in heard.items() for found in self.silences(group, marks, now, days)}

    def silences(self, group: str, marks: set[datetime], now: datetime, days: Days) -> Iterable[Quiet]:
        since, until = self.since(group), self.until(group)
        begin = None if since is None else midnight(since)
        kept = sorted(at for at in marks if begin is None or at >= begin)
        starts = ([(begin, True)] if begin is not None else []) + [(at, False) for at in kept]
        for at, never in starts:
            later = [other for other in kept if other > at or (never and other >= at)]
            span = "" if until is not None and at.date() > until else self.within(group, at.date())
            if not span:
                continue
            end = span_end(at, at.date(), span, days)
            over = until is not None and end.at > end_of(until)
            ended = later[0] if later else None
            if now > end.last and (ended is None or ended > end.last) and not over:
                yield Quiet(group, at, end.at, ended, end.day, never)


def mark(version: Version) -> datetime | None:
    """When a message was sent, by its own word; a date is heard until its 24:00. Too late to count is no mark."""
    if version.at is None or version.operation == 2:
        return None
    at = end_of(version.at.date()) if version.whole_day else version.at
    return at if version.received - at <= LATENESS else None
