"""Decides how cases come to miss the limits of acceptance and decision."""

from __future__ import annotations

from rules.model.times import DAY, HOUR
from streams.simulate.cases import ACCEPTANCE, CaseStory
from streams.simulate.faults import BLANKS, extendable, fault, pausable, room, roomy


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


@fault("T02", roomy)
def decided_after_the_promise(case: CaseStory, day: int) -> None:
    accepted = _accepted(case, day, case.promise)
    case.stages(accepted, day)
    decided = day + case.rng.randrange(1, 4)
    case.decide(decided)
    case.finish(decided)


@fault("T02", roomy)
def open_after_the_promise(case: CaseStory, day: int) -> None:
    accepted = _accepted(case, day, case.promise)
    case.stages(accepted, day)
    case.handled(None)


@fault("T02", extendable)
def extended_by_the_head(case: CaseStory, day: int) -> None:
    """The extension saves the legal limit, never the promise."""
    accepted = _accepted(case, day, case.promise)
    case.extended = 10
    case.extend(accepted + 1, 10, "head")
    decided = accepted + case.legal + case.rng.randrange(1, 10)
    case.stages(accepted + 1, decided)
    case.decide(decided)
    case.finish(decided)


@fault("T02", lambda item: room(item) >= 8)
def typed_in_too_late(case: CaseStory, day: int) -> None:
    """Decided in time by its date, but nobody typed that in before the promise had run out."""
    accepted = _accepted(case, day, case.promise)
    case.stages(accepted, day)
    record = case.decide(day, contested=True)
    record.lag = 2 * DAY + case.rng.randrange(HOUR, 12 * HOUR, 1_000_000)
    case.hit("P02", record, "over_threshold")
    case.finish(day + 1)  # a closure typed in at once on the last day would be a stop in time


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


@fault("T03", pausable)
def suspended_without_a_notice(case: CaseStory, day: int) -> None:
    _suspended_in_vain(case, day, case.item.special_procedures[0], case.rng.choice(BLANKS))


@fault("T03", pausable)
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


@fault("T03", extendable)
def extended_by_a_clerk(case: CaseStory, day: int) -> None:
    accepted = _accepted(case, day, case.legal)
    case.extend(accepted + 2, 10, "clerk")
    case.stages(accepted + 2, day)
    case.handled(None)


@fault("T03", extendable)
def extended_after_the_due_date(case: CaseStory, day: int) -> None:
    accepted = _accepted(case, day, case.legal)
    case.stages(accepted, day)
    case.extend(day + 1, 10, "head")
    case.decide(day + 2)
    case.finish(day + 2)


@fault("T03", extendable)
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
    case.stages(day + 3, day + 3)
    case.decide(day + 3)
    case.finish(day + 3)


@fault("T04")
def accepted_too_late_after_the_correction(case: CaseStory, day: int) -> None:
    handed_in = day - ACCEPTANCE
    case.open(handed_in - 4)
    case.answered_by_notice(case.notify(handed_in - 2, ["平面图"]))
    case.correct(handed_in, ["平面图"])
    case.accept(day + 1)
    case.stages(day + 1, day + 2)
    case.decide(day + 2)
    case.finish(day + 2)
