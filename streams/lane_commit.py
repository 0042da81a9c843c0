"""Decides how a step leaves a lane: every record of it and the source offset in one Kafka transaction."""

import asyncio
from collections.abc import Mapping
from typing import Any, NamedTuple

from aiokafka import AIOKafkaProducer, TopicPartition

from streams import clock
from streams.marks import Headers

TRANSACTION_TIMEOUT_MS = 10_000
"""A frozen worker must not hold back those who read committed records for longer than this."""

BATCH_BYTES = 900_000
NONE: Headers = []


class Written(NamedTuple):
    """What the broker said of the last batch in a partition."""

    next: int | None
    """The offset behind it; None where the broker no longer knew (a repeated batch)."""
    appended_at: int
    """Epoch microseconds, by the broker's clock."""


def transactional_producer(bootstrap: str, transactional_id: str) -> AIOKafkaProducer:
    """Starting it fences every earlier producer of that id."""
    return AIOKafkaProducer(
        bootstrap_servers=bootstrap,
        transactional_id=transactional_id,
        transaction_timeout_ms=TRANSACTION_TIMEOUT_MS,
        max_batch_size=BATCH_BYTES,
        max_request_size=4 << 20,
        retry_backoff_ms=20,
    )


class Outbox:
    """The records of one transaction, by topic and partition, in the order in which they were put.

    Whole batches are handed over: the producer's `send` costs more per record than judging it.
    """

    def __init__(self, producer: AIOKafkaProducer) -> None:
        self._producer = producer
        self._batches: dict[TopicPartition, list[Any]] = {}

    def put(
        self,
        topic: str,
        partition: int,
        key: bytes | None,
        value: bytes | None,
        headers: Headers = NONE,
    ) -> None:
        batches = self._batches.setdefault(TopicPartition(topic, partition), [])
        if batches and batches[-1].append(timestamp=None, key=key, value=value, headers=headers):
            return
        batch = self._producer.create_batch()
        batch.append(timestamp=None, key=key, value=value, headers=headers)
        batches.append(batch)

    async def commit(
        self, offsets: Mapping[TopicPartition, int], group: str
    ) -> tuple[dict[TopicPartition, Written], int]:
        """One transaction; what was written where, and when it was begun (epoch microseconds).

        Any exception leaves it open or aborted: the caller's process has to end and read everything again.
        """
        begun_at = clock.now_us()
        await self._producer.begin_transaction()
        written = dict(await asyncio.gather(*(self._send(*item) for item in self._batches.items())))
        if offsets:  # not beside the records: the broker refuses those while it adds the group
            await self._producer.send_offsets_to_transaction(dict(offsets), group)
        await self._producer.commit_transaction()
        return written, begun_at

    async def _send(self, target: TopicPartition, batches: list[Any]) -> tuple[TopicPartition, Written]:
        for batch in batches:
            batch.close()
        acknowledged = [
            await self._producer.send_batch(batch, target.topic, partition=target.partition) for batch in batches
        ]
        last = (await asyncio.gather(*acknowledged))[-1]
        known = last.offset >= 0
        following = last.offset + batches[-1].record_count() if known else None
        return target, Written(following, last.timestamp * 1_000)
