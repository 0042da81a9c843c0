"""Measures how long an event takes to its alert: sent at a pace, its alert awaited, both seen by one clock."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from bench.figures import Progress
from bench.ground import Stuck, committed_rate, event_topics
from bench.workload import Line
from rules.language import load_book
from rules.model.alerts import parse_alert
from streams import clock, topics
from streams.marks import put_marks
from streams.settings import Settings
from tests.streams.lane_harness import Worker

BATCH_SECONDS = 0.01
SETTLE_SECONDS = 3.0
UP_WITHIN = 60.0
WARM_UP = 0.2
"""The first share of the events is not counted."""


class Heading(msgspec.Struct):
    """What tells an event apart."""

    source: str
    id: str


@dataclass
class Delays:
    """In milliseconds; `echoes` are of the events themselves, read back from their topic."""

    subjects: list[float] = field(default_factory=list)
    groups: list[float] = field(default_factory=list)
    echoes: list[float] = field(default_factory=list)


class Watch:
    """What has been sent and when, and what came of it."""

    def __init__(self, book: Path) -> None:
        rules = load_book(book).rules
        self.at_once = {rule.id for rule in rules if rule.kind != "deadline"}
        """A deadline's alert waits for the clock, not for the machine."""
        self.sent: dict[tuple[str, str], float] = {}
        self.found = Delays()
        self.read = 0

    def seen(self, value: bytes) -> None:
        """An event is back from its topic."""
        self.read += 1
        heading = _heading(value)
        sent = self.sent.get((heading.source, heading.id))
        if sent is not None and self.read % 20 == 0:
            self.found.echoes.append((clock.monotonic() - sent) * 1_000)

    def alerted(self, value: bytes) -> None:
        alert = parse_alert(value)
        sent = self.sent.get(alert.occasion)
        if sent is None or alert.revision != 1 or alert.rule not in self.at_once:
            return
        delays = self.found.groups if alert.group else self.found.subjects
        delays.append((clock.monotonic() - sent) * 1_000)


_heading = msgspec.json.Decoder(Heading).decode


async def delays(
    settings: Settings, book: Path, lines: Sequence[Line], rate: float, process: Worker, progress: Progress
) -> Delays:
    """Sends the lines at the rate and gives the delays of what follows the warm-up."""
    watch = Watch(book)
    names = topics.Names(settings.topic_prefix, settings.app)
    await _up(settings, process)
    readers = [
        asyncio.create_task(_read(settings, [names.of(topics.ALERTS)], watch.alerted)),
        asyncio.create_task(_read(settings, list(event_topics(settings).values()), watch.seen)),
    ]
    try:
        await _send(settings, lines, rate, watch, progress)
        await asyncio.sleep(SETTLE_SECONDS)
        if process.process.poll() is not None:
            raise Stuck(f"the worker ended; its log is {process.log}")
    finally:
        for each in readers:
            each.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.gather(*readers)
    return watch.found


async def _up(settings: Settings, process: Worker) -> None:
    """Until every lane has answered a mark with a commit."""
    async with AIOKafkaProducer(bootstrap_servers=settings.kafka_bootstrap_servers) as producer:
        for name in event_topics(settings).values():
            await producer.partitions_for(name)
        await put_marks(producer, event_topics(settings).values(), 0)
    group = f"{settings.app}-supervise"
    waiting = committed_rate(settings, group, process, lambda done, total: None)
    await asyncio.wait_for(waiting, UP_WITHIN)


async def _send(settings: Settings, lines: Sequence[Line], rate: float, watch: Watch, progress: Progress) -> None:
    names, warm = event_topics(settings), int(len(lines) * WARM_UP)
    async with AIOKafkaProducer(
        bootstrap_servers=settings.kafka_bootstrap_servers, enable_idempotence=True
    ) as producer:
        began = marked = clock.monotonic()
        number = 0
        while number < len(lines):
            now = clock.monotonic()
            for stream, subject, value in lines[number : int((now - began) * rate) + 1]:
                if number >= warm:
                    heading = _heading(value)
                    watch.sent[heading.source, heading.id] = clock.monotonic()
                await producer.send(names[stream], value, key=subject.encode())
                number += 1
            if now - marked >= 1.0:
                progress(f"latency: {number:,} of {len(lines):,}")
                marked = now
            await asyncio.sleep(BATCH_SECONDS)
        await producer.flush()


async def _read(settings: Settings, sources: list[str], seen: Callable[[bytes], None]) -> None:
    consumer = AIOKafkaConsumer(
        *sources,
        bootstrap_servers=settings.kafka_bootstrap_servers,
        isolation_level="read_committed",
        auto_offset_reset="earliest",
    )
    await consumer.start()
    try:
        async for record in consumer:
            if record.value:
                seen(record.value)
    finally:
        await consumer.stop()
