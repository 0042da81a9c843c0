"""Decides how calls to the hotline go: answered on the day, forgotten, or none at all for days."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from rules.model.times import MINUTE
from streams.simulate.cases import Story
from streams.simulate.hours import Hours
from streams.simulate.town import Office, Town
from streams.simulate.truth import Hit
from streams.simulate.versions import Record

HOTLINE = "hotline-12345"
LIMITS = {"consultation": 2, "request": 10, "complaint": 15}
"""Working days in which a call is answered, by local numbers."""
SILENT, ROOM = 3, 9
"""For so many working days nobody calls, in a month that has room for it."""


class CallStory(Story):
    """One call: filed, handed on, answered."""

    def __init__(self, subject: str, office: Office, hours: Hours, rng: Random) -> None:
        super().__init__(subject, office, "", hours, rng)
        self.kind = rng.choice(tuple(LIMITS))

    def call(self, type_: str, at: int) -> Record:
        said = {"complaint_id": f"{self.subject}-c1", "kind": self.kind, "complained_organ": self.office.name}
        return self.add(type_, at, self.office.clerks[0], **said)

    def come_in(self, day: int) -> None:
        self.call("complaint.filed", self.on(day))
        self.call("complaint.dispatched", self.on(day))

    def answer(self, day: int, dispatched: int) -> None:
        answered = self.call("complaint.answered", self.on(day))
        self.limit("T05.hotline", dispatched + LIMITS[self.kind], answered.at)


def answered_too_late(call: CallStory, day: int) -> None:
    dispatched = day - LIMITS[call.kind]
    call.come_in(dispatched)
    call.answer(day + 1, dispatched)


def calls(town: Town, hours: Hours, breach: int, month: str) -> Iterator[Story]:
    """A call on every working day but for a gap in the middle, and one that was answered after working day `breach`."""
    rng = Random(f"{town.seed}/calls")
    offices = [town.offices[place, "market"] for place in sorted({region for region, _ in town.offices})]
    late = CallStory(f"RX-{month}-late", rng.choice(offices), hours, rng)
    late.fault = answered_too_late.__name__
    answered_too_late(late, breach)
    yield late
    last = max(hours.last, hours.first)
    gap = (hours.first + last - SILENT) // 2 if last - hours.first >= ROOM else last
    before: Story | None = None
    for day in range(hours.first, last + 1):
        if gap < day <= gap + SILENT:
            continue
        call = CallStory(f"RX-{month}-{day - hours.first:04d}", rng.choice(offices), hours, rng)
        call.source = HOTLINE
        call.come_in(day)
        call.answer(day, day)
        for record in call.records:
            record.lag = record.travel = MINUTE
        if before is not None and day > gap + SILENT >= day - 1:
            _fell_silent(call, gap, town)
        before = call
        yield call


def _fell_silent(call: CallStory, gap: int, town: Town) -> None:
    """What the town expects of its hotline had not come for a working day, until this call came."""
    if HOTLINE not in town.expected:
        return
    hours = call.hours
    call.hits.append(
        Hit(
            rule="D01", fault="nobody called", at=hours.day_end(gap + 1), reason="silent", subject=HOTLINE,
            ended_at=call.records[0].at, due_date=hours.days[gap + 1],
        )
    )  # fmt: skip
