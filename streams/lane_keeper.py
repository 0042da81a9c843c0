"""Decides which lanes run in this worker: those whose partitions the group gives to it, and no others."""

import asyncio
import logging
import os
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.abc import ConsumerRebalanceListener
from mode import Service

from streams.books.edition import InForce
from streams.lane_ground import Ground, Pace, Progress, Work
from streams.lanes import Lane
from streams.settings import Settings
from streams.store import StateError, WorkerFolder
from streams.topics import WITH_STATE, Names

log = logging.getLogger(__name__)

SESSION_MS = 6_000
"""The broker's minimum: what a take-over after kill -9 waits."""

REBALANCE_MS = 60_000
LAST_MOMENTS = 5.0


class Assignments(ConsumerRebalanceListener):  # type: ignore[misc]
    """Passes on what the group decides. aiokafka only logs what a listener raises, so nothing may."""

    def __init__(self, keeper: "LaneKeeper") -> None:
        self._keeper = keeper

    async def on_partitions_revoked(self, revoked: Any) -> None:
        await self._keeper.guard(self._keeper.halt())

    async def on_partitions_assigned(self, assigned: Any) -> None:
        await self._keeper.guard(self._keeper.work(assigned))


class LaneKeeper(Service):  # type: ignore[misc]
    """The service of the Faust app that owns the consumer of the event topics and of `facts`."""

    def __init__(
        self, settings: Settings, in_force: InForce, ask: Callable[[Work], Awaitable[Any]], **options: Any
    ) -> None:
        super().__init__(**options)
        self._settings, self.in_force, self._ask = settings, in_force, ask
        self._names = Names(settings.topic_prefix, settings.app)
        self._topics = {self._names.of(topic): topic for topic in WITH_STATE}
        self._lanes: dict[TopicPartition, Lane] = {}
        self._tasks: dict[TopicPartition, asyncio.Task[None]] = {}
        self.counters: Counter[str] = Counter()
        self.fault: BaseException | None = None

    async def on_start(self) -> None:
        self._folder = WorkerFolder(self._settings.state, self._settings.app)
        self._consumer = AIOKafkaConsumer(
            bootstrap_servers=self._settings.kafka_bootstrap_servers,
            group_id=f"{self._settings.app}-supervise",
            isolation_level="read_committed",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            session_timeout_ms=SESSION_MS,
            heartbeat_interval_ms=1_500,
            rebalance_timeout_ms=REBALANCE_MS,
            max_partition_fetch_bytes=4 << 20,
        )
        self._ground = Ground(
            self._settings, self.in_force, self._consumer, self._folder, self._ask, Pace(), self.counters
        )
        self._consumer.subscribe(topics=sorted(self._topics), listener=Assignments(self))
        await self._consumer.start()

    async def on_stop(self) -> None:
        await self._last_halt()
        log.info("judged: %s", ", ".join(f"{name} {count}" for name, count in sorted(self.counters.items())))
        await self._consumer.stop()
        closing = [asyncio.ensure_future(lane.close()) for lane in self._lanes.values()]
        if closing:
            await asyncio.wait(closing, timeout=LAST_MOMENTS / 2)
        self._folder.__exit__()

    async def _last_halt(self) -> None:
        """Halts as ever, but waits for no step that will not come: after a fault the agents may be gone."""
        for source in self._tasks:
            self._lanes[source].halt()
        if self._tasks:
            patience = 0.5 if self.fault else LAST_MOMENTS
            _, stuck = await asyncio.wait(self._tasks.values(), timeout=patience)
            for task in stuck:
                task.cancel()

    @property
    def worker(self) -> str:
        """The name of this worker among those of its machine."""
        return self._folder.path.name

    @property
    def outdated(self) -> int:
        """How much of what its lanes hold another book judged last."""
        return sum(lane.outdated for lane in self._lanes.values())

    def progress(self) -> list[Progress]:
        """How far each open lane is, by name."""
        open_lanes = filter(None, (lane.progress for lane in self._lanes.values()))
        return sorted(open_lanes, key=lambda each: each.lane)

    async def guard(self, change: Awaitable[None]) -> None:
        try:
            await change
        except Exception as fault:
            self._end_with(fault)

    async def halt(self) -> None:
        """Returns when no lane is in the middle of a step: what they hold stays open."""
        for source in self._tasks:
            self._lanes[source].halt()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        self._tasks.clear()

    async def work(self, assigned: Iterable[TopicPartition]) -> None:
        """Goes on with the lanes that stay, gives up those that went, and opens the new ones."""
        wanted = set(assigned)
        await asyncio.gather(*(self._lanes.pop(source).close() for source in self._lanes.keys() - wanted))
        for source in sorted(wanted):
            if source not in self._lanes:
                self._lanes[source] = Lane(self._ground, self._topics[source.topic], source.partition)
            self._tasks[source] = task = asyncio.ensure_future(self._lanes[source].run())
            task.add_done_callback(self._ended)
        log.info("works on %s", ", ".join(sorted(lane.name for lane in self._lanes.values())))

    def _ended(self, task: "asyncio.Task[None]") -> None:
        if not task.cancelled() and (fault := task.exception()) is not None:
            self._end_with(fault)

    def _end_with(self, fault: BaseException) -> None:
        """Fenced or unknown: this process ends, its supervisor starts another, everything is read again."""
        if self.fault is not None:
            return
        self.fault = fault
        if isinstance(fault, StateError):
            log.critical("%s", fault)
        else:
            log.critical("a lane failed, this worker ends: %r", fault, exc_info=fault)
        asyncio.get_running_loop().call_later(LAST_MOMENTS, os._exit, 1)
        self.add_future(self.crash(fault))
