"""Decides how a history enters Kafka: keyed by subject, at a pace, with marks of how far time has come."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from aiokafka import AIOKafkaProducer
from msgspec import Struct

from rules.model.events import CHANNELS, Undecodable
from rules.model.times import SECOND
from streams.clock import monotonic, now_us
from streams.codec import decode
from streams.marks import put_marks
from streams.sources.emission import Sourced
from streams.sources.faults import DeadLetters, Fault
from streams.topics import DEAD_LETTERS, EVENTS, Names

IN_FLIGHT = 5_000
"""Events that may be unacknowledged: enough for full batches, few enough to lose no memory."""

SECONDS_BETWEEN_MARKS = 1.0
LETTERS_KEY = b"feed"


class Fed(Struct):
    """What a feed has done."""

    events: int = 0
    marks: int = 0
    last_at: int = 0


class Pace(Struct, frozen=True):
    """`rate` events a second, or `speed` times as fast as the history went; neither: as fast as it goes."""

    rate: float = 0.0
    speed: float = 0.0

    def due(self, number: int, since_first: int) -> float:
        """Seconds after the start at which event `number` (from 0) is due; `since_first` in microseconds."""
        if self.rate:
            return number / self.rate
        return since_first / SECOND / self.speed if self.speed else 0.0

    def reached(self, elapsed: float, first_at: int, next_at: int) -> int:
        """The time of the history while the next event is waited for: never past that event."""
        if not self.speed:
            return 0
        return min(next_at, first_at + int(elapsed * self.speed * SECOND))


class Feed:
    """One run of a feed. The codec that will read each event checks it here; what fails is refused."""

    def __init__(self, producer: AIOKafkaProducer, names: Names, pace: Pace, dead_letters: DeadLetters) -> None:
        self._producer, self._pace, self._dead_letters = producer, pace, dead_letters
        self._topics = {stream: names.of(topic) for stream, topic in CHANNELS.items()}
        self._marked = [names.of(topic) for topic in EVENTS]
        self._letters_topic = names.of(DEAD_LETTERS)
        self._letters: list[bytes] = []
        dead_letters.listener = self._letters.append
        self._unacknowledged: list[asyncio.Future[Any]] = []
        self._began = self._marked_at = monotonic()
        self._first_at: int | None = None
        self.fed = Fed()

    async def run(self, history: Iterable[Sourced]) -> Fed:
        """Sends everything, then a last mark at the latest event. Kafka's errors pass through."""
        for message in history:
            refused = self._refused(message)
            if self._letters:
                await self._send_letters()
            if refused:
                continue
            await self._until_due(message)
            await self._send(message)
            await self._mark_each_second(self.fed.last_at)
        await self._send_letters()
        await self._acknowledged()
        if self.fed.events:
            await self._mark(self.fed.last_at)
        return self.fed

    def _refused(self, message: Sourced) -> bool:
        try:
            decode(message.value, message.subject.encode(), now_us())
        except Undecodable as error:
            self._dead_letters.add(Fault(error.reason, error.path, error.detail), message.place, message.value)
            return True
        return False

    async def _until_due(self, message: Sourced) -> None:
        if self._first_at is None:
            self._first_at = message.received_at
        due = self._pace.due(self.fed.events, message.received_at - self._first_at)
        while (wait := due - (monotonic() - self._began)) > 0:
            await asyncio.sleep(min(wait, SECONDS_BETWEEN_MARKS))
            reached = self._pace.reached(monotonic() - self._began, self._first_at, message.received_at)
            await self._mark_each_second(max(reached, self.fed.last_at))

    async def _send(self, message: Sourced) -> None:
        topic = self._topics[message.stream]
        sent = await self._producer.send(topic, value=message.value, key=message.subject.encode())
        self._unacknowledged.append(sent)
        self.fed.events += 1
        self.fed.last_at = max(self.fed.last_at, message.occurred_at)
        if len(self._unacknowledged) >= IN_FLIGHT:
            await self._acknowledged()

    async def _send_letters(self) -> None:
        """What was set aside, here or while rows were mapped, is found by `mingjing deadletters`."""
        letters, self._letters[:] = list(self._letters), []
        for letter in letters:
            self._unacknowledged.append(await self._producer.send(self._letters_topic, value=letter, key=LETTERS_KEY))

    async def _acknowledged(self) -> None:
        waiting, self._unacknowledged = self._unacknowledged, []
        await asyncio.gather(*waiting)

    async def _mark_each_second(self, at: int) -> None:
        if at and monotonic() - self._marked_at >= SECONDS_BETWEEN_MARKS:
            await self._mark(at)

    async def _mark(self, at: int) -> None:
        await put_marks(self._producer, self._marked, at)
        self._marked_at = monotonic()
        self.fed.marks += 1


async def feed(bootstrap: str, names: Names, history: Iterable[Sourced], pace: Pace, dead_letters: DeadLetters) -> Fed:
    """The whole history into the event topics, which must exist."""
    producer = AIOKafkaProducer(
        bootstrap_servers=bootstrap, enable_idempotence=True, linger_ms=20, max_batch_size=1 << 18
    )
    try:
        await producer.start()
        return await Feed(producer, names, pace, dead_letters).run(history)
    finally:
        with suppress(asyncio.CancelledError):
            await producer.stop()
