"""Decides what one reading of a clock comes to at `now`: breaches, warnings, escalations, when to look again."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from rules.judging.closed import DECLARED
from rules.judging.due import Due
from rules.judging.escalation import AUDIENCE, climb, later
from rules.judging.ladder import Ladder, Rung
from rules.judging.outcome import Outcome
from rules.judging.roles import EXTEND
from rules.judging.run import Run
from rules.judging.verdicts import Ruling, Verdict
from rules.model.alerts import SEVERITIES
from rules.model.spans import Span
from rules.model.times import next_midnight


def ruling_of(ladder: Ladder, subject: str, run: Run, now: int) -> Ruling | None:
    """The ruling of one run that is neither void nor breached, of a rule that does not warn; None for any other."""
    if ladder.warn_at or run.void:
        return None
    due, stop = run.due, run.stop
    point = due if ladder.fire_at is None else run.due_by(ladder.fire_at.scale)
    if run.ran_out(point, now) and (stop is None or not run.is_in_time(stop, point)):
        return None
    outcomes = (Outcome(ladder, subject, now, run, point, False),)
    if stop is not None:
        return Ruling((), outcomes)
    wakes = [run.fires_at(each.at) for each in (point, due) if each.at is not None]
    return Ruling((), outcomes, min((at for at in wakes if at > now), default=None))


class Reading:
    """The runs of one clock of one subject, read at `now`."""

    __slots__ = ("ladder", "now", "outcomes", "strict", "subject", "wakes")

    def __init__(self, ladder: Ladder, subject: str, runs: Sequence[Run], now: int, wakes: list[int]) -> None:
        self.ladder, self.subject, self.now, self.wakes = ladder, subject, now, wakes
        self.strict: list[Outcome] = []
        self.outcomes = [self._outcome(run) for run in runs if not run.start.opening.silent]

    def _outcome(self, run: Run) -> Outcome:
        rung = self.ladder.fire_at
        point = run.due if rung is None else run.due_by(rung.scale)
        breach = not run.void and run.ran_out(point, self.now)
        if breach and run.stop is not None:
            breach = not run.is_in_time(run.stop, point)
        return Outcome(self.ladder, self.subject, self.now, run, point, breach)

    def breach(self, occasion: tuple[str, str]) -> Outcome | None:
        """The breach of that occasion, if it stands."""
        return next((outcome for outcome in self.outcomes if outcome.breach and outcome.occasion == occasion), None)

    def ruling(self, counted: tuple[str, ...] = ()) -> Ruling:
        """Verdicts, clocks, and the next instant at which there may be others."""
        verdicts: list[Verdict] = []
        outcomes = self._weighed() if self.strict else self.outcomes
        for outcome in outcomes:
            if outcome.run.void:
                continue
            if self.ladder.warn_at:
                verdicts += self._warnings(outcome)
            if outcome.breach:
                verdicts.append(self._breach(outcome))
            elif outcome.run.stop is None:
                self._wake_at(outcome.run, outcome.point)
            if (
                outcome.kept is None
            ):  # the clock says so once the limit itself has run out, which a warning does not wait for
                self._wake_at(outcome.run, outcome.run.due)
        now = self.now
        wake = min((at for at in self.wakes if at > now), default=None)
        return Ruling(tuple(verdicts), tuple(outcomes), wake, counted)

    def _wake_at(self, run: Run, due: Due) -> None:
        if due.at is not None:
            self.wakes.append(run.fires_at(due.at))

    def _weighed(self) -> list[Outcome]:
        """The whole reading, but the strict one's due time where a card would be wiped by typing (CLOCKS.md 18)."""
        found = {outcome.occasion: outcome for outcome in self.outcomes}
        for strict in self.strict:
            whole = found.get(strict.occasion)
            if whole is not None and whole.breach and not _later(whole.point, strict.point):
                continue
            strict.contested, strict.warned = True, self._warned(strict.run)
            if whole is not None:
                strict.run.stop = whole.run.stop
            found[strict.occasion] = strict
        return list(found.values())

    def _warnings(self, outcome: Outcome) -> list[Verdict]:
        """Steps are one clock: those of a contested one are contested with it, and a contested stop wipes none."""
        found: list[Verdict] = []
        for rung, at in self._warned(outcome.run) if outcome.warned is None else outcome.warned:
            said = {"left": left_at(rung, outcome.run)}
            found.append(self._verdict(outcome, at, SEVERITIES[0], said, step=rung.name))
        return found

    def _warned(self, run: Run) -> list[tuple[Rung, int]]:
        """The points before the due time that passed without a stop, and when."""
        found: list[tuple[Rung, int]] = []
        for rung in self.ladder.warn_at:
            due = run.due_by(rung.scale)
            if due.at is None or (run.stop is not None and run.is_in_time(run.stop, due)):
                continue
            if run.ran_out(due, self.now):
                found.append((rung, due.at))
            elif run.stop is None:
                self._wake_at(run, due)
        return found

    def _breach(self, outcome: Outcome) -> Verdict:
        run, point = outcome.run, outcome.point
        assert point.at is not None
        severity, audience = self.ladder.severity, ""
        if self.ladder.escalate and run.due.at is not None:
            stopped_at = run.stop.at if run.stop is not None else None
            severity, audience, wakes = climb(
                self.ladder.escalate, severity, partial(_escalates_at, run), stopped_at, self.now
            )
            self.wakes += wakes
        if run.is_provisional(run.due):
            severity = SEVERITIES[0]
        params = {AUDIENCE: audience} if audience else {}
        if self.ladder.fire_at is not None:
            return self._verdict(outcome, point.at, severity, params | {"left": left_at(self.ladder.fire_at, run)})
        return self._verdict(outcome, point.at, severity, params | {"overdue": overdue(run)})

    def _verdict(self, outcome: Outcome, at: int, severity: str, said: dict[str, str], step: str = "") -> Verdict:
        run, due, stop = outcome.run, outcome.run.due, outcome.run.stop
        params = {"limit": str(Span(run.total, run.unit)), "start": str(run.day)} | said
        if due.day is not None:
            params["due"] = str(due.day)
        if stop is not None:
            params["stop"] = str(run.day_of(stop))
        adjusting = [pause.begin.identity for pause in due.pauses if pause.begin.source != DECLARED]
        adjusting += [mark.identity for mark in run.marks if mark.role == EXTEND] if due.extended else []
        return Verdict(
            step=step,
            occasion=outcome.occasion,
            state=outcome.state,
            ended_at=stop.at if stop else None,
            severity=severity,
            reason="closed_late" if stop else "still_open",
            at=at,
            due_date=due.day,
            due_at=due.at,
            provisional=run.is_provisional(due),
            params=params,
            rests_on=(outcome.occasion, *adjusting, *([stop.identity] if stop else [])),
            began=run.start.at,
        )


def _escalates_at(run: Run, after: Span) -> int:
    """When a breach is so much past its due time, counted as its clock counts."""
    due = run.due
    assert due.at is not None and due.day is not None
    if after.unit in ("exact", "workhours"):
        return later(due.at, after, run.place)
    return next_midnight(run.later(due.day, after), run.place.zone)


def left_at(rung: Rung, run: Run) -> str:
    """How much of the limit is left at a point before the due time."""
    whole = run.total + run.due.extended
    return str(Span(whole - rung.scale(whole), run.unit))


def overdue(run: Run) -> str:
    """By how much the stop was late. Of an open breach, how much of it stands when it is raised: the first day, if days
    count. A day that has begun counts, so that a stop on a day off is late by one."""
    due, stop = run.due, run.stop
    assert due.at is not None and due.day is not None
    if not run.by_day():
        return str(Span(run.length(due.at, stop.at) if stop is not None else 0, run.unit))
    late = run.days(due.day, run.day_of(stop)) if stop is not None else 1
    return str(Span(max(late, 1), "days" if run.exact else run.unit))


def _later(one: Due, other: Due) -> bool:
    return one.at is None or (other.at is not None and one.at > other.at)
