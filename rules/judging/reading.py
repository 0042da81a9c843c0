"""Decides what one reading of a clock comes to at `now`: breaches, warnings, escalations, when to look again."""

from __future__ import annotations

from collections.abc import Sequence

from rules.judging.due import Due
from rules.judging.ladder import Ladder
from rules.judging.marks import EXTEND
from rules.judging.outcome import Outcome
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
    late = 0 if run.by_day() else 1
    wakes = [each.at + late for each in (point, due) if each.at is not None and each.at + late > now]
    return Ruling((), outcomes, min(wakes, default=None))


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
            if outcome.run.stop is None and not outcome.breach:
                self._wake_at(outcome.run, outcome.run.due)
        now = self.now
        wake = min((at for at in self.wakes if at > now), default=None)
        return Ruling(tuple(verdicts), tuple(outcomes), wake, counted)

    def _wake_at(self, run: Run, due: Due) -> None:
        if due.at is not None:
            self.wakes.append(due.at if run.by_day() else due.at + 1)

    def _weighed(self) -> list[Outcome]:
        """The whole reading, but the strict one's due time where a card would be wiped by typing (CLOCKS.md 18)."""
        found = {outcome.occasion: outcome for outcome in self.outcomes}
        for strict in self.strict:
            whole = found.get(strict.occasion)
            if whole is not None and whole.breach and not _later(whole.point, strict.point):
                continue
            strict.contested = True
            if whole is not None:
                strict.run.stop = whole.run.stop
            found[strict.occasion] = strict
        return list(found.values())

    def _warnings(self, outcome: Outcome) -> list[Verdict]:
        run = outcome.run
        found: list[Verdict] = []
        for rung in self.ladder.warn_at:
            due = run.due_by(rung.scale)
            if due.at is None or (run.stop is not None and run.is_in_time(run.stop, due)):
                continue
            if run.ran_out(due, self.now):
                found.append(self._verdict(outcome, due.at, SEVERITIES[0], step=rung.name))
            elif run.stop is None:
                self._wake_at(run, due)
        return found

    def _breach(self, outcome: Outcome) -> Verdict:
        assert outcome.point.at is not None
        severity, audience = self._escalated(outcome.run)
        if outcome.run.is_provisional(outcome.run.due):
            severity = SEVERITIES[0]
        return self._verdict(outcome, outcome.point.at, severity, audience=audience)

    def _escalated(self, run: Run) -> tuple[str, str]:
        severity, audience, due = self.ladder.severity, "", run.due
        for escalation in self.ladder.escalate:
            if due.day is None or due.at is None:
                continue
            if escalation.after.unit == "exact":
                at = due.at + escalation.after.amount
            else:
                at = next_midnight(run.later(due.day, escalation.after), run.place.zone)
            if run.stop is not None and run.stop.at < at:
                continue
            if self.now < at:
                self.wakes.append(at)
                continue
            audience = escalation.to or audience
            if escalation.severity and SEVERITIES.index(escalation.severity) > SEVERITIES.index(severity):
                severity = escalation.severity
        return severity, audience

    def _verdict(self, outcome: Outcome, at: int, severity: str, *, step: str = "", audience: str = "") -> Verdict:
        run, due, stop = outcome.run, outcome.run.due, outcome.run.stop
        params = {"limit": str(Span(run.total, run.unit)), "start": str(run.day)}
        if due.day is not None:
            params["due"] = str(due.day)
        if audience:
            params["audience"] = audience
        adjusting = [pause.begin.identity for pause in due.pauses]
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


def _later(one: Due, other: Due) -> bool:
    return one.at is None or (other.at is not None and one.at > other.at)
