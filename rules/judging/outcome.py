"""Decides what one run of a clock has come to at `now`: a breach or none, and its figures as a clock that is shown."""

from __future__ import annotations

from msgspec import Struct

from rules.judging.due import Due
from rules.judging.ladder import Ladder, Rung
from rules.judging.run import Run
from rules.judging.selector import ALL_KEYS
from rules.model.alerts import Clock, identity


class Outcome(Struct, gc=False):
    """One run and the point at which its rule fires; `breach` when that point has passed without a stop in time."""

    ladder: Ladder
    subject: str
    now: int
    run: Run
    point: Due
    breach: bool
    contested: bool = False
    warned: list[tuple[Rung, int]] | None = None
    """The warnings of a contested clock, as the strict reading has them."""

    @property
    def occasion(self) -> tuple[str, str]:
        start = self.run.start
        return start.source, start.id

    @property
    def began_at(self) -> int:
        return self.run.start.at

    @property
    def state(self) -> str:
        if self.run.void:
            return "void"
        return "contested" if self.contested else ("ended" if self.run.stop else "open")

    @property
    def kept(self) -> bool | None:
        """Whether the limit was kept; None while that is open."""
        run = self.run
        if run.void:
            return None
        if run.stop is not None and not self.contested:
            return run.is_in_time(run.stop, run.due)
        return False if run.ran_out(run.due, self.now) else None

    def differs_from(self, said: Clock) -> bool:
        """True when more than the time changed since the clock was said."""
        due, stop, run = self.run.due, self.run.stop, self.run
        opening = run.start.opening
        return (
            said.due_at != due.at
            or said.paused != due.paused
            or said.extended != due.extended
            or said.stopped_at != (stop.at if stop else None)
            or said.due_date != due.day
            or said.state != self.state
            or said.in_time != self.kept
            or said.start_at != run.start.at
            or said.limit != run.total
            or said.unit != ("exact" if run.exact else run.unit)
            or said.key != ("" if run.start.key == ALL_KEYS else run.start.key)
            or said.region != opening.region
            or said.item != opening.item
            or said.department != opening.department
            or said.responsible != opening.organ
        )

    def make(self, revision: int, clock_id: str) -> Clock:
        """The clock with its figures; its id is hashed only where it is not known."""
        ladder, run, due = self.ladder, self.run, self.run.due
        start, opening, used = run.start, run.start.opening, run.used(due, self.now)
        occasion = self.occasion
        return Clock(
            clock_id=clock_id or identity(ladder.rule, ladder.clock, self.subject, *occasion),
            revision=revision,
            rule=ladder.rule,
            clock=ladder.clock,
            key="" if start.key == ALL_KEYS else start.key,
            subject=self.subject,
            stream=ladder.stream,
            occasion=occasion,
            region=opening.region,
            item=opening.item,
            department=opening.department,
            responsible=opening.organ,
            start_at=start.at,
            start_date=run.day,
            unit="exact" if run.exact else run.unit,
            limit=run.total,
            extended=due.extended,
            paused=due.paused,
            used=used,
            left=run.total + due.extended - used,
            due_date=due.day,
            due_at=due.at,
            stopped_at=run.stop.at if run.stop else None,
            state=self.state,
            in_time=self.kept,
            provisional=run.is_provisional(due),
            as_of=self.now,
        )
