"""Decides from what a lane's rows are rebuilt: the local store and the changelog's tail, or all of it."""

from aiokafka import AIOKafkaConsumer, TopicPartition

from rules.model.times import DAY
from streams import clock
from streams.store import Position, Store
from streams.topics import CHANGELOG_DAYS

OLDEST = CHANGELOG_DAYS * DAY // 2
"""An older store may miss deletions that the changelog has forgotten by now."""


def usable(position: Position | None, first: int, end: int, now: int) -> bool:
    """Whether the local rows can be carried on from, or must be wiped."""
    return position is not None and first <= position.next <= end and now - position.saved_at <= OLDEST


async def restore(store: Store, bootstrap: str, changelog: TopicPartition) -> tuple[int, int]:
    """Brings a store to the end of its changelog; that end, and the number of records read.

    The lane has fenced its predecessor before: nobody writes this partition any more, its end stands still.
    """
    consumer = AIOKafkaConsumer(
        bootstrap_servers=bootstrap,
        isolation_level="read_committed",
        enable_auto_commit=False,
        max_partition_fetch_bytes=8 << 20,
    )
    await consumer.start()
    try:
        consumer.assign([changelog])
        first = (await consumer.beginning_offsets([changelog]))[changelog]
        end = (await consumer.end_offsets([changelog]))[changelog]
        position = store.position
        if not usable(position, first, end, clock.now_us()):
            store.wipe()
            position = Position(first, clock.now_us())
        assert position is not None
        consumer.seek(changelog, position.next)
        return end, await _read_on(store, consumer, changelog, end)
    finally:
        await consumer.stop()


async def _read_on(store: Store, consumer: AIOKafkaConsumer, changelog: TopicPartition, end: int) -> int:
    count = 0
    while True:
        reached = await consumer.position(changelog)
        if reached >= end:
            store.write((), Position(reached, clock.now_us()))
            return count
        found = await consumer.getmany(changelog, timeout_ms=500, max_records=10_000)
        rows = [(record.key, record.value) for record in found.get(changelog, [])]
        count += len(rows)
        store.write(rows, Position(await consumer.position(changelog), clock.now_us()))
