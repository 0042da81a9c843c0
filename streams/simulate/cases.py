"""Decides how one service case goes, step by step; the plan that tells it keeps its limits or breaks them."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import msgspec

from rules.model.times import HOUR, MINUTE, iso
from rules.tables import Item
from streams.simulate.hours import ZONE, Hours, day_of
from streams.simulate.idle import left_lying
from streams.simulate.town import Office, hashed
from streams.simulate.truth import Expected, Hit, Limit, expected_of
from streams.simulate.versions import Record

ACCEPTANCE, DELIVERY, PUBLICATION, RECTIFICATION = 5, 10, 7, 5
"""Working days of Licensing Law 32(4), 44, of 国办发〔2018〕118号 and 国办发〔2019〕51号."""
CHANNELS = ("web", "web", "web", "mobile", "mobile", "window", "window", "courier")
MATERIALS = ("申请表", "营业执照", "场地证明", "授权委托书", "平面图", "检测报告")


class Story:
    """One subject: its records, the limits that its plan kept or broke, and the hits planted in it."""

    stream = "service"

    def __init__(self, subject: str, office: Office, task_code: str, hours: Hours, rng: Random) -> None:
        self.subject, self.office, self.task_code, self.source = subject, office, task_code, office.source
        self.hours, self.rng = hours, rng
        self.records: list[Record] = []
        self.limits: list[Limit] = []
        self.hits: list[Hit] = []
        self.others: list[Story] = []
        """Further subjects of the same plan, told beside this one."""
        self.fault = ""
        self.last = 0

    def add(self, type_: str, at: int, actor: str = "", **data: Any) -> Record:
        """The next event of the subject; fields that say nothing are left out."""
        said = self.office.said(self.task_code, actor) | {k: v for k, v in data.items() if v not in ("", None)}
        number = len(self.records) + 1
        record = Record(f"{self.subject}/{number}", self.source, self.stream, self.subject, type_, at, said)
        self.records.append(record)
        self.last = max(self.last, at)
        return record

    def on(self, day: int) -> int:
        """A moment of that working day, or of the day of the last event where that is later."""
        reached = self.hours.number_from(day_of(self.last)) if self.last else 0
        return self.hours.moment(max(day, reached), self.last, self.rng)

    def limit(self, rule: str, day: int, stopped_at: int | None, **how: Any) -> None:
        """A limit that ends with that working day."""
        due_date, due_at = how.pop("due_date", self.hours.days[day]), self.hours.day_end(day)
        fault = how.pop("fault", self.fault)
        self.limits.append(
            Limit(rule=rule, fault=fault, due_date=due_date, due_at=due_at, stopped_at=stopped_at, **how)
        )

    def hit(self, rule: str, record: Record, reason: str = "matched", after: int = 0, **how: Any) -> None:
        """An event that breaks a rule, or so long after it what should have come had not come."""
        self.hits.append(Hit(rule=rule, fault=self.fault, at=record.at + after, reason=reason, **how))

    def expected(self, now: int) -> list[Expected]:
        found = [made for each in self.limits if (made := expected_of(each, self.subject, now)) is not None]
        return found + [hit.expected(self.subject, now) for hit in self.hits if hit.at <= now]


class CaseStory(Story):
    """One service case. Days are numbers of working days; see Hours."""

    def __init__(self, subject: str, item: Item, office: Office, hours: Hours, rng: Random) -> None:
        super().__init__(subject, office, item.task_code, hours, rng)
        self.item = item
        self.applicant = hashed("applicant", subject)
        self.acceptor = rng.choice(office.clerks)
        self.decider = rng.choice(office.deciders)
        self.began = self.paused = self.extended = self.approved = 0
        self.online = True
        self.renews = ""
        """The last day of the permit that is to be renewed."""
        self.reviewed_at: int | None = None
        self.promise = item.promised_limit.amount if item.promised_limit else 0
        self.legal = item.legal_limit.amount if item.legal_limit else 0

    def apply(self, received: int, at: int | None = None) -> None:
        """Applied shortly before it is received, or in an evening or on a day off that ends with that day."""
        rng, channel = self.rng, self.rng.choice(CHANNELS)
        receipt = self.hours.moment(received, 0, rng)
        if at is None:
            earlier = rng.randrange(MINUTE, 14 * HOUR, 1_000_000) if channel in ("web", "mobile") else 0
            at = receipt - max(earlier, rng.randrange(MINUTE, 20 * MINUTE, 1_000_000))
        self.online = channel in ("web", "mobile")
        kind = "person" if rng.random() < 0.4 else "company"
        instant = self.item.type == "instant"
        self.add(
            "case.applied", at, applicant=self.applicant, applicant_kind=kind, channel=channel,
            kind="renewal" if self.renews else "first", valid_until=self.renews,
            project_type="instant" if instant else "promise", item_version=self.item.effective.isoformat(),
            applicant_region=self.office.region if rng.random() < 0.9 else "510104",
            bundle_id=f"bundle-{rng.randrange(5)}" if rng.random() < 0.1 else "",
            visits=0 if self.online else rng.randrange(1, 3),
        )  # fmt: skip
        self.last = max(self.last, at, receipt - 15 * MINUTE)

    def receive(self, day: int) -> Record:
        self.began = day
        needed = sorted(self.rng.sample(MATERIALS, 3))
        number = f"R{self.hours.days[day]:%Y%m%d}{self.subject[-6:]}"
        return self.add(
            "case.received", self.on(day), self.acceptor, applicant=self.applicant, receipt_no=number,
            materials_required=needed, materials_shared=needed[: self.rng.randrange(3)],
        )  # fmt: skip

    def open(self, received: int) -> None:
        self.apply(received)
        self.receive(received)

    def notify(self, day: int, items: list[str]) -> Record:
        reason = "材料不齐全或者不符合法定形式"
        return self.add("case.correction_notified", self.on(day), self.acceptor, reason=reason, items=items)

    def correct(self, day: int, items: list[str]) -> None:
        self.began = day
        self.add("case.corrected", self.on(day), items=items)

    def accept(self, day: int) -> Record:
        promised = self.hours.day_end(day + self.promise) if self.promise else None
        record = self.add(
            "case.accepted", self.on(day), self.acceptor, office=self.item.offices[0],
            promised_days=self.promise or None, promised_at=iso(promised, ZONE) if promised else "",
        )  # fmt: skip
        self.limit("T04", self.began + ACCEPTANCE, record.at)
        if day <= self.began + ACCEPTANCE:
            self.began = day
        return record

    def answered_by_notice(self, record: Record) -> None:
        self.limit("T04", self.began + ACCEPTANCE, record.at)

    def refuse(self, day: int, reason: str) -> Record:
        record = self.add("case.not_accepted", self.on(day), self.acceptor, reason=reason)
        self.limit("T04", self.began + ACCEPTANCE, record.at)
        return record

    def suspend(self, day: int, kind: str, notice: str, approved: int, number: int = 1) -> Record:
        record = self.add(
            "case.suspended", self.on(day), self.decider, kind=kind, reason="依法需要专门程序",
            procedure_id=f"{self.subject}-p{number}", notice_no=notice, approved_days=approved,
        )  # fmt: skip
        self.approved = day + approved
        return record

    def resume(self, day: int, number: int = 1) -> None:
        record = self.add("case.resumed", self.on(day), self.decider, procedure_id=f"{self.subject}-p{number}")
        self.limit("T07", self.approved, record.at)

    def extend(self, day: int, days: int, role: str) -> None:
        self.add(
            "case.extended", self.on(day), self.decider, days=days, approver=self.office.head,
            approver_role=role, reason="情况复杂",
        )  # fmt: skip

    def stages(self, first: int, last: int) -> None:
        """The item's stages, one after another, between two days."""
        for number, stage in enumerate(self.item.required_stages):
            here = first + (last - first) * number // len(self.item.required_stages)
            ended = self.stage(stage, here, min(here + 1, last))
            if self.rng.random() < 0.03:
                ended.lag = self.rng.randrange(18 * HOUR, 23 * HOUR, 1_000_000)

    def stage(self, stage: str, first: int, last: int) -> Record:
        """One stage from one day to another; the record of its end."""
        handler = self.rng.choice(self.office.clerks)
        started = self.add("case.stage", self.on(first), handler, stage=stage, action="start")
        started.data["started"] = iso(started.at, ZONE)
        ended = self.add("case.stage", self.on(last), handler, stage=stage, action="end")
        ended.data |= {"started": started.data["started"], "ended": iso(ended.at, ZONE)}
        return ended

    def decide(self, day: int, result: str = "granted", reason: str = "", at: int | None = None, **how: Any) -> Record:
        record = self.add(
            "case.decided", at or self.on(day), how.pop("actor", self.decider), result=result,
            reason=reason, automatic=how.pop("automatic", False),
            publishable=result == "granted" and self.item.type == "permit", visits=0 if self.online else 1,
        )  # fmt: skip
        self.handled(record.at, **how)
        return record

    def handled(self, stopped_at: int | None, contested: bool = False) -> None:
        """Writes down the limits of the handling clock, which began on `self.began` and stopped then."""
        if not self.promise:
            return
        if self.item.review_limit:
            reviewed = [at for at in (self.reviewed_at, stopped_at) if at is not None]
            self.limit(
                "T03.review", self.began + self.item.review_limit.amount + self.paused, min(reviewed, default=None)
            )
        promise = self.began + self.promise + self.paused
        warning = self.fault or "decided on the last day"
        last = self.hours.days[promise]
        self.limit("T01", promise - 1, stopped_at, fault=warning, due_date=last)
        self.limit("T02", promise, stopped_at, contested=contested)
        self.limit("T03", self.began + self.legal + self.paused + self.extended, stopped_at)

    def publish(self, day: int | None, decided: int) -> None:
        """Published on that day, or never."""
        at = None if day is None else self.add("case.published", self.on(day), what="permit", where="信用网站").at
        self.limit("U01", decided + PUBLICATION, at)

    def deliver(self, day: int | None, decided: int) -> None:
        """Delivered on that day, or never."""
        at = None
        if day is not None:
            number, courier = f"CERT{self.subject[-6:]}", self.rng.random() < 0.3
            at = self.add("case.delivered", self.on(day), certificate_no=number, courier=courier).at
        self.limit("T06", decided + DELIVERY, at)

    def close(self, day: int, code: str = "done", reason: str = "办结") -> Record:
        return self.add("case.closed", self.on(day), finish_code=code, reason=reason)

    def withdraw(self, day: int) -> None:
        record = self.add("case.withdrawn", self.on(day), reason="申请人主动撤回")
        self.handled(record.at)

    def finish(self, decided: int, published: int | None = 0, delivered: int | None = 0) -> None:
        """What follows a grant; 0 draws a day in time, None is never."""
        rng = self.rng
        publishes, gives = self.item.type == "permit", self.item.has_certificate
        when = [rng.randrange(6) + decided if day == 0 else day for day in (published, delivered)]
        steps: list[tuple[int | None, Callable[[int | None, int], None]]] = []
        if publishes:
            steps.append((when[0], self.publish))
        if gives:
            number, electronic = f"CERT{self.subject[-6:]}", rng.random() < 0.7
            self.add("cert.issued", self.on(decided), certificate_no=number, electronic=electronic)
            steps.append((when[1], self.deliver))
        for day, step in sorted(steps, key=lambda each: each[0] or 0):
            step(day, decided)
        end = max([day_ for day_, _ in steps if day_ is not None], default=decided)
        self.close(max(end, decided) + rng.randrange(0, 2))
        if rng.random() < 0.3:
            self.review(max(end, decided) + 2)

    def review(self, day: int) -> None:
        rng = self.rng
        satisfaction = rng.choices((1, 2, 3, 4, 5), (55, 25, 12, 5, 3))[0]
        name = f"{self.subject}-r1"
        default = satisfaction == 1 and rng.random() < 0.2
        self.add("review.submitted", self.on(day), review_id=name, satisfaction=satisfaction, is_default=default)
        if satisfaction >= 4:
            self.add("review.verified", self.on(day + 1), self.decider, review_id=name)
            self.add("review.rectified", self.on(day + 1 + rng.randrange(1, 4)), self.decider, review_id=name)

    def expected(self, now: int) -> list[Expected]:
        further = [*left_lying(self.records, self.hours, self.item.special_procedures), *self._closures()]
        found = (expected_of(each, self.subject, now) for each in further)
        return super().expected(now) + [each for each in found if each is not None]

    def _closures(self) -> list[Limit]:
        """What is handled jointly has its legal limit until the closure of the whole."""
        closed = next((each.at for each in self.records if each.type in ("case.closed", "case.withdrawn")), None)
        legal = [each for each in self.limits if each.rule == "T03" and self.item.joint]
        return [msgspec.structs.replace(each, rule="T03.joint", stopped_at=closed) for each in legal]

    def rated(self, day: int, satisfaction: int) -> str:
        """A rating of that day; its number."""
        name = f"{self.subject}-r9"
        self.add("review.submitted", self.on(day), review_id=name, satisfaction=satisfaction)
        return name

    def slow(self, record: Record) -> None:
        """Typed in long after it happened, but not so late that a limit had run out meanwhile."""
        record.lag = self.rng.randrange(26 * HOUR, 47 * HOUR, 1_000_000)
        self.hit("P02", record, "over_threshold")
