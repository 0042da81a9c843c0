"""Decides how checks and penalties go, step by step, the faults that are planted in them included."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from random import Random

from rules.model.times import MINUTE, next_midnight
from streams.simulate.cases import Story
from streams.simulate.hours import ZONE, Hours, day_of
from streams.simulate.town import Office, uscc
from streams.simulate.truth import Limit
from streams.simulate.versions import Record

BACKFILL = 10
"""Days in which a scan may be supplied with a reason (深府规〔2025〕6号)."""
DECISION = 90
"""Days of Penalty Law 60."""
VIOLATIONS = ("超范围经营", "未按规定公示", "台账不全", "设备未检验")


class CheckStory(Story):
    """One check of one object."""

    stream = "inspection"

    def __init__(self, subject: str, office: Office, task_code: str, hours: Hours, rng: Random, plan: str) -> None:
        super().__init__(subject, office, task_code, hours, rng)
        self.plan = plan
        self.object = uscc(office.region, rng.randrange(4_000))
        self.officers = sorted(rng.sample(office.clerks, 2))

    def check(self, type_: str, at: int, actor: str = "", **data: object) -> Record:
        return self.add(type_, at, actor, object_id=self.object, plan_id=self.plan, action_id=self.subject, **data)

    def scan(self, at: int, **how: object) -> Record:
        return self.check("officer.scanned_in", at, self.officers[0], **how)

    def perform(self, day: int, scanned: bool = True) -> Record:
        """Approved the day before; the officers scan in when they arrive."""
        self.check("check.approved", self.on(day - 1), self.office.head)
        arrived = self.on(day)
        if scanned:
            self.scan(arrived)
        on_site = self.rng.random() < 0.85 or not scanned
        at = arrived + self.rng.randrange(5 * MINUTE, 50 * MINUTE, 1_000_000)
        category = self.rng.choice(("daily", "double_random", "special"))
        return self.check(
            "check.performed", at, self.officers[0], on_site=on_site, category=category, form="single",
            method="on_site" if on_site else "document", visit_id=f"V-{self.subject}", officers=self.officers,
        )  # fmt: skip

    def conclude(self, day: int) -> None:
        """Result, order and recheck, publication and report, each in its time."""
        rng = self.rng
        result = rng.choices(("no_problem", "rectify", "violation"), (70, 22, 8))[0]
        violations = [rng.choice(VIOLATIONS)] if result != "no_problem" else []
        recorded = day + rng.randrange(3)
        self.check(
            "result.recorded", self.on(recorded), self.officers[0],
            result=result, violations=violations, credit_class=rng.choice("ABBC"),
        )  # fmt: skip
        if result == "rectify":
            by = self.hours.days[recorded + 8].isoformat()
            order = {"order_id": f"{self.subject}-o1", "rectify_by": by}
            self.check("rectify.ordered", self.on(recorded), self.officers[0], **order)
            self.check("rectify.rechecked", self.on(recorded + 6), self.officers[1], result="done", **order)
        published = recorded + rng.randrange(8, 14)
        self.check("result.published", self.on(published), what="check", where="信用网站")
        self.check("action.reported", self.on(published + 1), self.officers[0])

    def unscanned(self, performed: Record, scan: Record | None) -> None:
        """The limit of a scan that was not there before the check."""
        due = day_of(performed.at) + timedelta(days=BACKFILL)
        self.until("I02", due, scan.at if scan else None)

    def until(self, rule: str, due: date, stopped_at: int | None, rolls: bool = False) -> None:
        """A limit in calendar days."""
        due_at = self.hours.rolled_end(due) if rolls else next_midnight(due, ZONE)
        last = day_of(due_at - 1)
        self.limits.append(Limit(rule=rule, fault=self.fault, due_date=last, due_at=due_at, stopped_at=stopped_at))


class PenaltyStory(CheckStory):
    """One penalty; its subject is the penalty, and it names its check."""

    def __init__(self, subject: str, office: Office, task_code: str, hours: Hours, rng: Random, plan: str) -> None:
        super().__init__(subject, office, task_code, hours, rng, plan)
        self.action = f"{subject}-check"
        self.filed = date.min
        self.paused = self.extended = 0

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
        violation = self.rng.choice(VIOLATIONS)
        self.penalty("penalty.filed", self.on(day), procedure="ordinary", violation=violation, reason="现场检查")

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

    def decide(self, day: int | None) -> None:
        """Decided on that working day with everything after it, or never."""
        due = self.filed + timedelta(days=DECISION + self.paused + self.extended)
        if day is None:
            self.until("T03.penalty", due, None, rolls=True)
            return
        self.penalty("penalty.legal_review", self.on(day))
        fine = float(self.rng.randrange(1, 100) * 500)
        decided = self.penalty("penalty.decided", self.on(day), result="fine", fine=fine, publishable=True)
        self.until("T03.penalty", due, decided.at, rolls=True)
        self.penalty("penalty.served", self.on(day + 2))
        self.penalty("result.published", self.on(day + self.rng.randrange(3, 7)), what="penalty", where="信用网站")
        self.penalty("penalty.executed", self.on(day + 9))
        self.penalty("penalty.closed", self.on(day + 10))


def checked(check: CheckStory, day: int) -> None:
    check.perform(day)
    check.conclude(day)


def scanned_afterwards(check: CheckStory, day: int) -> None:
    """No signal on site: the scan is supplied with its reason within ten days."""
    performed = check.perform(day, scanned=False)
    number = day + check.rng.randrange(1, 5)
    if check.hours.days[number] - check.hours.days[day] >= timedelta(days=BACKFILL):
        number = day
    scan = check.scan(check.on(number), backfilled=True, reason="现场无网络信号")
    check.unscanned(performed, scan)
    check.conclude(day + 5)


def never_scanned(check: CheckStory, day: int) -> None:
    check.unscanned(check.perform(check.hours.working_day_before(day, BACKFILL), scanned=False), None)
    check.conclude(day)


def scanned_too_late(check: CheckStory, day: int) -> None:
    performed = check.perform(check.hours.working_day_before(day, BACKFILL), scanned=False)
    scan = check.scan(check.on(day + 1), backfilled=True, reason="设备故障")
    check.unscanned(performed, scan)
    check.conclude(day + 1)


def scanned_without_a_reason(check: CheckStory, day: int) -> None:
    """A scan supplied afterwards counts only with a reason."""
    number = check.hours.working_day_before(day, BACKFILL)
    performed = check.perform(number, scanned=False)
    check.scan(check.on(number + 1), backfilled=True, reason="无")
    check.unscanned(performed, None)
    check.conclude(day)


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


Checked = Callable[[CheckStory, int], None]
Punished = Callable[[PenaltyStory, int], None]
CHECK_FAULTS: tuple[Checked, ...] = (never_scanned, scanned_too_late, scanned_without_a_reason)
PENALTY_FAULTS: tuple[Punished, ...] = (decided_too_late, never_decided, extended_by_the_officer)
PENALTIES: tuple[Punished, ...] = (
    decided_in_time,
    decided_in_time,
    suspended_for_a_test,
    extended_by_the_head,
)


def plan_of(office: Office, task_code: str, name: str, hours: Hours, day: int, rng: Random) -> Story:
    """A plan with its task, and the objects and officers that were drawn for it (双随机)."""
    story = CheckStory(name, office, task_code, hours, rng, name)
    objects = sorted({uscc(office.region, rng.randrange(4_000)) for _ in range(8)})
    story.add("plan.published", story.on(day), office.head, plan_id=name)
    story.add("task.created", story.on(day), office.head, plan_id=name)
    story.add("objects.drawn", story.on(day), office.head, plan_id=name, objects=objects)
    story.add("officers.drawn", story.on(day), office.head, plan_id=name, officers=list(office.clerks[:3]))
    return story


def month_report(story: Story, at: int) -> None:
    """A record at the very end of the simulated time, so that `now` of the history is that end."""
    story.add("action.reported", at, plan_id=story.subject)
    story.records[-1].lag = 0
