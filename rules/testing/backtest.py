"""Decides what a backtest says of a rule: how many alerts, when and where, and how noisy it would be for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta

from msgspec import Struct

from rules.model.times import local_day
from rules.testing.found import Found

NOBODY = ""
TOP = 10


class Period(Struct, frozen=True):
    """The part of a history that is counted: [first, last) in epoch microseconds; None is open."""

    first: int | None = None
    last: int | None = None

    def holds(self, at: int) -> bool:
        """True for an instant of the period."""
        return (self.first is None or at >= self.first) and (self.last is None or at < self.last)


class Noise(Struct, frozen=True, kw_only=True):
    """How many alerts reach one officer (or department) on one day; `days` are those from the first to the last alert.

    `mean` is over all of them and all days, `usual` the median and `heavy` the 95th percentile of those days on which
    somebody has any; `busiest` are the worst: who, day, alerts.
    """

    of: str
    who: int
    days: int
    mean: float
    usual: int
    heavy: int
    busiest: tuple[tuple[str, date, int], ...]


class WeekLine(Struct, frozen=True):
    """The alerts of one department in the week that begins on a Monday."""

    week: date
    department: str
    alerts: int


class Figures(Struct, frozen=True, kw_only=True):
    """A rule over a period in figures."""

    alerts: int
    subjects: int
    by_name: dict[str, int]
    by_state: dict[str, int]
    by_severity: dict[str, int]
    by_reason: dict[str, int]
    by_mode: dict[str, int]
    provisional: int
    by_department: dict[str, int]
    by_week: tuple[WeekLine, ...]
    weeks: dict[str, dict[str, int]]
    noise: tuple[Noise, ...]


Zone = Callable[[str], str]
"""The zone of a region."""


def figures(alerts: Iterable[Found], period: Period, zone: Zone) -> Figures:
    """The figures of the alerts that were raised within a period, each on the local day of its region."""
    counted = [each for each in alerts if period.holds(each.at)]
    days = [local_day(each.at, zone(each.region)) for each in counted]
    weeks: dict[str, Counter[str]] = {}
    by_week: Counter[tuple[date, str]] = Counter()
    for each, day in zip(counted, days, strict=True):
        week = monday(day)
        weeks.setdefault(week.isoformat(), Counter())[each.severity] += 1
        by_week[week, each.department] += 1
    return Figures(
        alerts=len(counted),
        subjects=len({each.subject for each in counted}),
        by_name=_tally(each.name for each in counted),
        by_state=_tally(each.state for each in counted),
        by_severity=_tally(each.severity for each in counted),
        by_reason=_tally(each.reason for each in counted),
        by_mode=_tally(each.mode for each in counted),
        provisional=sum(each.provisional for each in counted),
        by_department=_tally(each.department for each in counted),
        by_week=tuple(WeekLine(*key, number) for key, number in sorted(by_week.items())),
        weeks={week: dict(sorted(weeks[week].items())) for week in sorted(weeks)},
        noise=tuple(
            made
            for made in (
                _noise("officer", [each.actor for each in counted], days),
                _noise("department", [each.department for each in counted], days),
            )
            if made is not None
        ),
    )


def monday(day: date) -> date:
    """The Monday of a day's week."""
    return day - timedelta(days=day.weekday())


def _tally(values: Iterable[str]) -> dict[str, int]:
    """How many of each, the most first; equal numbers by name."""
    return dict(sorted(Counter(values).items(), key=lambda each: (-each[1], each[0])))


def _noise(of: str, names: Sequence[str], days: Sequence[date]) -> Noise | None:
    """None where no alert names anybody of the kind."""
    counted = Counter((name, day) for name, day in zip(names, days, strict=True) if name != NOBODY)
    if not counted:
        return None
    who = {name for name, _ in counted}
    span = (max(days) - min(days)).days + 1
    loads = sorted(counted.values())
    busiest = sorted(counted.items(), key=lambda each: (-each[1], each[0][1], each[0][0]))[:TOP]
    return Noise(
        of=of,
        who=len(who),
        days=span,
        mean=round(sum(loads) / (len(who) * span), 3),
        usual=percentile(loads, 50),
        heavy=percentile(loads, 95),
        busiest=tuple((name, day, number) for (name, day), number in busiest),
    )


def percentile(ordered: Sequence[int], percent: int) -> int:
    """The nearest-rank percentile of numbers in ascending order."""
    return ordered[max(-(-len(ordered) * percent // 100) - 1, 0)]
