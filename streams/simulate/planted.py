"""Decides which faults are planted in service cases, and how each comes about."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from rules.model.times import DAY, HOUR
from rules.tables import Item
from streams.simulate.cases import ACCEPTANCE, DELIVERY, PUBLICATION, CaseStory

BLANKS = ("", "无", "/", "。", " ")
Told = Callable[[CaseStory, int], None]


class Fault(Struct, frozen=True):
    """One way to break a rule. `tell` makes the breach stand once working day `day` is over."""

    name: str
    rule: str
    tell: Told
    fits: Callable[[Item], bool]


FAULTS: list[Fault] = []


def fault(rule: str, fits: Callable[[Item], bool] = lambda item: True) -> Callable[[Told], Told]:
    """Enters a way to break a rule in the table."""

    def enter(tell: Told) -> Told:
        FAULTS.append(Fault(tell.__name__, rule, tell, fits))
        return tell

    return enter


def _room(item: Item) -> int:
    """Working days between the promise and the legal limit."""
    assert item.legal_limit and item.promised_limit
    return item.legal_limit.amount - item.promised_limit.amount


def _roomy(item: Item) -> bool:
    return _room(item) >= 5


def _pausable(item: Item) -> bool:
    return bool(item.special_procedures)


def _extendable(item: Item) -> bool:
    return item.extension_limit is not None and item.extension_limit.amount >= 10 and not item.joint


def _permit(item: Item) -> bool:
    return item.type == "permit"


def _certified(item: Item) -> bool:
    return item.has_certificate


def _accepted(case: CaseStory, due: int, limit: int) -> int:
    """Accepts the case so that a limit of so many working days ends with `due`; the day of acceptance."""
    accepted = due - limit
    case.open(accepted - case.rng.randrange(3))
    case.accept(accepted)
    return accepted


@fault("T01")
def decided_on_the_last_day(case: CaseStory, day: int) -> None:
    accepted = _accepted(case, day + 1, case.promise)
    case.stages(accepted, day)
    case.decide(day + 1)
    case.finish(day + 1)


@fault("T02", _roomy)
def decided_after_the_promise(case: CaseStory, day: int) -> None:
    accepted = _accepted(case, day, case.promise)
    case.stages(accepted, day)
    decided = day + case.rng.randrange(1, 4)
    case.decide(decided)
    case.finish(decided)


@fault("T02", _roomy)
def open_after_the_promise(case: CaseStory, day: int) -> None:
    accepted = _accepted(case, day, case.promise)
    case.stages(accepted, day)
    case.handled(None)


@fault("T02", _extendable)
def extended_by_the_head(case: CaseStory, day: int) -> None:
    """The extension saves the legal limit, never the promise."""
    accepted = _accepted(case, day, case.promise)
    case.extended = 10
    case.extend(accepted + 1, 10, "head")
    decided = accepted + case.legal + case.rng.randrange(1, 10)
    case.stages(accepted + 1, decided)
    case.decide(decided)
    case.finish(decided)


@fault("T02", lambda item: _room(item) >= 8)
def typed_in_too_late(case: CaseStory, day: int) -> None:
    """Decided in time by its date, but nobody typed that in before the promise had run out."""
    accepted = _accepted(case, day, case.promise)
    case.stages(accepted, day)
    record = case.decide(day, contested=True)
    record.lag = 2 * DAY + case.rng.randrange(HOUR, 12 * HOUR, 1_000_000)
    case.hit("P02", record, "over_threshold")
    case.finish(day)


@fault("T03")
def decided_after_the_legal_limit(case: CaseStory, day: int) -> None:
    accepted = _accepted(case, day, case.legal)
    case.stages(accepted, day)
    decided = day + case.rng.randrange(1, 4)
    case.decide(decided)
    case.finish(decided)


@fault("T03")
def never_decided(case: CaseStory, day: int) -> None:
    accepted = _accepted(case, day, case.legal)
    case.stages(accepted, day)
    case.handled(None)


def _suspended_in_vain(case: CaseStory, day: int, kind: str, notice: str) -> None:
    accepted = _accepted(case, day, case.legal)
    case.suspend(accepted + 1, kind, notice, 8)
    case.resume(accepted + 6)
    case.stages(accepted + 6, day)
    decided = day + case.rng.randrange(1, 4)
    case.decide(decided)
    case.finish(decided)


@fault("T03")
def suspended_for_an_unlisted_procedure(case: CaseStory, day: int) -> None:
    _suspended_in_vain(case, day, "internal_consultation", "TZ-1")


@fault("T03", _pausable)
def suspended_without_a_notice(case: CaseStory, day: int) -> None:
    _suspended_in_vain(case, day, case.item.special_procedures[0], case.rng.choice(BLANKS))


@fault("T03", _pausable)
def suspended_longer_than_approved(case: CaseStory, day: int) -> None:
    """Only the three approved days move the due dates."""
    case.paused = 3
    accepted = _accepted(case, day, case.legal + 3)
    case.suspend(accepted + 1, case.item.special_procedures[0], "TZ-2", 3)
    case.resume(accepted + 7)
    case.stages(accepted + 7, day)
    decided = day + case.rng.randrange(1, 4)
    case.decide(decided)
    case.finish(decided)


@fault("T03", _extendable)
def extended_by_a_clerk(case: CaseStory, day: int) -> None:
    accepted = _accepted(case, day, case.legal)
    case.extend(accepted + 2, 10, "clerk")
    case.stages(accepted + 2, day)
    case.handled(None)


@fault("T03", _extendable)
def extended_after_the_due_date(case: CaseStory, day: int) -> None:
    accepted = _accepted(case, day, case.legal)
    case.stages(accepted, day)
    case.extend(day + 1, 10, "head")
    case.decide(day + 2)
    case.finish(day + 2)


@fault("T03", _extendable)
def extended_by_more_than_the_law_allows(case: CaseStory, day: int) -> None:
    assert case.item.extension_limit
    case.extended = case.item.extension_limit.amount
    accepted = _accepted(case, day, case.legal + case.extended)
    case.extend(accepted + 2, 30, "head")
    case.stages(accepted + 2, day)
    case.handled(None)


@fault("T04")
def accepted_too_late(case: CaseStory, day: int) -> None:
    received = day - ACCEPTANCE
    case.open(received)
    accepted = day + case.rng.randrange(1, 4)
    case.accept(accepted)
    case.stages(accepted, accepted + 1)
    case.decide(accepted + 1)
    case.finish(accepted + 1)


@fault("T04")
def never_answered(case: CaseStory, day: int) -> None:
    case.open(day - ACCEPTANCE)
    case.limit("T04", day, None)
    case.handled(None)


@fault("T04")
def told_to_correct_too_late(case: CaseStory, day: int) -> None:
    """The notice after five working days stops nothing: the case counts as accepted when it was received."""
    case.open(day - ACCEPTANCE)
    case.notify(day + 1, ["营业执照"])
    case.correct(day + 2, ["营业执照"])
    case.began = day - ACCEPTANCE
    case.accept(day + 3)
    case.decide(day + 3)
    case.finish(day + 3)


@fault("T04")
def accepted_too_late_after_the_correction(case: CaseStory, day: int) -> None:
    handed_in = day - ACCEPTANCE
    case.open(handed_in - 4)
    case.answered_by_notice(case.notify(handed_in - 2, ["平面图"]))
    case.correct(handed_in, ["平面图"])
    case.accept(day + 1)
    case.decide(day + 2)
    case.finish(day + 2)


def _granted(case: CaseStory, decided: int) -> None:
    accepted = decided - case.rng.randrange(1, case.promise)
    case.open(accepted - case.rng.randrange(3))
    case.accept(accepted)
    case.stages(accepted, decided)
    case.decide(decided)


@fault("T06", _certified)
def delivered_too_late(case: CaseStory, day: int) -> None:
    _granted(case, day - DELIVERY)
    case.finish(day - DELIVERY, delivered=day + case.rng.randrange(1, 4))


@fault("T06", _certified)
def never_delivered(case: CaseStory, day: int) -> None:
    _granted(case, day - DELIVERY)
    case.finish(day - DELIVERY, delivered=None)


@fault("U01", _permit)
def published_too_late(case: CaseStory, day: int) -> None:
    _granted(case, day - PUBLICATION)
    case.finish(day - PUBLICATION, published=day + case.rng.randrange(1, 4))


@fault("U01", _permit)
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
