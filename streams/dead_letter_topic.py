"""Decides what can be done with a dead letter: find it, read the bytes that it points at, send them again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from msgspec import Struct

from rules.model.events import Undecodable, stream_of
from streams.codec import DeadLetter, decode, parse_dead_letter

SECONDS_TO_READ = 10.0


class Resent(Struct, frozen=True):
    """What came of sending one dead letter again: `sent`, or the reason why it still cannot be used."""

    name: str
    sent: bool
    detail: str = ""


def name_of(letter: DeadLetter) -> str:
    """`topic-partition-offset`, or `file:line` of a row that no topic has: how it is called on the command line."""
    if not letter.topic:
        return f"{letter.source_file}:{letter.line}"
    return f"{letter.topic}-{letter.partition}-{letter.offset}"


@asynccontextmanager
async def consumer_of(bootstrap: str, *topics: str) -> AsyncIterator[AIOKafkaConsumer]:
    """A consumer without a group: it reads its topics from their beginning, and commits nothing."""
    consumer = AIOKafkaConsumer(
        *topics,
        bootstrap_servers=bootstrap,
        enable_auto_commit=False,
        isolation_level="read_committed",
        auto_offset_reset="earliest",
    )
    try:
        await consumer.start()
        yield consumer
    finally:
        await consumer.stop()


async def letters(bootstrap: str, topic: str) -> list[DeadLetter]:
    """Every dead letter of the topic, oldest first. A record that is none is passed over."""
    found: list[DeadLetter] = []
    async with consumer_of(bootstrap, topic) as consumer:
        parts = sorted(consumer.assignment())
        ends = await consumer.end_offsets(parts)
        while any([await consumer.position(part) < ends[part] for part in parts]):
            for records in (await consumer.getmany(timeout_ms=500)).values():
                found += [letter for record in records if (letter := _letter(record.value)) is not None]
    return sorted(found, key=lambda letter: letter.at)


def _letter(value: bytes | None) -> DeadLetter | None:
    try:
        return parse_dead_letter(value or b"")
    except msgspec.MsgspecError:
        return None


async def source_bytes(consumer: AIOKafkaConsumer, letter: DeadLetter) -> bytes | None:
    """The bytes that a dead letter points at; None where it points at no record or retention has taken it."""
    if not letter.topic or letter.partition is None or letter.offset is None:
        return None
    part = TopicPartition(letter.topic, letter.partition)
    consumer.assign([part])
    begin = (await consumer.beginning_offsets([part]))[part]
    end = (await consumer.end_offsets([part]))[part]
    if not begin <= letter.offset < end:
        return None
    consumer.seek(part, letter.offset)
    record = await asyncio.wait_for(consumer.getone(part), SECONDS_TO_READ)
    value: bytes | None = record.value if record.offset == letter.offset else None
    return value


async def resend(bootstrap: str, topics: dict[str, str], chosen: list[DeadLetter], now: int) -> list[Resent]:
    """Sends what is decodable by now to the topic of its stream, keyed by its subject."""
    answers: list[Resent] = []
    async with (
        consumer_of(bootstrap) as consumer,
        AIOKafkaProducer(bootstrap_servers=bootstrap, enable_idempotence=True) as producer,
    ):
        for letter in chosen:
            value = await source_bytes(consumer, letter)
            answers.append(await _resent(producer, topics, letter, value, now))
    return answers


async def _resent(
    producer: AIOKafkaProducer, topics: dict[str, str], letter: DeadLetter, value: bytes | None, now: int
) -> Resent:
    name = name_of(letter)
    if value is None:
        return Resent(name, False, "its record is gone, or it was never in a topic")
    try:
        event = decode(value, None, now)
    except Undecodable as error:
        return Resent(name, False, str(error))
    topic = topics.get(stream_of(event.fact), letter.topic)
    await producer.send_and_wait(topic, value=value, key=event.subject.encode())
    return Resent(name, True, topic)
