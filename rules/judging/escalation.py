"""Decides how far an open alert has been escalated: so long after it was raised, in severity or in audience.

A step counts what follows the alert: working days and days exclude the day itself and are over at the end of the last
one, working hours are those of the region, hours are exact. What ended before a step was reached does not reach it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from functools import partial

import msgspec

from rules.judging.ladder import Escalation
from rules.judging.place import Place
from rules.judging.verdicts import Ruling, Verdict
from rules.model.alerts import SEVERITIES
from rules.model.spans import Span
from rules.model.times import local_day, next_midnight

AUDIENCE = "audience"


def climb(
    steps: Iterable[Escalation], severity: str, at: Callable[[Span], int], ended_at: int | None, now: int
) -> tuple[str, str, list[int]]:
    """Severity and audience at `now`, and when the next steps are reached; `at` gives the instant of each."""
    audience = ""
    wakes: list[int] = []
    for step in steps:
        reached = at(step.after)
        if ended_at is not None and ended_at < reached:
            continue
        if now < reached:
            wakes.append(reached)
            continue
        audience = step.to or audience
        if step.severity and SEVERITIES.index(step.severity) > SEVERITIES.index(severity):
            severity = step.severity
    return severity, audience, wakes


def later(instant: int, span: Span, place: Place) -> int:
    """So much working time after an instant."""
    if span.unit == "exact":
        return instant + span.amount
    if span.unit == "workhours":
        return place.office.add_work_time(instant, span.amount, place.zone)
    day = local_day(instant, place.zone)
    if span.unit == "workdays":
        return next_midnight(place.calendar.add_working_days(day, span.amount), place.zone)
    return next_midnight(day + timedelta(days=span.amount), place.zone)


def escalated(ruling: Ruling, steps: tuple[Escalation, ...], place: Place, now: int) -> Ruling:
    """The same ruling with its verdicts as far up as they have come; provisional ones stay notices."""
    verdicts: list[Verdict] = []
    wakes = [] if ruling.wake is None else [ruling.wake]
    for verdict in ruling.verdicts:
        if not verdict.provisional:
            at = partial(later, verdict.at, place=place)
            severity, audience, more = climb(steps, verdict.severity, at, verdict.ended_at, now)
            wakes += more
            params = verdict.params | {AUDIENCE: audience} if audience else verdict.params
            verdict = msgspec.structs.replace(verdict, severity=severity, params=params)
        verdicts.append(verdict)
    return msgspec.structs.replace(ruling, verdicts=tuple(verdicts), wake=min(wakes, default=None))
