"""Decides from where the alerts and clocks topics are read and what is said while Kafka cannot be reached."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from streams import clock
from streams.console.board import Board
from streams.console.clock_shelf import ClockShelf
from streams.console.link import Link

BACKLOG = 20_000
"""Records of each partition that are read from before the start; what is older comes from the warehouse."""
CHUNK = 500
GATHER_MS = 150
PROBE_EVERY = 1.0
PROBE_PATIENCE = 3.0
RETRY_AFTER = 1.0
ASSIGNMENT_POLL = 0.02
UNREADABLE = (msgspec.MsgspecError, ValueError, LookupError, TypeError, AttributeError)

NO_OTHERS: Mapping[str, Callable[[Any], None]] = {}

log = logging.getLogger(__name__)


class Unreachable(Exception):
    """Kafka does not answer, or the topic is not there yet."""


OUTAGES = (KafkaError, OSError, Unreachable, TimeoutError)
CUT_OFF = Unreachable("the connection was cut")


class Tail:
    """Follows its topics without a consumer group, read committed, as long as `follow` runs; `others` are told on."""

    def __init__(
        self,
        bootstrap: str,
        alerts: str,
        clocks: str,
        board: Board,
        shelf: ClockShelf,
        others: Mapping[str, Callable[[Any], None]] = NO_OTHERS,
    ) -> None:
        self._bootstrap = bootstrap
        self._alerts, self._clocks = alerts, clocks
        self._board, self._shelf, self._others = board, shelf, others
        self._positions: dict[TopicPartition, int] = {}
        self._absent: set[str] = set()
        self.link = Link()
        self.behind = 0
        self.unreadable = 0

    async def follow(self) -> None:
        """Never returns; a lost broker is found within a few seconds, waited for, and read on from."""
        # aiokafka reports every attempt of an outage; the page says it once.
        logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
        while True:
            reading = asyncio.create_task(self._read())
            try:
                await asyncio.wait({reading})
            finally:
                reading.cancel()
                await asyncio.gather(reading, return_exceptions=True)
            # A broker that goes leaves futures of aiokafka cancelled: that is an outage, not our end.
            fault = CUT_OFF if reading.cancelled() else reading.exception()
            if fault is not None and not isinstance(fault, OUTAGES):
                raise fault
            self._lost(fault or CUT_OFF)
            await asyncio.sleep(RETRY_AFTER)

    def _lost(self, fault: BaseException) -> None:
        reason = str(fault) or type(fault).__name__
        if not self.link.reason:
            log.warning("Kafka at %s is not reachable: %s", self._bootstrap, reason)
        self.link.lost(clock.now_us(), reason)

    async def _read(self) -> None:
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._bootstrap,
            isolation_level="read_committed",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            request_timeout_ms=10_000,
        )
        try:
            await consumer.start()
            await self._place(consumer)
            self.link.live(clock.now_us())
            await self._loop(consumer)
        finally:
            await consumer.stop()

    async def _place(self, consumer: AIOKafkaConsumer) -> None:
        every = {self._alerts, self._clocks, *self._others}
        wanted = every & await consumer.topics()
        self._absent = every - wanted
        if self._alerts not in wanted:
            raise Unreachable(f"no topic `{self._alerts}`")
        consumer.subscribe(sorted(wanted))
        async with asyncio.timeout(PROBE_PATIENCE):
            while {each.topic for each in consumer.assignment()} != wanted:
                await asyncio.sleep(ASSIGNMENT_POLL)
        partitions = sorted(consumer.assignment())
        first = await consumer.beginning_offsets(partitions)
        ends = await consumer.end_offsets(partitions)
        for each in partitions:
            before = self._positions.get(each)
            known = before is not None and first[each] <= before <= ends[each]
            consumer.seek(each, before if known else max(first[each], ends[each] - BACKLOG))

    async def _loop(self, consumer: AIOKafkaConsumer) -> None:
        probe_at = 0.0
        while True:
            chunk = await consumer.getmany(timeout_ms=GATHER_MS, max_records=CHUNK)
            for partition, records in chunk.items():
                for record in records:
                    self._take(record)
                self._positions[partition] = records[-1].offset + 1
            if clock.monotonic() >= probe_at:
                await self._probe(consumer)
                if self._absent and self._absent & await consumer.topics():
                    await self._place(consumer)  # a worker has made them by now
                probe_at = clock.monotonic() + PROBE_EVERY
            await asyncio.sleep(0)

    async def _probe(self, consumer: AIOKafkaConsumer) -> None:
        async with asyncio.timeout(PROBE_PATIENCE):
            ends = await consumer.end_offsets(consumer.assignment())
            places = [(each, await consumer.position(each)) for each in ends]
        self.behind = sum(max(0, ends[each] - place) for each, place in places)

    def _take(self, record: Any) -> None:
        if record.value is None:
            return
        try:
            if (other := self._others.get(record.topic)) is not None:
                other(record)
            elif record.topic == self._alerts:
                self._board.take(record.value, record.timestamp * 1_000)
            else:
                self._shelf.take(record.value)
        except UNREADABLE as fault:
            self.unreadable += 1
            log.warning("%s-%d@%d: %s", record.topic, record.partition, record.offset, fault)
