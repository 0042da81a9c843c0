"""The simulated month on a real broker."""

import asyncio

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition

from streams.marks import mark_of
from streams.settings import Settings
from streams.simulate import simulate
from streams.simulate.sending import send
from streams.sources.faults import DeadLetters
from streams.topics import EVENTS, Names

pytestmark = pytest.mark.broker


async def records_of(here: Settings) -> tuple[list[bytes], dict[TopicPartition, int]]:
    names = Names(here.topic_prefix, here.app)
    places = [TopicPartition(names.of(topic), number) for topic in EVENTS for number in range(here.partitions)]
    values: list[bytes] = []
    marks: dict[TopicPartition, int] = {}
    async with AIOKafkaConsumer(
        bootstrap_servers=here.kafka_bootstrap_servers,
        auto_offset_reset="earliest",  # a `seek_to_beginning` races with the default reset, which goes to the end
    ) as consumer:
        consumer.assign(places)
        ends = await consumer.end_offsets(places)
        while [place for place in places if await consumer.position(place) < ends[place]]:
            for place, found in (await consumer.getmany(timeout_ms=500)).items():
                read = [(each.value, mark_of(each)) for each in found]
                values += [value for value, mark in read if mark is None]
                if last := [mark[0] for _, mark in read if mark is not None][-1:]:
                    marks[place] = last[0]
    return values, marks


def test_every_message_is_on_its_topic_and_every_partition_ends_with_a_mark_at_the_end(
    broker_settings: Settings,
) -> None:
    made = simulate(4, 10, 30)
    bad = DeadLetters()
    fed = send(made, broker_settings, 0.0, bad)
    values, marks = asyncio.run(records_of(broker_settings))
    assert (fed.events, bad.total) == (len(made.messages), 0)
    assert sorted(values) == sorted(each.value for each in made.messages)
    assert set(marks.values()) == {made.now}
    assert len(marks) == len(EVENTS) * broker_settings.partitions
