"""Decides how cases come to be delivered or published too late, and how people break rules by a deed."""

from __future__ import annotations

from rules.model.times import DAY, SECOND
from streams.simulate.cases import DELIVERY, PUBLICATION, RECTIFICATION, CaseStory
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
    decided = case.decide(day, at=case.last + seconds)
    case.hit("P03", decided)
    case.hit("P04", decided, "step_missing", after=DAY)
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


@fault("T05", lambda item: bool(item.stage_limits) and not item.joint)
def held_up_in_a_stage(case: CaseStory, day: int) -> None:
    """The first stage takes longer than it may; the legal limit is far."""
    stage = case.item.required_stages[0]
    allowed = case.item.stage_limits[stage].amount
    case.open(day - allowed)
    case.accept(day - allowed)
    case.stage(stage, day - allowed, day + 1)
    case.limit("T05", day, case.last)
    rest = case.item.required_stages[1:]
    for each in rest:
        case.stage(each, day + 1, day + 2)
    case.decide(day + 2)
    case.finish(day + 2)


@fault("F01")
def bad_review_never_rectified(case: CaseStory, day: int) -> None:
    given = day - RECTIFICATION
    _granted(case, given - 8)
    case.finish(given - 8)
    name = case.rated(given, 5)
    case.add("review.verified", case.on(given + 1), case.decider, review_id=name)
    case.limit("F01", day, None)


@fault("F01.verify")
def bad_review_verified_late(case: CaseStory, day: int) -> None:
    given = day - 1
    _granted(case, given - 8)
    case.finish(given - 8)
    name = case.rated(given, 4)
    verified = case.add("review.verified", case.on(day + 1), case.decider, review_id=name)
    case.limit("F01.verify", day, verified.at)
    case.add("review.rectified", case.on(day + 2), case.decider, review_id=name)


@fault("P01", certified)
def certified_without_a_decision(case: CaseStory, day: int) -> None:
    case.open(day)
    case.accept(day)
    number = f"CERT{case.subject[-6:]}"
    case.hit("P01", case.add("cert.issued", case.on(day), certificate_no=number), "step_missing", after=DAY)
    case.handled(case.close(day + 1).at)


@fault("P02.chain")
def typed_in_all_at_once(case: CaseStory, day: int) -> None:
    """Everything of one day is typed in when it is over."""
    case.open(day)
    case.accept(day)
    case.stages(day, day)
    case.hit("P02.chain", case.decide(day))
    for number, record in enumerate(case.records[1:]):
        record.lag = case.last - record.at + (number + 1) * SECOND
    case.finish(day)
