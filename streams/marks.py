"""Decides how a clock mark travels: a record without key and value that says how far time has come."""

import asyncio
from collections.abc import Iterable
from typing import Any

from aiokafka import AIOKafkaProducer

HEADER = "mark"
LANE = "lane"

Headers = list[tuple[str, bytes]]


def mark_headers(at: int, lane: str = "") -> Headers:
    """`at` in epoch microseconds; `lane` names the event lane that speaks, in the facts topic."""
    headers: Headers = [(HEADER, str(at).encode())]
    if lane:
        headers.append((LANE, lane.encode()))
    return headers


def mark_of(record: Any) -> tuple[int, str] | None:
    """(time, lane) of a consumed record that is a mark; None of any other."""
    if record.key or record.value:
        return None
    said = dict(record.headers)
    at = said.get(HEADER, b"")
    return (int(at), said.get(LANE, b"").decode()) if at.isdigit() else None


async def put_marks(producer: AIOKafkaProducer, topics: Iterable[str], at: int) -> None:
    """A mark behind everything that this producer has sent, in every partition of the topics.

    The producer's plain `send` refuses a record with neither key nor value, a batch of its own does not.
    """
    sent = []
    for topic in topics:
        for partition in sorted(await producer.partitions_for(topic)):
            batch = producer.create_batch()
            batch.append(timestamp=None, key=None, value=None, headers=mark_headers(at))
            batch.close()
            sent.append(await producer.send_batch(batch, topic, partition=partition))
    await asyncio.gather(*sent)


def write_marks(bootstrap: str, topics: Iterable[str], at: int) -> None:
    """The same from a program without an event loop, once everything it has sent is acknowledged."""

    async def write() -> None:
        async with AIOKafkaProducer(bootstrap_servers=bootstrap, enable_idempotence=True) as producer:
            await put_marks(producer, topics, at)

    asyncio.run(write())
