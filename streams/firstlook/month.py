"""Decides what a first look is fed: a month in a few seconds, then people who come in as the clock goes."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from itertools import count

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from rules.model.events import CHANNELS
from rules.model.times import SECOND, local_day
from streams import clock
from streams.feed import Pace, feed
from streams.marks import put_marks
from streams.settings import Settings
from streams.simulate import Simulation, live, simulate
from streams.simulate.versions import Message
from streams.sources.emission import Sourced
from streams.sources.faults import DeadLetters, Place
from streams.topics import EVENTS, Names

ZONE = "Asia/Shanghai"
DAYS = 30
TICK = 1.0


def month_until_today(seed: int, cases: int) -> Simulation:
    """The thirty days before today."""
    today = local_day(clock.now_us(), ZONE)
    return simulate(seed, DAYS, cases, today - timedelta(days=DAYS))


async def has_events(settings: Settings) -> bool:
    """Whether somebody has fed these topics before: the month is told once."""
    names = Names(settings.topic_prefix, settings.app)
    async with AIOKafkaConsumer(bootstrap_servers=settings.kafka_bootstrap_servers) as consumer:
        sources = [TopicPartition(names.of(each), n) for each in EVENTS for n in range(settings.partitions)]
        ends = await consumer.end_offsets(sources)
    return any(end > 0 for end in ends.values())


async def tell_month(settings: Settings, month: Simulation, say: Callable[[str], None]) -> None:
    """The whole month at once, with its clock marks."""
    began = clock.monotonic()
    places = (Place("simulate", line) for line in count(1))
    sourced = (
        Sourced(each.value, each.subject, each.stream, each.occurred_at, each.arrives_at, place)
        for each, place in zip(month.messages, places, strict=False)
    )
    names = Names(settings.topic_prefix, settings.app)
    fed = await feed(settings.kafka_bootstrap_servers, names, sourced, Pace(), DeadLetters())
    seconds = clock.monotonic() - began
    say(f"模拟月份已送入 · the month is in: {fed.events:,} 事件 events, {seconds:.1f} s")


async def go_on(settings: Settings, month: Simulation) -> None:
    """Endless: everything at its own time, and a clock mark each second."""
    names = Names(settings.topic_prefix, settings.app)
    to_come = live(month, clock.now_us())
    following: Message | None = next(to_come)
    async with AIOKafkaProducer(
        bootstrap_servers=settings.kafka_bootstrap_servers, enable_idempotence=True, linger_ms=5
    ) as producer:
        while True:
            now = clock.now_us()
            while following is not None and following.arrives_at <= now:
                await _send(producer, names, following)
                following = next(to_come, None)
            await producer.flush()
            await put_marks(producer, [names.of(topic) for topic in EVENTS], now)
            await asyncio.sleep(_pause(following, now))


async def _send(producer: AIOKafkaProducer, names: Names, message: Message) -> None:
    topic = names.of(CHANNELS[message.stream])
    await producer.send(topic, message.value, key=message.subject.encode())


def _pause(following: Message | None, now: int) -> float:
    """Seconds to the next message, at most a tick."""
    if following is None:
        return TICK
    return min(max((following.arrives_at - now) / SECOND, 0.05), TICK)
