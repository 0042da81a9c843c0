"""Decides what only many events together break: a fine far from its peers, a batch that the exchange delivers late."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

from rules.model.times import DAY, HOUR, MINUTE, SECOND
from streams.simulate.cases import Story
from streams.simulate.hours import Hours
from streams.simulate.town import Town, hashed, uscc
from streams.simulate.truth import Hit
from streams.simulate.versions import Record

ENOUGH = 100
"""Cases that a month has at least where such a crowd is told beside them."""
PEERS, BATCH = 30, 24
USUAL, FAR = 100.0, 1_000.0


def crowds(town: Town, hours: Hours, breach: int, month: str) -> Iterator[Story]:
    """The crowds of a month; what they break stands on working day `breach`."""
    yield _fined(town, hours, breach, month)
    yield _delivered_late(town, hours, breach, month)


def _of(story: Story, subject: str, type_: str, at: int, **data: Any) -> Record:
    """A record of another subject, at once by a line of its own."""
    story.subject = subject
    record = story.add(type_, at, **data)
    record.lag = record.travel = MINUTE
    return record


def _fined(town: Town, hours: Hours, day: int, month: str) -> Story:
    """Fines on the spot for the same, each of a hundred yuan, and then one of a thousand."""
    rng = Random(f"{town.seed}/fined")
    office, task_code = town.inspector(rng)
    story = Fines(f"CF-{month}-spot", office, task_code, hours, rng)
    story.fault = "fined far from its peers"
    said = {"procedure": "simple", "origin": "check", "violation": "占道经营", "result": "fine", "publishable": False}
    for number in range(PEERS + 1):
        fine = USUAL if number < PEERS else FAR
        at, thing = hours.moment(day - PEERS + number, 0, rng), uscc(office.region, 8_000 + number)
        record = _of(story, f"CF-{month}-spot-{number:03d}", "penalty.decided", at, object_id=thing, fine=fine, **said)
    story.hit("I05.outlier", record, "far_from_baseline")
    return story


class Fines(Story):
    stream = "inspection"


def _delivered_late(town: Town, hours: Hours, day: int, month: str) -> Story:
    """Applications that the exchange kept for two days and delivered at one instant."""
    rng = Random(f"{town.seed}/delivered")
    item = rng.choice(town.promised)
    story = Story("", town.office_for(item, rng), item.task_code, hours, rng)
    story.source, story.fault = f"exchange-{story.office.region}", "delivered late"
    arrives = hours.moment(day, 0, rng)
    for number in range(BATCH):
        subject = f"SC-{story.office.region}-{month}-X{number:04d}"
        record = _of(
            story, subject, "case.applied", arrives - 2 * DAY - (number + 2) * MINUTE,
            applicant=hashed("applicant", subject), channel="web", kind="first", project_type="promise",
        )  # fmt: skip
        record.lag = SECOND
        record.travel = arrives - record.at - SECOND
    story.hits.append(
        Hit(
            rule="D01.late", fault=story.fault, at=arrives, reason="over_threshold", ended_at=arrives + HOUR,
            subject=story.records[0].subject,  # an alert of a window is about its first event
        )
    )  # fmt: skip
    return story
