"""Decides what the lanes of one worker share: settings, engine, consumer, folder, pace, counters."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from aiokafka import AIOKafkaConsumer

from streams.books.edition import InForce
from streams.lane_judge import Judged
from streams.settings import Settings
from streams.store import WorkerFolder
from streams.topics import Names

Work = Callable[[], Judged]


@dataclass(frozen=True, slots=True)
class Pace:
    """How much and how often; times in seconds."""

    chunk: int = 1_000
    backlog: int = 4_000
    gather: float = 0.05
    idle: float = 0.5
    mark_every: float = 1.0


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a lane is: its now in epoch microseconds, the records that wait as far as the broker has said."""

    lane: str
    book: str
    outdated: int
    now: int
    agrees: bool
    lag: int | None


@dataclass(frozen=True, slots=True)
class Ground:
    """What the lanes of one worker share."""

    settings: Settings
    in_force: InForce
    consumer: AIOKafkaConsumer
    folder: WorkerFolder
    ask: Callable[[Work], Awaitable[Judged]]
    """Has the agent do a piece of work."""
    pace: Pace = Pace()
    counters: Counter[str] = field(default_factory=Counter)
    refolding: asyncio.Lock = field(default_factory=asyncio.Lock)
    """One lane at a time judges anew: new events of the others wait for one piece, not for one of each lane."""

    @property
    def names(self) -> Names:
        return Names(self.settings.topic_prefix, self.settings.app)

    @property
    def group(self) -> str:
        return f"{self.settings.app}-supervise"
