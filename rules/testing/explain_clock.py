"""Decides how a clock is told day by day: what each day was, which counted, what paused it, why it fired or did not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from datetime import date, timedelta
from typing import Any

import msgspec
from msgspec import Struct

from rules.calendar import Announcement
from rules.judging.clock_days import ClockDay, ClockStrip, clock_days
from rules.judging.closed import DECLARED
from rules.judging.marks import Mark
from rules.judging.outcome import Outcome
from rules.judging.roles import EXTEND, PAUSE
from rules.judging.run import Run
from rules.kinds.deadline import Deadline
from rules.language import Rule
from rules.model.alerts import Clock
from rules.model.events import RANK_OF, Fact, type_name
from rules.model.times import local_day, midnight, next_midnight

Key = tuple[str, str]


class DayLine(Struct, frozen=True):
    """One day of a clock. `notice` says why it is off or worked, where its weekday does not; `events` are the marks of
    the day by type; `used` is what an exact clock counted of it, in microseconds."""

    day: ClockDay
    notice: str = ""
    announced: date | None = None
    paused_by: str = ""
    events: tuple[str, ...] = ()
    used: int = 0


class Remark(Struct, frozen=True):
    """One thing that moved a due time, or did not though it was meant to: a code, and the names in its text."""

    code: str
    given: dict[str, str] = {}


class ClockExplained(Struct, frozen=True, kw_only=True):
    """A clock, its days, what moved it, and its verdict: in_time, late, running, overdue, contested or void."""

    clock: Clock
    days: tuple[DayLine, ...]
    earlier: int
    later: int
    counted: int
    paused: int
    beyond: int
    remarks: tuple[Remark, ...]
    verdict: str
    limit: str


def explained_clock(rule: Rule, outcome: Outcome, facts: Mapping[Key, Fact]) -> ClockExplained:
    """One clock of a rule, as it was folded; `facts` are the events of its subject."""
    run, clock = outcome.run, outcome.make(0, "")
    zone, calendar = run.place.zone, run.place.calendar
    pauses = _paused_days(run, outcome.now, facts)
    strip = clock_days(clock, calendar.is_working_day, outcome.now, zone, [(first, last) for first, last, _ in pauses])
    body = rule.body
    assert isinstance(body, Deadline)
    within = body.within.text if body.within is not None else body.until.text if body.until is not None else ""
    return ClockExplained(
        clock=clock,
        days=tuple(_days(run, strip, pauses, outcome, facts)),
        earlier=strip.earlier,
        later=strip.later,
        counted=strip.counted,
        paused=strip.paused,
        beyond=strip.beyond,
        remarks=tuple(_remarks(body, outcome, facts)),
        verdict=_verdict(outcome),
        limit=within,
    )


def _verdict(outcome: Outcome) -> str:
    if outcome.run.void or outcome.contested:
        return outcome.state
    if outcome.breach:
        return "overdue" if outcome.run.stop is None else "late"
    return "running" if outcome.run.stop is None else "in_time"


def _paused_days(run: Run, now: int, facts: Mapping[Key, Fact]) -> list[tuple[date, date, str]]:
    """The first and last day of each pause that counted, and by which notice."""
    found: list[tuple[date, date, str]] = []
    today = local_day(now, run.place.zone)
    for pause in run.due.pauses:
        end = run.end_of(pause)
        last = today if end is None else local_day(end, run.place.zone) if run.exact else date.fromordinal(end)
        first = run.day_of(pause.begin) + timedelta(days=0 if run.exact or pause.closes else 1)
        if first <= last:
            found.append((first, last, _notice(pause.begin, facts)))
    return found


def _days(
    run: Run, strip: ClockStrip, pauses: Sequence[tuple[date, date, str]], outcome: Outcome, facts: Mapping[Key, Fact]
) -> list[DayLine]:
    marks: dict[date, list[str]] = {}
    for mark in [*run.marks, *([run.stop] if run.stop is not None else [])]:
        name = _called(mark, facts)
        there = marks.setdefault(run.day_of(mark), [])
        there += [name] if name not in there else []
    made: list[DayLine] = []
    for each in strip.days:
        notice = run.place.calendar.notice_of(each.day)
        by = next((name for first, last, name in pauses if first <= each.day <= last), "")
        made.append(
            DayLine(
                each,
                _why(each, notice),
                notice.announced if notice is not None else None,
                by,
                tuple(marks.get(each.day, ())),
                _used(run, outcome, each.day) if run.exact else 0,
            )
        )
    return made


def _why(day: ClockDay, notice: Announcement | None) -> str:
    """The source of the notice that makes a weekday free or a weekend worked."""
    if notice is None:
        return "statutory" if day.holiday else ""
    return notice.source if day.holiday or day.make_up else ""


def _used(run: Run, outcome: Outcome, day: date) -> int:
    """What an exact clock counted of a day: its time in the unit, outside counted pauses, until the stop or now."""
    end = run.stop.at if run.stop is not None else outcome.now
    begin, end = max(midnight(day, run.place.zone), run.at), min(next_midnight(day, run.place.zone), end)
    if end <= begin:
        return 0
    before = run.paused(run.due.pauses, begin) or 0
    return run.length(begin, end) - ((run.paused(run.due.pauses, end) or 0) - before)


def _called(mark: Mark, facts: Mapping[Key, Fact]) -> str:
    fact = facts.get(mark.identity)
    return type_name(fact) if fact is not None else mark.id


def _notice(mark: Mark, facts: Mapping[Key, Fact]) -> str:
    """What a suspension is known by: its written notice, else its event; a declared closure by its days."""
    if mark.source == DECLARED:
        return " – ".join(mark.id.split("/")[:2])
    return str(getattr(facts.get(mark.identity), "notice_no", "") or mark.id)


def _remarks(body: Deadline, outcome: Outcome, facts: Mapping[Key, Fact]) -> list[Remark]:
    run, due = outcome.run, outcome.run.due
    found: list[Remark] = []
    start, day = facts.get(run.start.identity), local_day(run.start.at, run.place.zone)
    if (
        start is not None
        and RANK_OF[type(start)] in body.deemed_from.ranks
        and RANK_OF[type(start)] not in body.start.ranks
    ):
        found.append(Remark("deemed", {"event": type_name(start), "day": day.isoformat()}))
    if run.day != day:
        found.append(Remark("off_hours", {"day": day.isoformat(), "counts_from": run.day.isoformat()}))
    found += _pauses(run, facts) + _extensions(run)
    plain = _as_if(run, roll=False)
    if run.terms.roll and plain.day != due.day:
        found.append(Remark("rolled", {"day": str(plain.day), "due": str(due.day)}))
    if run.terms.grace is not None:
        found.append(Remark("grace", {"due": str(_as_if(run, grace=None).day), "to": str(due.day)}))
    if run.is_provisional(due):
        found.append(Remark("provisional", {"year": str(run.place.calendar.last_announced)}))
    if run.stop is not None:
        found.append(Remark("stopped", {"event": _called(run.stop, facts), "day": run.day_of(run.stop).isoformat()}))
    return found


def _pauses(run: Run, facts: Mapping[Key, Fact]) -> list[Remark]:
    """Each suspension before the stop: how much it gave, or why it gave nothing."""
    counted = {pause.begin.identity: pause for pause in run.due.pauses}
    known = run.pauses(run.marks)
    found: list[Remark] = []
    for position, mark in enumerate(run.marks):
        if mark.role != PAUSE:
            continue
        given = {"id": _notice(mark, facts), "day": run.day_of(mark).isoformat()}
        pause = counted.get(mark.identity)
        if pause is not None:
            end = run.end_of(pause)
            last = "" if end is None else str(local_day(end, run.place.zone) if run.exact else date.fromordinal(end))
            amount = run.paused((pause,))
            resumed = "resumed" if pause.end is not None else "approved" if last else "open"
            more = {"to": last, "amount": "" if amount is None else str(amount)}
            found.append(Remark(f"pause_{resumed}", given | more))
        else:
            found.append(Remark("pause_too_late" if position in known else "pause_while_paused", given))
    for pause in run.due.pauses:
        if pause.begin.source == DECLARED:
            given = {"id": _notice(pause.begin, facts), "amount": str(run.paused((pause,)) or 0)}
            found.append(Remark("closure", given))
    return found


def _extensions(run: Run) -> list[Remark]:
    """Each extension before the stop: the days it gave, or why it gave none."""
    found: list[Remark] = []
    used = 0
    for position, mark in enumerate(run.marks):
        if mark.role != EXTEND:
            continue
        then, days = _as_if(run, marks=run.marks[:position]).due, run.granted(mark)
        given = {"id": mark.id, "day": run.day_of(mark).isoformat(), "days": str(days), "due": str(then.day)}
        if not days:
            code = "extension_of_nothing"
        elif used >= run.terms.extension_times:
            code = "extension_again"
        elif not run.is_in_time(mark, then):
            code = "extension_too_late"
        else:
            code, used = "extended", used + 1
        found.append(Remark(code, given))
    return found


def _as_if(run: Run, marks: Sequence[Mark] | None = None, **terms: Any) -> Run:
    """The same run by other marks or terms, reckoned by its own arithmetic."""
    other = copy(run)
    other.terms = msgspec.structs.replace(run.terms, **terms)
    other.marks, other.straight = (run.marks if marks is None else marks), None
    other.due = other.due_by()
    return other
