"""Decides until when something may still come after an instant: exactly, in office hours, or to the end of a day."""

from __future__ import annotations

from datetime import date, timedelta

from msgspec import Struct

from rules.judging.context import Context
from rules.judging.place import Place
from rules.model.events import Fact
from rules.model.spans import Span
from rules.model.times import local_day, next_midnight


class Limit(Struct, frozen=True, gc=False):
    """`last` is the last instant in time, `at` the one at which it has run out; `day` where whole days are counted."""

    last: int
    at: int
    day: date | None = None
    provisional: bool = False

    def has_passed(self, now: int) -> bool:
        """A day clock runs out at the following 00:00, an exact one after its instant (RULES.md §3.2)."""
        return now > self.last


def limit_from(begin: int, day: date, span: Span, place: Place) -> Limit:
    """The limit of a span that begins at an instant of a local day, which counts of whole days leave out."""
    if span.unit == "exact":
        return Limit(begin + span.amount, begin + span.amount)
    if span.unit == "workhours":
        due = place.office.add_work_time(begin, span.amount, place.zone)
        return Limit(due, due)
    if span.unit == "days":
        day, provisional = day + timedelta(days=span.amount), False
    else:
        day = place.calendar.add_working_days(day, span.amount)
        provisional = place.calendar.is_provisional(day)
    at = next_midnight(day, place.zone)
    return Limit(at - 1, at, day, provisional)


def limit_of(span: Span | None, fact: Fact, context: Context) -> Limit:
    """The limit of a span from an event; without a span, the event's own instant. A date counts from its 24:00."""
    if span is None:
        at = context.time_of(fact)
        return Limit(at, at)
    return limit_from(context.day_end(fact), local_day(fact.occurred_at, context.zone), span, context.place)
