"""Decides how a simulated month enters Kafka: as any other history does, with its clock marks."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from streams.feed import Fed, Pace, feed
from streams.settings import Settings
from streams.simulate import Simulation
from streams.sources.emission import Sourced
from streams.sources.faults import DeadLetters, Place
from streams.topics import Names, ensure


def send(made: Simulation, here: Settings, speed: float, bad: DeadLetters) -> Fed:
    """The whole month, its last mark at its end. Makes topics that are missing; Kafka's errors pass."""
    ensure(here)
    names = Names(here.topic_prefix, here.app)
    return asyncio.run(feed(here.kafka_bootstrap_servers, names, _sourced(made), Pace(speed=speed), bad))


def _sourced(made: Simulation) -> Iterator[Sourced]:
    for line, each in enumerate(made.messages, 1):
        place = Place("simulate", line)
        yield Sourced(each.value, each.subject, each.stream, each.occurred_at, each.arrives_at, place)
