"""Decides how cases come to be delivered or published too late, and how people break rules by a deed."""

from __future__ import annotations

from streams.simulate.cases import DELIVERY, PUBLICATION, CaseStory
from streams.simulate.faults import BLANKS, certified, fault, permit


def _granted(case: CaseStory, decided: int) -> None:
    accepted = decided - case.rng.randrange(1, case.promise)
    case.open(accepted - case.rng.randrange(3))
    case.accept(accepted)
    case.stages(accepted, decided)
    case.decide(decided)


@fault("T06", certified)
def delivered_too_late(case: CaseStory, day: int) -> None:
    _granted(case, day - DELIVERY)
    case.finish(day - DELIVERY, delivered=day + case.rng.randrange(1, 4))


@fault("T06", certified)
def never_delivered(case: CaseStory, day: int) -> None:
    _granted(case, day - DELIVERY)
    case.finish(day - DELIVERY, delivered=None)


@fault("U01", permit)
def published_too_late(case: CaseStory, day: int) -> None:
    _granted(case, day - PUBLICATION)
    case.finish(day - PUBLICATION, published=day + case.rng.randrange(1, 4))


@fault("U01", permit)
def never_published(case: CaseStory, day: int) -> None:
    _granted(case, day - PUBLICATION)
    case.finish(day - PUBLICATION, published=None)


@fault("P02", lambda item: item.type != "instant")
def backfilled(case: CaseStory, day: int) -> None:
    """The receipt or the acceptance, typed in a day or two after it happened."""
    case.open(day)
    received = case.records[-1]
    case.slow(case.rng.choice((received, case.accept(day))))
    decided = day + case.promise - 1
    case.stages(day + 2, decided)
    case.decide(decided)
    case.finish(decided)


@fault("P03")
def decided_at_once(case: CaseStory, day: int) -> None:
    case.open(day - 1)
    case.accept(day)
    seconds = case.rng.randrange(20, 280) * 1_000_000
    case.hit("P03", case.decide(day, at=case.last + seconds))
    case.finish(day)


@fault("P06")
def told_to_correct_twice(case: CaseStory, day: int) -> None:
    case.open(day - 4)
    case.answered_by_notice(case.notify(day - 3, ["营业执照", "平面图"]))
    case.correct(day - 2, ["营业执照", "平面图"])
    again = case.notify(day, ["授权委托书"])
    case.answered_by_notice(again)
    case.hit("P06", again, "over_threshold")
    case.correct(day + 1, ["授权委托书"])
    case.accept(day + 2)
    decided = day + 2 + case.rng.randrange(1, case.promise)
    case.stages(day + 2, decided)
    case.decide(decided)
    case.finish(decided)


@fault("P07")
def refused_without_a_reason(case: CaseStory, day: int) -> None:
    case.open(day - 2)
    case.hit("P07", case.refuse(day, case.rng.choice(BLANKS)))


@fault("P07")
def denied_without_a_reason(case: CaseStory, day: int) -> None:
    accepted = day - case.rng.randrange(1, case.promise)
    case.open(accepted)
    case.accept(accepted)
    case.stages(accepted, day)
    case.hit("P07", case.decide(day, "denied", case.rng.choice(BLANKS)))


@fault("P07")
def voided_without_a_reason(case: CaseStory, day: int) -> None:
    accepted = day - case.rng.randrange(1, case.promise)
    case.open(accepted)
    case.accept(accepted)
    closed = case.close(day, "void", case.rng.choice(BLANKS))
    case.handled(closed.at)
    case.hit("P07", closed)


@fault("P08")
def accepted_and_decided_by_one(case: CaseStory, day: int) -> None:
    accepted = day - case.rng.randrange(1, case.promise)
    case.open(accepted)
    case.accept(accepted)
    case.stages(accepted, day)
    case.hit("P08", case.decide(day, actor=case.acceptor), "same_actor")
    case.finish(day)
