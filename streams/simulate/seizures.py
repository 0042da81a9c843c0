"""Decides how seizures go, and how long they last."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from random import Random

from streams.simulate.hours import Hours
from streams.simulate.inspections import CheckStory
from streams.simulate.town import Office
from streams.simulate.versions import Record

LIMIT, EXTENSION = 30, 30
"""Days of Coercion Law 25; they do not roll."""


class SeizureStory(CheckStory):
    """One seizure; its subject is the coercion."""

    def __init__(self, subject: str, office: Office, task_code: str, hours: Hours, rng: Random, plan: str) -> None:
        super().__init__(subject, office, task_code, hours, rng, plan)
        self.applied = date.min

    def seize(self, day: int) -> None:
        self.applied = self.hours.days[day]
        self.told("coercion.applied", day, coercion_kind="seizure", approver=self.office.head)

    def told(self, type_: str, day: int, **data: object) -> Record:
        return self.add(
            type_, self.on(day), self.officers[0],
            object_id=self.object, plan_id=self.plan, action_id=f"{self.subject}-check", **data,
        )  # fmt: skip

    def lift(self, day: int, extended: int = 0) -> None:
        lifted = self.told("coercion.lifted", day)
        self.until("T03.seizure", self.applied + timedelta(days=LIMIT + extended), lifted.at)


def lifted_in_time(seizure: SeizureStory, day: int) -> None:
    seizure.seize(seizure.hours.working_day_before(day, seizure.rng.randrange(3, LIMIT - 6)))
    seizure.lift(day)


def extended_by_the_head(seizure: SeizureStory, day: int) -> None:
    seizure.seize(seizure.hours.working_day_before(day, LIMIT + 10))
    on = seizure.hours.working_day_before(day, 20)
    seizure.told("coercion.extended", on, days=EXTENSION, approver=seizure.office.head, approver_role="head")
    seizure.lift(day, EXTENSION)


def lifted_too_late(seizure: SeizureStory, day: int) -> None:
    seizure.seize(seizure.hours.working_day_before(day, LIMIT))
    seizure.lift(day + 1)


def extended_by_the_officer(seizure: SeizureStory, day: int) -> None:
    """An extension that nobody with the power to grant it approved."""
    seizure.seize(seizure.hours.working_day_before(day, LIMIT))
    on = seizure.hours.working_day_before(day, 10)
    seizure.told("coercion.extended", on, days=EXTENSION, approver=seizure.office.head, approver_role="officer")
    seizure.lift(day + 2)


Seized = Callable[[SeizureStory, int], None]
SEIZURE_FAULTS: tuple[Seized, ...] = (lifted_too_late, extended_by_the_officer)
SEIZURES: tuple[Seized, ...] = (lifted_in_time, extended_by_the_head)
