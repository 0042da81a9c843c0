"""Decides how penalties go, step by step, the faults that are planted in them included."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from random import Random

from streams.simulate.hours import Hours
from streams.simulate.inspections import VIOLATIONS, CheckStory
from streams.simulate.town import Office
from streams.simulate.versions import Record

DECISION = 90
"""Days of Penalty Law 60."""
SERVICE, PUBLICATION, EVIDENCE = 7, 7, 7
"""Working days of Penalty Law 61, of 国办发〔2018〕118号 and of Penalty Law 56."""


class PenaltyStory(CheckStory):
    """One penalty; its subject is the penalty, and it names its check."""

    def __init__(self, subject: str, office: Office, task_code: str, hours: Hours, rng: Random, plan: str) -> None:
        super().__init__(subject, office, task_code, hours, rng, plan)
        self.action = f"{subject}-check"
        self.filed = date.min
        self.violation = rng.choice(VIOLATIONS)
        self.paused = self.extended = 0
        self.allowed: tuple[float, float] | None = None
        """The fines that a declared standard allows, if there is one."""

    def penalty(self, type_: str, at: int, **data: object) -> Record:
        return self.add(
            type_,
            at,
            self.officers[0],
            object_id=self.object,
            plan_id=self.plan,
            action_id=self.action,
            **data,
        )

    def file(self, day: int) -> None:
        self.filed = self.hours.days[day]
        said = {"procedure": "ordinary", "origin": "check", "violation": self.violation}
        self.penalty("penalty.filed", self.on(day), reason="现场检查", **said)

    def within(self, days: int) -> int:
        """A working day so many calendar days after the filing, or the next one."""
        return self.hours.number_from(self.filed + timedelta(days=days))

    def suspend(self, begin: int, days: int) -> None:
        """Suspended for a test of so many calendar days."""
        name = {"procedure_id": f"{self.subject}-p1"}
        first = self.within(begin)
        self.penalty("penalty.suspended", self.on(first), kind="testing", approved_days=days, **name)
        last = self.hours.number_from(self.hours.days[first] + timedelta(days=days))
        self.penalty("penalty.resumed", self.on(last), **name)
        self.paused = days

    def extend(self, after: int, days: int, role: str) -> None:
        at, head = self.on(self.within(after)), self.office.head
        self.penalty("penalty.extended", at, days=days, approver=head, approver_role=role)

    def decide(
        self, day: int | None, fine: float = 0, served: int | None = 2, published: int | None = 0, absent: bool = False
    ) -> None:
        """Decided on that working day with everything after it, or never; served and published so many days later."""
        due = self.filed + timedelta(days=DECISION + self.paused + self.extended)
        if day is None:
            self.until("T03.penalty", due, None, rolls=True)
            return
        self.penalty("penalty.legal_review", self.on(day))
        fine = fine or float(self.rng.randrange(1, 100) * 500)
        said = {"procedure": "ordinary", "origin": "check", "violation": self.violation, "party_absent": absent}
        decided = self.penalty("penalty.decided", self.on(day), result="fine", fine=fine, publishable=True, **said)
        self.until("T03.penalty", due, decided.at, rolls=True)
        if self.allowed and not self.allowed[0] <= fine <= self.allowed[1]:
            self.hit("I05", decided)
        if served is not None:
            self.penalty("penalty.served", self.on(day + served))
        elif absent:
            self.limit("T06.penalty", day + SERVICE, None)
        if published is None:
            self.limit("U01.penalty", day + PUBLICATION, None)
        else:
            after = published or self.rng.randrange(3, 7)
            self.penalty("result.published", self.on(day + after), what="penalty", where="信用网站")
        self.penalty("penalty.executed", self.on(day + 9))
        self.penalty("penalty.closed", self.on(day + 10))


def decided_in_time(penalty: PenaltyStory, day: int) -> None:
    penalty.file(penalty.hours.working_day_before(day, penalty.rng.randrange(20, 78)))
    penalty.decide(day)


def suspended_for_a_test(penalty: PenaltyStory, day: int) -> None:
    penalty.file(penalty.hours.working_day_before(day, 95))
    penalty.suspend(40, 20)
    penalty.decide(day)


def extended_by_the_head(penalty: PenaltyStory, day: int) -> None:
    penalty.file(penalty.hours.working_day_before(day, 100))
    penalty.extend(60, 30, "head")
    penalty.extended = 30
    penalty.decide(day)


def _overdue(penalty: PenaltyStory, day: int) -> None:
    penalty.file(penalty.hours.working_day_before(day, DECISION))


def decided_too_late(penalty: PenaltyStory, day: int) -> None:
    _overdue(penalty, day)
    penalty.decide(day + penalty.rng.randrange(1, 4))


def never_decided(penalty: PenaltyStory, day: int) -> None:
    _overdue(penalty, day)
    penalty.decide(None)


def extended_by_the_officer(penalty: PenaltyStory, day: int) -> None:
    _overdue(penalty, day)
    penalty.extend(60, 30, "officer")
    penalty.decide(day + penalty.rng.randrange(1, 4))


def evidence_kept_too_long(penalty: PenaltyStory, day: int) -> None:
    """Preserved on the day of the filing, and nothing decided about it for more than seven working days."""
    penalty.file(day - EVIDENCE)
    name = {"evidence_id": f"{penalty.subject}-e1"}
    penalty.penalty("evidence.preserved", penalty.on(day - EVIDENCE), **name)
    disposed = penalty.penalty("evidence.disposed", penalty.on(day + 1), **name)
    penalty.limit("T03.evidence", day, disposed.at)
    penalty.decide(day + 3)


def fined_beyond_the_standard(penalty: PenaltyStory, day: int) -> None:
    """Only where the town declares a standard."""
    penalty.file(penalty.hours.working_day_before(day, 30))
    penalty.decide(day, fine=float(penalty.rng.choice((100, 80_000))))


def never_served_on_an_absent_party(penalty: PenaltyStory, day: int) -> None:
    penalty.file(penalty.hours.working_day_before(day - SERVICE, 30))
    penalty.decide(day - SERVICE, served=None, absent=True)


def penalty_never_published(penalty: PenaltyStory, day: int) -> None:
    penalty.file(penalty.hours.working_day_before(day - PUBLICATION, 30))
    penalty.decide(day - PUBLICATION, published=None)


Punished = Callable[[PenaltyStory, int], None]
PENALTY_FAULTS: tuple[Punished, ...] = (
    decided_too_late, never_decided, extended_by_the_officer, fined_beyond_the_standard, evidence_kept_too_long,
    never_served_on_an_absent_party, penalty_never_published,
)  # fmt: skip
PENALTIES: tuple[Punished, ...] = (
    decided_in_time,
    decided_in_time,
    suspended_for_a_test,
    extended_by_the_head,
)
