"""Decides what happens after the simulated month: open cases go on, people come in with the clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from heapq import heappop, heappush, merge
from itertools import count
from random import Random

from rules.model.times import SECOND
from rules.tables import Item
from streams.simulate.cases import Story
from streams.simulate.hours import Hours
from streams.simulate.town import Office, Town, hashed
from streams.simulate.versions import Message, Post, Record


class WalkIn(Story):
    """A case that is over in a minute: somebody waits for it, or the machine decides."""

    def __init__(self, subject: str, item: Item, office: Office, hours: Hours, rng: Random) -> None:
        super().__init__(subject, office, item.task_code, hours, rng)
        self.item = item
        self.clerk, self.decider = rng.choice(office.clerks), rng.choice(office.deciders)

    def soon(self) -> int:
        return self.last + self.rng.randrange(2 * SECOND, 20 * SECOND, 1_000)

    def come_in(self, at: int) -> None:
        kind = "promise" if self.item.type != "instant" else "instant"
        applicant = hashed("applicant", self.subject)
        self.add(
            "case.applied", at, applicant=applicant, applicant_kind="person", channel="mobile", visits=0,
            kind="first", project_type=kind, item_version=self.item.effective.isoformat(),
        )  # fmt: skip
        self.add("case.received", self.soon(), self.clerk, applicant=applicant, receipt_no=f"R{self.subject[-10:]}")

    def decide(self, actor: str, automatic: bool) -> None:
        self.add("case.accepted", self.soon(), self.clerk, office=self.item.offices[0])
        publishable = self.item.type == "permit"
        self.add("case.decided", self.soon(), actor, result="granted", automatic=automatic, publishable=publishable)
        if publishable:
            self.add("case.published", self.soon(), what="permit", where="信用网站")
        if self.item.has_certificate:
            self.add("case.delivered", self.soon(), certificate_no=f"CERT{self.subject[-10:]}")
        self.add("case.closed", self.soon(), finish_code="done", reason="办结")


def by_machine(case: WalkIn) -> None:
    case.decide("", automatic=True)


def at_once(case: WalkIn) -> None:
    """P03: a promise case that a person decides within minutes."""
    case.decide(case.decider, automatic=False)


def by_one(case: WalkIn) -> None:
    """P03 and P08: the clerk who accepted it decides."""
    case.decide(case.clerk, automatic=False)


def refused_in_silence(case: WalkIn) -> None:
    """P07: refused without a reason."""
    case.add("case.not_accepted", case.soon(), case.clerk, reason="无")


FAULTY: tuple[Callable[[WalkIn], None], ...] = (at_once, by_one, refused_in_silence)


def walk_ins(town: Town, hours: Hours, since: int, cases_a_minute: float, faulty: float) -> Iterator[Message]:
    """Endless: new cases from an instant on, in the order of arrival, each seconds after it happened."""
    post = Post(travel=3 * SECOND)
    waiting: list[tuple[int, int, Message]] = []
    arrivals = Random(f"{town.seed}/walk-in/{since}")
    at, sequence = since, count()
    for number in count():
        at += int(arrivals.expovariate(cases_a_minute / 60) * SECOND)
        while waiting and waiting[0][0] <= at:
            yield heappop(waiting)[2]
        for record in _walk_in(town, hours, at, number, faulty).records:
            record.lag = SECOND
            for message in post.messages(record, Random(f"{town.seed}/{record.id}")):
                heappush(waiting, (message.arrives_at, next(sequence), message))


def _walk_in(town: Town, hours: Hours, at: int, number: int, faulty: float) -> WalkIn:
    rng = Random(f"{town.seed}/walk-in/{at}/{number}")
    bad = rng.random() < faulty
    item = rng.choice(town.promised if bad else town.items)
    office = town.office_for(item, rng)
    case = WalkIn(f"SC-{office.region}-W{at // SECOND}-{number:05d}", item, office, hours, rng)
    case.fault = "walk-in" if bad else ""
    case.come_in(at)
    (rng.choice(FAULTY) if bad else by_machine)(case)
    return case


def planned_later(later: list[tuple[Record, int]], seed: int) -> Iterator[Message]:
    """What the month had planned for after its end, in the order of arrival."""
    post = Post()
    made: list[tuple[int, int, Message]] = []
    for position, (record, number) in enumerate(later):
        rng = Random(f"{seed}/later/{number}/{position}")
        made.extend((message.arrives_at, position, message) for message in post.messages(record, rng))
    yield from (message for _, _, message in sorted(made, key=lambda each: each[:2]))


def in_order(*streams: Iterator[Message]) -> Iterator[Message]:
    """Several streams as one, by arrival."""
    return merge(*streams, key=lambda message: message.arrives_at)
