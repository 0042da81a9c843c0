"""Decides how checks go, step by step, the faults that are planted in them included."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from random import Random

from rules.model.times import DAY, MINUTE, next_midnight
from streams.simulate.cases import Story
from streams.simulate.hours import ZONE, Hours, day_of
from streams.simulate.town import Office, uscc
from streams.simulate.truth import Limit
from streams.simulate.versions import Record

BACKFILL = 10
"""Days in which a scan may be supplied with a reason (深府规〔2025〕6号)."""
CAP = 2
"""Checks of one object by one organ in a year (国办发〔2024〕54号: a region declares its own)."""
RESULT, GRACE = 20, 5
"""Working days of 国办发〔2018〕118号 for results, and those in which an order is rechecked after its day."""
VIOLATIONS = ("超范围经营", "未按规定公示", "台账不全", "设备未检验")


class CheckStory(Story):
    """One check of one object."""

    stream = "inspection"

    def __init__(self, subject: str, office: Office, task_code: str, hours: Hours, rng: Random, plan: str) -> None:
        super().__init__(subject, office, task_code, hours, rng)
        self.plan = plan
        self.object = uscc(office.region, int(subject.rpartition("-")[2]))
        """Nobody is checked twice, so that no cap is reached."""
        self.officers = sorted(rng.sample(office.clerks, 2))

    def again(self, number: int) -> CheckStory:
        """Another check of the same object by the same officers."""
        other = CheckStory(f"{self.subject}-{number}", self.office, self.task_code, self.hours, self.rng, self.plan)
        other.object, other.officers, other.fault = self.object, self.officers, self.fault
        return other

    def check(self, type_: str, at: int, actor: str = "", **data: object) -> Record:
        return self.add(type_, at, actor, object_id=self.object, plan_id=self.plan, action_id=self.subject, **data)

    def scan(self, at: int, **how: object) -> Record:
        return self.check("officer.scanned_in", at, self.officers[0], **how)

    def perform(self, day: int, scanned: bool = True, alone: bool = False) -> Record:
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
            method="on_site" if on_site else "document", visit_id=f"V-{self.subject}",
            officers=self.officers[:1] if alone else self.officers,
        )  # fmt: skip

    def record(self, day: int, result: str) -> None:
        violations = [self.rng.choice(VIOLATIONS)] if result != "no_problem" else []
        self.check(
            "result.recorded", self.on(day), self.officers[0],
            result=result, violations=violations, credit_class=self.rng.choice("ABBC"),
        )  # fmt: skip

    def conclude(self, day: int) -> None:
        """Result, order and recheck, publication and report, each in its time."""
        rng = self.rng
        result = rng.choices(("no_problem", "rectify", "violation"), (70, 22, 8))[0]
        recorded = day + rng.randrange(3)
        self.record(recorded, result)
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


def checked_by_one_officer(check: CheckStory, day: int) -> None:
    check.hit("I03", check.perform(day, alone=True))
    check.conclude(day)


def never_rechecked(check: CheckStory, day: int) -> None:
    ordered = day - GRACE - 8
    check.perform(ordered)
    check.record(ordered, "rectify")
    by = check.hours.days[day - GRACE].isoformat()
    check.check("rectify.ordered", check.on(ordered), check.officers[0], order_id=f"{check.subject}-o1", rectify_by=by)
    check.limit("I04", day, None)
    check.check("result.published", check.on(ordered + 9), what="check", where="信用网站")


def published_without_a_check(check: CheckStory, day: int) -> None:
    """Announced, approved, published; nobody went there."""
    check.check("check.approved", check.on(day - 1), check.office.head)
    published = check.check("result.published", check.on(day), what="check", where="信用网站")
    check.hit("P01.published", published, "step_missing", after=DAY)


def checked_three_times(check: CheckStory, day: int) -> None:
    """Three visits of one organ to one object in a year: the second reaches the cap, the third passes it."""
    visits = [check, *(check.again(number) for number in (2, 3))]
    made: dict[int, int] = {}
    for visit, on in zip(visits, (day - 8, day - 4, day), strict=True):
        performed = visit.perform(on)
        performed.lag = performed.travel = MINUTE  # by the tablet of the officer
        visit.conclude(on)
        year = day_of(performed.at).year
        made[year] = made.get(year, 0) + 1
        if made[year] > 1:
            visit.hit("I01", performed, "reached" if made[year] == CAP else "over_quota")
    check.others = list(visits[1:])


def result_never_published(check: CheckStory, day: int) -> None:
    check.perform(day - RESULT)
    check.record(day - RESULT, "no_problem")
    check.limit("U01.check", day, None)


Checked = Callable[[CheckStory, int], None]


CHECK_FAULTS: tuple[Checked, ...] = (
    never_scanned, scanned_too_late, scanned_without_a_reason, checked_by_one_officer, never_rechecked,
    result_never_published, published_without_a_check, checked_three_times,
)  # fmt: skip


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
