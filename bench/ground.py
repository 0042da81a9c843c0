"""A broker, a warehouse and processes for measuring; everything that is started here is stopped here."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError
from aiokafka.structs import OffsetAndMetadata

from bench.workload import Line, Workload
from rules.model.events import CHANNELS
from streams import clock, topics
from streams.local.broker import Broker
from streams.marks import put_marks
from streams.settings import Settings, from_environment
from tests.streams.lane_harness import Worker

LOOK_EVERY = 0.02
PATIENCE = 900.0


class Stuck(Exception):
    """A process under measurement ended, or nothing moved any more."""


@dataclass
class Ground:
    """A broker and a folder; `settings(name)` are those of a system of its own on them."""

    broker: Broker
    folder: Path
    book: Path
    partitions: int

    def settings(self, name: str, clickhouse_url: str = "") -> Settings:
        here = from_environment({"MINGJING_CLOCK": "event"})
        return replace(
            here,
            kafka_bootstrap_servers=self.broker.bootstrap,
            clickhouse_url=clickhouse_url or here.clickhouse_url,
            state=self.folder / name,
            app=name,
            topic_prefix=f"{name}.",
            partitions=self.partitions,
            book=self.book,
        )


@contextmanager
def ground(folder: Path, workload: Workload, partitions: int) -> Iterator[Ground]:
    broker = Broker(folder / "kafka", cache=from_environment({}).cache)
    broker.start()
    try:
        yield Ground(broker, folder, workload.book, partitions)
    finally:
        broker.kill()


@contextmanager
def running(settings: Settings, *command: str) -> Iterator[Worker]:
    """A role of the system as a process."""
    process = Worker(settings, ("-m", "streams.cli.main", *command))
    try:
        yield process
    finally:
        if process.process.poll() is None:
            process.kill()


def event_topics(settings: Settings) -> dict[str, str]:
    """Stream → the full name of its topic."""
    names = topics.Names(settings.topic_prefix, settings.app)
    return {stream: names.of(topic) for stream, topic in CHANNELS.items()}


async def feed(settings: Settings, lines: Iterator[Line]) -> None:
    """Everything as fast as it goes, and a mark behind it far enough that no lane waits."""
    names = event_topics(settings)
    async with AIOKafkaProducer(
        bootstrap_servers=settings.kafka_bootstrap_servers, enable_idempotence=True, linger_ms=20
    ) as producer:
        for stream, subject, value in lines:
            await producer.send(names[stream], value, key=subject.encode())
        await producer.flush()
        await put_marks(producer, names.values(), 0)


async def ends(settings: Settings) -> dict[TopicPartition, int]:
    """The end of every partition of the event topics."""
    async with _consumer(settings) as consumer:
        found = _partitions(settings)
        answer: dict[TopicPartition, int] = await consumer.end_offsets(found)
        return answer


def _consumer(settings: Settings) -> AIOKafkaConsumer:
    return AIOKafkaConsumer(
        bootstrap_servers=settings.kafka_bootstrap_servers,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        max_partition_fetch_bytes=4 << 20,
    )


def _partitions(settings: Settings) -> list[TopicPartition]:
    return [
        TopicPartition(name, partition)
        for name in event_topics(settings).values()
        for partition in range(settings.partitions)
    ]


async def bare_rate(settings: Settings) -> float:
    """Records a second that a consumer reads which does nothing with them."""
    wanted = sum((await ends(settings)).values())
    async with _consumer(settings) as consumer:
        consumer.assign(_partitions(settings))
        read, began = 0, clock.monotonic()
        while read < wanted:
            found = await consumer.getmany(timeout_ms=1_000, max_records=4_000)
            read += sum(len(records) for records in found.values())
        return read / (clock.monotonic() - began)


async def committed_rate(settings: Settings, group: str, process: Worker, moved: Callable[[int, int], None]) -> float:
    """Records a second by which a group's committed offsets move, from their first appearance to the end."""
    target = await ends(settings)
    total = sum(target.values())
    admin = AIOKafkaAdminClient(bootstrap_servers=settings.kafka_bootstrap_servers)
    await admin.start()
    first: tuple[float, int] | None = None
    give_up_at = clock.monotonic() + PATIENCE
    try:
        while True:
            known = await _committed(admin, group, target)
            done, now = sum(max(each.offset, 0) for each in known.values()), clock.monotonic()
            if first is None and any(each.offset >= 0 for each in known.values()):
                first = now, done
            if first is not None and done >= total:
                return (total - first[1]) / max(now - first[0], 1e-6)
            if process.process.poll() is not None or now > give_up_at:
                raise Stuck(f"{group}: {done:,} of {total:,}; the log is {process.log}")
            moved(done, total)
            await asyncio.sleep(LOOK_EVERY)
    finally:
        await admin.close()


async def _committed(
    admin: AIOKafkaAdminClient, group: str, target: dict[TopicPartition, int]
) -> dict[TopicPartition, OffsetAndMetadata]:
    """The committed offsets; none as long as the broker has no coordinator for groups yet."""
    try:
        found: dict[TopicPartition, OffsetAndMetadata] = await admin.list_consumer_group_offsets(
            group, partitions=list(target)
        )
    except KafkaError as fault:
        if not fault.retriable:
            raise
        return {}
    return found
