"""Decides how renewals, hearings, reviews, pauses and rosters come to be broken, and who applies twice."""

from __future__ import annotations

from streams.simulate.cases import ACCEPTANCE, CaseStory
from streams.simulate.faults import certified, fault, heard, reviewed, rostered, unhurried

HEARING, ASKING = 20, 5
"""Working days of Licensing Law 47: to hold a hearing, and to ask for one."""


def _opened(case: CaseStory, accepted: int) -> None:
    case.open(accepted)
    case.accept(accepted)


@fault("T03.renewal", certified)
def renewal_lapsed(case: CaseStory, day: int) -> None:
    """Decided on the day after the last one of the permit."""
    case.renews = case.hours.days[day].isoformat()
    _opened(case, day - 1)
    case.stages(day - 1, day)
    decided = case.decide(day + 1)
    case.limit("T03.renewal", day, decided.at)
    case.finish(day + 1)


@fault("T03.hearing", heard)
def heard_too_late(case: CaseStory, day: int) -> None:
    """Asked for in time, while the case is lawfully suspended; held on the day after the twentieth."""
    asked, told = day - HEARING, day - HEARING - 2
    _opened(case, told - 1)
    name = {"hearing_id": f"{case.subject}-h1"}
    case.add("case.hearing_notified", case.on(told), case.decider, **name)
    case.suspend(told, "hearing", "TZ-3", HEARING + 5)
    request = case.add("case.hearing_requested", case.on(asked), **name)
    case.limit("T03.hearing_request", told + ASKING, request.at)
    held = case.add("case.hearing_held", case.on(day + 1), case.decider, **name)
    case.limit("T03.hearing", day, held.at)
    case.resume(day + 1)
    case.paused = day + 1 - told
    case.stages(day + 1, day + 2)
    case.decide(day + 2)
    case.finish(day + 2)


@fault("T03.hearing_request", heard)
def asked_for_a_hearing_too_late(case: CaseStory, day: int) -> None:
    """After the fifth working day there is no right to it: nobody holds one, and that breaks nothing."""
    _opened(case, day - ASKING)
    name = {"hearing_id": f"{case.subject}-h1"}
    case.add("case.hearing_notified", case.on(day - ASKING), case.decider, **name)
    request = case.add("case.hearing_requested", case.on(day + 1), **name)
    case.limit("T03.hearing_request", day, request.at)
    case.stages(day - ASKING, day + 1)
    case.decide(day + 2)
    case.finish(day + 2)


@fault("T03.review", reviewed)
def reviewed_below_too_late(case: CaseStory, day: int) -> None:
    """The lower organ ends its review on the day after its twentieth."""
    assert case.item.review_limit
    accepted = day - case.item.review_limit.amount
    _opened(case, accepted)
    case.reviewed_at = case.stage("lower_review", accepted + 1, day + 1).at
    case.stages(day + 1, day + 2)
    case.decide(day + 2)
    case.finish(day + 2)


@fault("T07.many", unhurried)
def suspended_three_times(case: CaseStory, day: int) -> None:
    """Each pause is lawful and short; the third is one too many."""
    _opened(case, day - 5)
    for number, begin in enumerate((day - 4, day - 2, day), 1):
        record = case.suspend(begin, case.item.special_procedures[0], f"TZ-{number}", 3, number)
        case.resume(begin + 1, number)
    case.hit("T07.many", record, "over_threshold")
    case.paused = 3
    case.stages(day + 1, day + 2)
    case.decide(day + 2)
    case.finish(day + 2)


@fault("P05")
def applied_for_twice(case: CaseStory, day: int) -> None:
    """The same applicant and item again, while the first is open; withdrawn on the next day."""
    first = CaseStory(f"{case.subject}-1", case.item, case.office, case.hours, case.rng)
    first.applicant = case.applicant
    _opened(first, day - 2)
    first.stages(day - 2, day + 1)
    decided = first.decide(day + 1)
    first.finish(day + 1)
    case.apply(day)
    received = case.receive(day)
    withdrawn = case.add("case.withdrawn", case.on(day + 1), reason="申请人主动撤回")
    case.limit("T04", day + ACCEPTANCE, withdrawn.at)
    case.hit("P05", received, "overlap", ended_at=min(decided.at, withdrawn.at))
    case.others = [first]


@fault("P09", rostered)
def decided_by_another_organ(case: CaseStory, day: int) -> None:
    _opened(case, day - 1)
    case.stages(day - 1, day)
    decided = case.decide(day)
    decided.data["organ"] = f"{case.office.name}驻外办事处"
    case.hit("P09", decided, "not_on_roster")
    case.finish(day)
