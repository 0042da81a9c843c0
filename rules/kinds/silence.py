"""Decides where a group, or a source of the roster, sent nothing for longer than it may.

It is judged on marks: the times of everything that was sent, which neither a correction nor a deletion takes back. A
silence begins with the last mark before it, is raised once the time for the next one has passed, and ends with that
one. A source of the roster that was never heard is silent since the day from which it is expected.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import msgspec
from msgspec import Struct

from rules.judging.context import Context
from rules.judging.limit import Limit, limit_from
from rules.judging.verdicts import Ruling, Verdict, Versions
from rules.judging.windows import Grouped, Key
from rules.model.facts import mark_id
from rules.model.spans import Span
from rules.model.times import iso, local_day, midnight, next_midnight
from rules.tables import Tables
from rules.tables.expected import Expected, least

ROSTER = "roster"
"""The first part of the occasion of a source that was never heard."""
LONG_AGO = -(1 << 62)


class Heard(Struct, array_like=True, gc=False):
    """One mark: when, which message, of which source and region; no silence after it is shorter than `least`."""

    at: int
    key: Key
    source: str
    region: str
    least: int

    @property
    def occasion(self) -> Key:
        return self.source, iso(self.at)


class Gap(Struct, array_like=True, gc=False):
    """A mark after which nothing was heard for so long that it may have been too long, and the next one's time."""

    before: Heard
    ended_at: int


class Ear(Struct, array_like=True):
    """What was heard of a group: the first mark, until what came before it is past; the last; what may be silences."""

    first: int | None = None
    last: Heard | None = None
    gaps: list[Gap] = []


class Silence(Grouped, frozen=True, kw_only=True):
    """One silence rule, compiled: `within` which a group must be heard again, or what the roster of sources says."""

    within: Span | None = None
    office_hours: bool = False

    @property
    def is_of_roster(self) -> bool:
        return self.within is None

    def new(self) -> Ear:
        return Ear()

    def decode(self, row: bytes) -> Ear:
        return _decode(row)

    def shortest(self, context: Context) -> int:
        """Microseconds that no silence of any group is shorter than: marks that lie closer say the same."""
        if self.within is not None:
            return least(self.within)
        return min((each.shortest for each in context.places.tables.sources.expected.values()), default=0)

    @property
    def name(self) -> str:
        """That of its grouping."""
        return self.grouping.name if self.grouping is not None else ""

    def group_of(self, rank: int) -> Callable[[Any, Context], tuple[Any, ...]]:
        """A function of an event of that type: the values by which the group is known that hears it, none where it is
        no mark."""
        assert self.grouping is not None
        parts = [part.functions[rank] for part in self.grouping.parts]
        hears_all = not self.is_of_roster and self.when is None and self.event.is_plain(rank)

        def group(fact: Any, context: Context) -> tuple[Any, ...]:
            if not hears_all:
                context.alone(fact)
                if not self._hears(fact, context):
                    return ()
            return tuple([part(fact, context) for part in parts])

        return group

    def _hears(self, fact: Any, context: Context) -> bool:
        """Whether an event is a mark of this rule: of the roster, whatever its sources send."""
        if self.is_of_roster:
            return fact.source in context.places.tables.sources.expected
        return self.takes(fact, context)

    def entry(self, fact: Any, context: Context) -> Heard | None:
        """A mark; None for one of before the day from which its source is expected."""
        key = (fact.source, mark_id(fact))
        if self.within is not None:
            if not self.takes(fact, context):
                return None  # an earlier version of the rule heard it
            return Heard(fact.occurred_at, key, fact.source, context.region, least(self.within))
        expected = context.places.tables.sources.expected.get(fact.source)
        if expected is None or fact.occurred_at < _since(expected, context):
            return None
        return Heard(fact.occurred_at, key, fact.source, expected.region, expected.shortest)

    def push(self, state: Ear, instant: list[Heard], zone: str) -> None:
        """Takes the marks of one instant; of several the first in order speaks."""
        mark = instant[0]
        if state.last is not None and mark.at - state.last.at > mark.least:
            state.gaps.append(Gap(state.last, mark.at))
        if state.last is None:
            state.first = mark.at
        state.last = mark

    def ruling(self, state: Ear, context: Context, now: int, versions: Versions | None) -> Ruling:
        quiet: list[tuple[Heard, int | None]] = [(gap.before, gap.ended_at) for gap in state.gaps]
        begin = self._expected_since(context)
        if begin is not None and (state.last is None or state.first is not None):
            quiet.insert(0, (begin, state.first))
        if state.last is not None:
            quiet.append((state.last, None))
        found: list[Verdict] = []
        wake: int | None = None
        for mark, ended_at in quiet:
            limit = self._limit(mark, context)
            if limit is None or (ended_at is not None and ended_at <= limit.last):
                continue
            if limit.has_passed(now):
                found.append(self._verdict(mark, limit, ended_at, context))
            elif wake is None or limit.last < wake:
                wake = limit.last + 1
        return Ruling(tuple(found), wake=wake)

    def _limit(self, mark: Heard, context: Context) -> Limit | None:
        """Until when the next mark must come; None where none must."""
        place = context.places.of(mark.region)
        day = local_day(mark.at, place.zone)
        within, in_office, expected = self.within, self.office_hours, self._expected(mark.source, context)
        if within is None:
            within = expected.on(day) if expected is not None else None
        if within is None:
            return None
        if expected is not None and expected.office_hours is not None:
            in_office = expected.office_hours
        if in_office and within.unit == "exact":
            within = Span(within.amount, "workhours")
        limit = limit_from(mark.at, day, within, place)
        over = (
            expected is not None and expected.until is not None and limit.at > next_midnight(expected.until, place.zone)
        )
        return None if over else limit

    def _expected(self, source: str, context: Context) -> Expected | None:
        return context.places.tables.sources.expected.get(source) if self.is_of_roster else None

    def _expected_since(self, context: Context) -> Heard | None:
        """The beginning of what is expected of a source of the roster, as if it had been heard then."""
        source = context.subject
        expected = self._expected(source, context)
        if expected is None or expected.since is None:
            return None
        return Heard(_since(expected, context), (ROSTER, f"{source}@{expected.since}"), source, expected.region, 0)

    def _verdict(self, mark: Heard, limit: Limit, ended_at: int | None, context: Context) -> Verdict:
        never, zone = mark.key[0] == ROSTER, context.places.of(mark.region).zone
        expected = self._expected(mark.source, context)
        within = self.within or (expected and expected.on(local_day(mark.at, zone)))
        params = {"gap": str(within), "since": iso(mark.at, zone)[:16].replace("T", " "), "source": mark.source}
        return Verdict(
            occasion=mark.key if never else mark.occasion, reason="never_heard" if never else "silent",
            state="open" if ended_at is None else "ended", ended_at=ended_at, severity=self.severity,
            at=limit.at, due_date=limit.day, due_at=limit.at, params=params | _whose(expected),
            rests_on=() if never else (mark.key,), began=mark.at,
        )  # fmt: skip

    def awaited(self, tables: Tables) -> Iterable[str]:
        """The sources of the roster: they may be silent without ever having been heard."""
        return sorted(tables.sources.expected) if self.is_of_roster else ()

    def seal(self, state: Ear) -> frozenset[Key]:
        """Past silences have been said; the one after the last mark may go on."""
        state.gaps, state.first = [], None
        return frozenset() if state.last is None else frozenset([state.last.occasion])

    def may_show(self, state: Ear) -> frozenset[Key]:
        return frozenset() if state.last is None else frozenset([state.last.key])

    def reach(self) -> int:
        return 0


def _whose(expected: Expected | None) -> dict[str, str]:
    """Whose source it is, as the roster says; what it sent last is about some case."""
    if expected is None:
        return {"task_code": ""}
    return {
        "task_code": "", "region": expected.region, "organ": expected.organ, "department": expected.department,
    }  # fmt: skip


def _since(expected: Expected, context: Context) -> int:
    if expected.since is None:
        return LONG_AGO
    return midnight(expected.since, context.places.of(expected.region).zone)


_decode = msgspec.msgpack.Decoder(Ear).decode
