"""Decides what a line of a case's timeline is, and which days explain the pauses that a clock counted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date, timedelta

from msgspec import Struct

from rules.judging.clock_days import ONE_DAY, Pause, in_working_days
from rules.model.alerts import Clock
from rules.model.fields import to_number
from rules.model.times import local_day


class Happening(Struct, frozen=True, kw_only=True):
    """One version of one event as the warehouse keeps it; times in epoch microseconds, 0 where not known."""

    source: str
    id: str
    type: str
    occurred_at: int
    whole_day: bool = False
    recorded_at: int = 0
    received_at: int = 0
    operation: str = "i"
    fields: Mapping[str, str] = {}

    @property
    def known_as(self) -> tuple[str, str]:
        return self.source, self.id


def last_versions(happenings: Iterable[Happening]) -> list[Happening]:
    """What speaks of each event, by occurrence: the last version recorded; deletions are left out."""
    spoken: dict[tuple[str, str], Happening] = {}
    rank = "iud"
    for each in happenings:
        before = spoken.get(each.known_as)
        if before is None or (before.recorded_at, rank.find(before.operation)) <= (
            each.recorded_at,
            rank.find(each.operation),
        ):
            spoken[each.known_as] = each
    kept = (each for each in spoken.values() if each.operation != "d")
    return sorted(kept, key=lambda each: (each.occurred_at, each.source, each.id))


def pauses_of(
    clock: Clock,
    happenings: Iterable[Happening],
    works: Callable[[date], bool],
    zone: str,
    closed: Sequence[Pause] = (),
) -> tuple[Pause, ...] | None:
    """The paused days of a clock, told from its suspensions and from the closures that were declared; None where they
    do not add up to its figure.

    Which pauses are lawful is for the rules to say: the page shows days only if they agree with the clock.
    """
    if not clock.paused:
        return ()
    if clock.unit not in ("workdays", "days"):
        return None
    before_the_stop = [
        each for each in last_versions(happenings) if clock.stopped_at is None or each.occurred_at <= clock.stopped_at
    ]
    whole = (*_suspensions(clock, before_the_stop, works, zone), *closed)
    last = local_day(clock.as_of if clock.stopped_at is None else clock.stopped_at, zone)
    for pauses in (whole, tuple((first, min(final, last)) for first, final in whole if first <= last)):
        days = {first + timedelta(days=n) for first, final in pauses for n in range((final - first).days + 1)}
        counting = (day for day in days if day > clock.start_date)
        if sum(works(day) or not in_working_days(clock) for day in counting) == clock.paused:
            return pauses
    return None


def _suspensions(
    clock: Clock, happenings: list[Happening], works: Callable[[date], bool], zone: str
) -> Iterator[Pause]:
    running: dict[str, tuple[date, date]] = {}
    for each in happenings:
        day = local_day(each.occurred_at, zone)
        name = each.type.rpartition(".")[2]
        procedure = each.fields.get("procedure_id", "")
        if name == "suspended":
            final = _approved_until(clock, each, day, works)
            if final is not None and (procedure not in running or running[procedure][1] < day):
                if procedure in running:
                    yield running[procedure]
                running[procedure] = (day + ONE_DAY, final)
        elif name == "resumed" and procedure in running:
            first, final = running.pop(procedure)
            if min(day, final) >= first:
                yield first, min(day, final)
    for first, final in running.values():
        if final >= first:
            yield first, final


def _approved_until(clock: Clock, each: Happening, day: date, works: Callable[[date], bool]) -> date | None:
    approved = to_number(each.fields.get("approved_days"))
    if approved is None or approved <= 0:
        return None
    left = min(int(approved), 400)
    while left:
        day += ONE_DAY
        left -= works(day) or not in_working_days(clock)
    return day
