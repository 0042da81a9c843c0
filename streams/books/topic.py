"""Decides how a published book travels: the topic `books`, whose key is the name, read whole by everybody."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from streams.books.published import NotABook, Published, encode_published, read_published
from streams.settings import Settings
from streams.topics import BOOKS, LARGEST_MESSAGE, Names


@dataclass(frozen=True, slots=True)
class Found:
    """A record of the topic: the book, or why it is none."""

    offset: int
    name: str
    book: Published | None
    fault: str = ""


def found(record: Any) -> Found:
    """What a record says. One whose key is not the name of its book is none."""
    name = (record.key or b"").decode(errors="replace")
    try:
        book = read_published(record.value or b"")
        if book.name != name:
            raise NotABook(f"the key of this record is {name[:100]!r}, the name of its book {book.name!r}")
    except NotABook as fault:
        return Found(record.offset, name, None, str(fault))
    return Found(record.offset, name, book)


@asynccontextmanager
async def reading(
    settings: Settings, position: int = 0, topic: str = BOOKS
) -> AsyncIterator[tuple[AIOKafkaConsumer, TopicPartition]]:
    """A consumer of the one partition of a topic, without a group. Raises KafkaError when no broker answers."""
    source = TopicPartition(Names(settings.topic_prefix, settings.app).of(topic), 0)
    consumer = AIOKafkaConsumer(
        bootstrap_servers=settings.kafka_bootstrap_servers,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        max_partition_fetch_bytes=2 * LARGEST_MESSAGE,
    )
    await consumer.start()
    try:
        consumer.assign([source])
        consumer.seek(source, position)
        yield consumer, source
    finally:
        await consumer.stop()


async def published_books(settings: Settings) -> tuple[list[Found], int]:
    """Everything that the topic still holds, oldest first, and the offset behind it."""
    records, end = await whole(settings, BOOKS)
    return [found(record) for record in records], end


async def whole(settings: Settings, topic: str) -> tuple[list[Any], int]:
    """The records of a topic of one partition that say something, oldest first, and the offset behind them."""
    async with reading(settings, topic=topic) as (consumer, source):
        end = (await consumer.end_offsets([source]))[source]
        records: list[Any] = []
        while await consumer.position(source) < end:
            records += (await consumer.getmany(source, timeout_ms=500)).get(source, [])
    return [record for record in records if record.value is not None], end


async def publish(settings: Settings, book: Published) -> None:
    """Returns when every replica has it. Raises KafkaError."""
    topic = Names(settings.topic_prefix, settings.app).of(BOOKS)
    async with AIOKafkaProducer(
        bootstrap_servers=settings.kafka_bootstrap_servers,
        acks="all",
        enable_idempotence=True,
        compression_type="gzip",
        max_request_size=LARGEST_MESSAGE,
    ) as producer:
        await producer.send_and_wait(topic, encode_published(book), key=book.name.encode(), partition=0)
