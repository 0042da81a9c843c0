"""Decides which cases, checks and penalties there are in the simulated days, and where faults lie."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from random import Random
from typing import TypeVar

from rules.tables import Item
from streams.simulate.calls import calls
from streams.simulate.cases import CaseStory, Story
from streams.simulate.crowds import ENOUGH, crowds
from streams.simulate.faults import Fault
from streams.simulate.hours import Hours
from streams.simulate.inspections import CHECK_FAULTS, CheckStory, checked, month_report, plan_of, scanned_afterwards
from streams.simulate.ordinary import course_of
from streams.simulate.penalties import PENALTIES, PENALTY_FAULTS, PenaltyStory, fined_beyond_the_standard
from streams.simulate.planted import FAULTS
from streams.simulate.seizures import SEIZURE_FAULTS, SEIZURES, SeizureStory
from streams.simulate.town import Town

FAULTY = 0.06
"""The share of cases that break a rule, beside one of every fault."""
LATEST = 4
"""A planted breach stands so many working days before the end, so that what follows it is known."""
CHECKS_A_CASE = 0.25
PENALTIES_A_CASE = 0.03
SEIZURES_A_CASE = 0.01
CHECKS_A_PLAN = 15
Told = TypeVar("Told")
Teller = TypeVar("Teller", bound=Story)


class Month:
    """The stories of one seed; each draws from a generator of its own."""

    def __init__(self, town: Town, hours: Hours, cases: int) -> None:
        self.town, self.hours, self.cases = town, hours, cases
        self.faults = tuple(each for each in FAULTS if any(each.fits(item) for item in town.promised))
        """What the items of this town have room for: a roster, say, can only be broken where there is one."""

    def stories(self) -> Iterator[Story]:
        for story in (*self._cases(), *self._inspections()):
            yield story
            yield from story.others
        month = f"{self.hours.start:%y%m}"
        yield from calls(self.town, self.hours, self._breach_day(self._rng("calls", 0)), month)
        if self.cases >= ENOUGH:
            yield from crowds(self.town, self.hours, self._breach_day(self._rng("crowds", 0)), month)

    def _cases(self) -> Iterator[Story]:
        return (self._case(number) for number in range(self.cases))

    def _rng(self, kind: str, number: int) -> Random:
        return Random(f"{self.town.seed}/{kind}/{number}")

    def _breach_day(self, rng: Random) -> int:
        """A working day of the simulated ones with which a planted limit ends."""
        last = self.hours.last - LATEST
        return rng.randrange(min(self.hours.first, last), last + 1)

    def _a_day(self, rng: Random) -> int:
        last = max(self.hours.last, self.hours.first)
        return rng.randrange(self.hours.first, last + 1)

    def _case(self, number: int) -> CaseStory:
        rng = self._rng("case", number)
        fault = _planted(self.faults, number, self.cases, rng)
        item = self._item(fault, rng)
        office = self.town.office_for(item, rng)
        subject = f"SC-{office.region}-{self.hours.start:%y%m}-{number:06d}"
        case = CaseStory(subject, item, office, self.hours, rng)
        if fault is None:
            course_of(case)(case, self._a_day(rng))
        else:
            case.fault = fault.name
            fault.tell(case, self._breach_day(rng))
        return case

    def _item(self, fault: Fault | None, rng: Random) -> Item:
        if fault is not None:
            return rng.choice([item for item in self.town.promised if fault.fits(item)])
        return rng.choice(self.town.instant if rng.random() < 0.15 else self.town.promised)

    def _inspections(self) -> Iterator[Story]:
        checks = max(round(self.cases * CHECKS_A_CASE), 1)
        plans: list[tuple[Story, str]] = []
        for number in range(checks):
            if number % CHECKS_A_PLAN == 0:
                plans.append(self._plan(len(plans)))
                yield plans[-1][0]
            yield self._check(number, checks, *plans[-1])
        punished = max(round(self.cases * PENALTIES_A_CASE), 1)
        yield from (self._penalty(number, punished, *plans[number % len(plans)]) for number in range(punished))
        seized = max(round(self.cases * SEIZURES_A_CASE), 1)
        yield from (self._seizure(number, seized, *plans[number % len(plans)]) for number in range(seized))
        report, _ = self._plan(len(plans))
        month_report(report, self.hours.now)
        yield report

    def _plan(self, number: int) -> tuple[Story, str]:
        rng = self._rng("plan", number)
        office, task_code = self.town.inspector(rng)
        name = f"JH-{office.region}-{self.hours.start:%y%m}-{number:04d}"
        return plan_of(office, task_code, name, self.hours, self.hours.first, rng), task_code

    def _breaks(self, story: Teller, fault: Callable[[Teller, int], None] | None, rng: Random) -> bool:
        """Tells a story by the fault that is planted in it, if any is."""
        if fault is not None:
            story.fault = fault.__name__
            fault(story, self._breach_day(rng))
        return fault is not None

    def _check(self, number: int, checks: int, plan: Story, task_code: str) -> CheckStory:
        rng = self._rng("check", number)
        subject = f"JC-{plan.office.region}-{self.hours.start:%y%m}-{number:06d}"
        check = CheckStory(subject, plan.office, task_code, self.hours, rng, plan.subject)
        if not self._breaks(check, _planted(CHECK_FAULTS, number, checks, rng), rng):
            ordinary = scanned_afterwards if rng.random() < 0.05 else checked
            ordinary(check, self._a_day(rng) + 1)
        return check

    def _penalty(self, number: int, punished: int, plan: Story, task_code: str) -> PenaltyStory:
        rng = self._rng("penalty", number)
        subject = f"CF-{plan.office.region}-{self.hours.start:%y%m}-{number:06d}"
        penalty = PenaltyStory(subject, plan.office, task_code, self.hours, rng, plan.subject)
        penalty.allowed = self.town.standard(penalty.violation, plan.office.region, self.hours.start)
        faults = [each for each in PENALTY_FAULTS if penalty.allowed or each is not fined_beyond_the_standard]
        if not self._breaks(penalty, _planted(faults, number, punished, rng), rng):
            tell: Callable[[PenaltyStory, int], None] = rng.choice(PENALTIES)
            tell(penalty, self._a_day(rng))
        return penalty

    def _seizure(self, number: int, seized: int, plan: Story, task_code: str) -> SeizureStory:
        rng = self._rng("seizure", number)
        subject = f"QZ-{plan.office.region}-{self.hours.start:%y%m}-{number:06d}"
        seizure = SeizureStory(subject, plan.office, task_code, self.hours, rng, plan.subject)
        if not self._breaks(seizure, _planted(SEIZURE_FAULTS, number, seized, rng), rng):
            lawful: Callable[[SeizureStory, int], None] = rng.choice(SEIZURES)
            lawful(seizure, self._a_day(rng))
        return seizure


def _planted(faults: Sequence[Told], number: int, of: int, rng: Random) -> Told | None:
    """One of every fault first, spread over the numbers, then a few more by chance."""
    step = max(of // (len(faults) + 1), 1)
    if number % step == 0 and number // step < len(faults):
        return faults[number // step]
    return rng.choice(list(faults)) if rng.random() < FAULTY else None
