"""Decides how ordinary cases go, the odd but lawful ones included: nothing here breaks a rule."""

from __future__ import annotations

from collections.abc import Callable

from rules.model.times import MINUTE
from streams.simulate.cases import CaseStory

Course = Callable[[CaseStory, int], None]
"""Tells a case that is received on a working day."""


def start(case: CaseStory, received: int) -> int:
    """Received and accepted within the five days; the day of acceptance."""
    case.open(received)
    accepted = received + case.rng.choice((0, 0, 0, 1, 1, 2, 3))
    case.accept(accepted)
    return accepted


def plain(case: CaseStory, received: int) -> None:
    accepted = start(case, received)
    decided = accepted + case.rng.randrange(1, case.promise + 1)
    case.stages(accepted, max(decided - 1, accepted))
    case.decide(decided)
    case.finish(decided)


def instant(case: CaseStory, received: int) -> None:
    """An item that is decided while the applicant waits, often by the machine."""
    case.open(received)
    case.accept(received)
    automatic = case.rng.random() < 0.5
    case.decide(
        received, automatic=automatic, actor="" if automatic else case.decider,
        at=case.last + case.rng.randrange(MINUTE, 10 * MINUTE, 1_000_000),
    )  # fmt: skip
    case.finish(received)


def corrected(case: CaseStory, received: int) -> None:
    """One notice in time, corrected later; asking for the same items again is no new notice."""
    case.open(received)
    told = received + case.rng.randrange(1, 5)
    items = case.rng.sample(("营业执照", "平面图", "场地证明"), 2)
    case.answered_by_notice(case.notify(told, items))
    if case.rng.random() < 0.3:
        case.notify(told, items[:1])
    handed_in = told + case.rng.randrange(1, 9)
    case.correct(handed_in, items)
    accepted = handed_in + case.rng.randrange(4)
    case.accept(accepted)
    decided = accepted + case.rng.randrange(1, case.promise)
    case.stages(accepted, decided)
    case.decide(decided)
    case.finish(decided)


def suspended(case: CaseStory, received: int) -> None:
    """A lawful pause moves the due dates by as long as it lasted, within what was approved."""
    accepted = start(case, received)
    begin = accepted + case.rng.randrange(1, max(case.promise - 2, 2))
    approved = case.rng.randrange(3, 11)
    length = case.rng.randrange(1, approved + 1)
    case.suspend(begin, case.rng.choice(case.item.special_procedures), f"TZ-{case.subject[-6:]}", approved)
    case.resume(begin + length)
    case.paused = length
    decided = max(begin + length, accepted + length + case.rng.randrange(case.promise // 2, case.promise))
    case.stages(begin + length, decided)
    case.decide(decided)
    case.finish(decided)


def refused(case: CaseStory, received: int) -> None:
    case.open(received)
    case.refuse(received + case.rng.randrange(5), "申请事项不属于本机关职权范围")


def denied(case: CaseStory, received: int) -> None:
    """A denial with its reason; sometimes the reason is forgotten at first and supplied within hours."""
    accepted = start(case, received)
    decided = accepted + case.rng.randrange(1, case.promise)
    case.stages(accepted, decided)
    record = case.decide(decided, "denied", "场所不符合卫生要求，依据第12条不予许可")
    if case.rng.random() < 0.4:
        record.before = {name: value for name, value in record.data.items() if name != "reason"}
    case.close(decided + 1, "denied", "不予许可")


def withdrawn(case: CaseStory, received: int) -> None:
    accepted = start(case, received)
    case.withdraw(accepted + case.rng.randrange(1, case.promise))


def renotified_by_mistake(case: CaseStory, received: int) -> None:
    """A second notice for new items that belonged to another case, deleted before anybody acted on it."""
    case.open(received)
    case.answered_by_notice(case.notify(received + 1, ["营业执照"]))
    case.notify(received + 1, ["检测报告"]).deleted = True
    case.correct(received + 3, ["营业执照"])
    accepted = received + 4
    case.accept(accepted)
    decided = accepted + case.rng.randrange(1, case.promise)
    case.stages(accepted, decided)
    case.decide(decided)
    case.finish(decided)


def by_machine(case: CaseStory, received: int) -> None:
    """A promise case that the machine decides in a minute: quick, and by nobody who accepted it."""
    case.open(received)
    case.accept(received)
    case.decide(received, automatic=True, actor=case.acceptor, at=case.last + MINUTE)
    case.finish(received)


COURSES: tuple[tuple[Course, int], ...] = (
    (plain, 62),
    (corrected, 11),
    (suspended, 8),
    (refused, 4),
    (denied, 5),
    (withdrawn, 3),
    (renotified_by_mistake, 1),
    (by_machine, 6),
)
"""Courses of promise cases and how often each is taken, in a hundred."""


def course_of(case: CaseStory) -> Course:
    """Draws a course that fits the item."""
    if not case.promise:
        return instant
    courses, weights = zip(*COURSES, strict=True)
    drawn: Course = case.rng.choices(courses, weights)[0]
    return plain if drawn is suspended and not case.item.special_procedures else drawn
