"""Decides which range of a topic is landed in one piece, and that after a restart it is the same range again.

Per partition: commit(offset = from, metadata = to), insert with the token topic-partition-from-to,
commit(to + 1).
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError

from streams import clock
from streams.codec import Partitioner
from streams.landing import LANDED, Columns, table_of
from streams.settings import Settings
from streams.topics import Names
from warehouse.link import WarehouseUnavailable
from warehouse.writer import Writer

log = logging.getLogger(__name__)

PATIENCE = (0.2, 0.5, 1.0, 2.0, 5.0)
"""Seconds between attempts while the warehouse or the broker is out of reach; the last one repeats."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How much is landed in one piece, and how long a small piece waits for more."""

    records: int = 20_000
    gather: float = 1.0
    poll: float = 0.2


@dataclass(slots=True)
class Gathered:
    """What was read of one partition and is not landed yet; `promised` is the end of a range begun before."""

    promised: int | None = None
    since: float = 0.0
    unread: int = 0
    records: list[Any] = field(default_factory=list)

    def ready(self, pace: Pace, now: float) -> int:
        """How many of the records make the next piece; 0 while it should wait for more."""
        if not self.records:
            return 0
        if self.promised is not None:
            if self.records[-1].offset < self.promised:
                return 0
            if self.records[0].offset <= self.promised:
                return sum(1 for record in self.records if record.offset <= self.promised)
            self.promised = None  # retention took the range before it was landed
        due = len(self.records) >= pace.records or now - self.since >= pace.gather
        return min(len(self.records), pace.records) if due else 0


@dataclass(frozen=True, slots=True)
class Piece:
    """A range of one partition that is landed in one insert."""

    source: TopicPartition
    topic: str
    records: list[Any]
    first: int
    last: int

    @property
    def token(self) -> str:
        return f"{self.source.topic}-{self.source.partition}-{self.first}-{self.last}"


class Lander:
    """Lands the topics of one system; several landers share the partitions."""

    def __init__(self, settings: Settings, pace: Pace = Pace()) -> None:
        self._settings, self._pace = settings, pace
        names = Names(settings.topic_prefix, settings.app)
        self._topics = {names.of(topic): topic for topic in LANDED}
        self.group = f"{settings.app}-lander"
        self.landed: Counter[str] = Counter()
        self._gathered: dict[TopicPartition, Gathered] = {}
        self._stopping = asyncio.Event()
        self._writer = Writer(settings.clickhouse_url)
        self._shaping = ThreadPoolExecutor(1, "rows")
        self._inserting = ThreadPoolExecutor(1, "insert")
        self._partitioners: dict[str, Partitioner] = {}

    def stop(self) -> None:
        """Ends `run` behind the piece that is being landed; what is only gathered will be read again."""
        self._stopping.set()

    async def run(self) -> None:
        """Lands until stopped. Raises KafkaError when the broker cannot be reached at the start."""
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self._settings.kafka_bootstrap_servers,
            group_id=self.group,
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
            max_partition_fetch_bytes=4 << 20,
            session_timeout_ms=6_000,
            max_poll_interval_ms=86_400_000,  # waiting for the warehouse is no reason to move partitions
        )
        self._consumer = consumer
        await consumer.start()
        try:
            consumer.subscribe(list(self._topics), listener=_Assignment(self))
            while not self._stopping.is_set():
                await self._gather()
                await self._land_what_is_ready()
        finally:
            await consumer.stop()
            await _in_thread(self._inserting, self._writer.close)
            self._inserting.shutdown()
            self._shaping.shutdown()

    async def begin(self, assigned: Iterable[TopicPartition]) -> None:
        """Learns which ranges were promised by a predecessor; nothing is read before that is known."""
        partitions = list(assigned)
        promised = await self.until_done("the broker", KafkaError, lambda: self._promises(partitions))
        for source in partitions:
            self._gathered[source] = Gathered(promised=(promised or {}).get(source))

    def behind(self) -> dict[str, int]:
        """How many records of each partition are not landed yet, as far as the broker has said."""
        return {
            f"{self._topics[source.topic]}-{source.partition}": gathered.unread + len(gathered.records)
            for source, gathered in self._gathered.items()
        }

    def forget(self, revoked: Iterable[TopicPartition]) -> None:
        for source in revoked:
            self._gathered.pop(source, None)

    async def _promises(self, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
        if not partitions:
            return {}
        admin = AIOKafkaAdminClient(bootstrap_servers=self._settings.kafka_bootstrap_servers)
        await admin.start()
        try:
            known = await admin.list_consumer_group_offsets(self.group, partitions=partitions)
        finally:
            await admin.close()
        return {source: int(each.metadata) for source, each in known.items() if str(each.metadata).isdigit()}

    async def _gather(self) -> None:
        wait = int(self._pace.poll * 1_000)
        found = await self._consumer.getmany(timeout_ms=wait, max_records=self._pace.records)
        for source, records in found.items():
            gathered = self._gathered.get(source)
            if gathered is None or not records:
                continue
            if not gathered.records:
                gathered.since = clock.monotonic()
            gathered.records += records
        for source, gathered in list(self._gathered.items()):
            with suppress(IllegalStateError):
                position, end = await self._consumer.position(source), self._consumer.highwater(source)
                gathered.unread = max((end or position) - position, 0)

    async def _land_what_is_ready(self) -> None:
        pieces = [piece for source in list(self._gathered) if (piece := self._piece(source))]
        if not pieces or not await self._commit({each.source: (each.first, str(each.last)) for each in pieces}):
            return
        shaped = [self._shape(piece) for piece in pieces]  # the next ones become rows while one is inserted
        for piece, columns in zip(pieces, shaped, strict=True):
            if not await self._insert(piece, await columns):
                return
            if await self._commit({piece.source: (piece.last + 1, "")}):
                self._let_go(piece)

    def _piece(self, source: TopicPartition) -> Piece | None:
        gathered = self._gathered[source]
        count = gathered.ready(self._pace, clock.monotonic())
        if not count:
            return None
        records = gathered.records[:count]
        first = records[0].offset
        last = records[-1].offset if gathered.promised is None else gathered.promised
        return Piece(source, self._topics[source.topic], records, first, last)

    def _let_go(self, piece: Piece) -> None:
        gathered = self._gathered.get(piece.source)
        if gathered and gathered.records and gathered.records[0] is piece.records[0]:
            del gathered.records[: len(piece.records)]
            gathered.promised = None
            gathered.since = clock.monotonic()

    def _shape(self, piece: Piece) -> "asyncio.Future[tuple[str, Columns]]":
        partitioner = self._partitioners.get(piece.topic)
        if partitioner is None:
            count = len(self._consumer.partitions_for_topic(piece.source.topic))
            partitioner = self._partitioners[piece.topic] = Partitioner(count)
        return _in_thread(self._shaping, table_of, piece.topic, piece.records, partitioner)

    async def _insert(self, piece: Piece, shaped: tuple[str, Columns]) -> bool:
        table, columns = shaped

        async def attempt() -> int:
            number: int = await _in_thread(self._inserting, self._writer.insert, table, columns, piece.token)
            return number

        number = await self.until_done("the warehouse", WarehouseUnavailable, attempt)
        if number is None:
            return False
        self.landed[table] += number
        return True

    async def _commit(self, offsets: Mapping[TopicPartition, tuple[int, str]]) -> bool:
        """False when the partitions are no longer ours: their next owner lands the promised range."""

        async def attempt() -> bool:
            try:
                await self._consumer.commit(dict(offsets))
            except (CommitFailedError, IllegalStateError) as fault:
                log.info("partitions moved while landing: %s", fault)
                return False
            return True

        return bool(await self.until_done("the broker", KafkaError, attempt))

    async def until_done(self, what: str, passing: type[Exception], attempt: Callable[[], Any]) -> Any:
        """Tries until it works, or until we are told to stop: then None. Says once what is out of reach."""
        tries = 0
        while True:
            try:
                outcome = await attempt()
            except passing as fault:
                if not tries:
                    log.warning("%s cannot be reached, waiting: %s", what, fault)
            else:
                if tries:
                    log.warning("%s is reached again", what)
                return outcome
            if await self._stopped_within(PATIENCE[min(tries, len(PATIENCE) - 1)]):
                return None
            tries += 1

    async def _stopped_within(self, seconds: float) -> bool:
        try:
            await asyncio.wait_for(self._stopping.wait(), seconds)
        except TimeoutError:
            return False
        return True


def _in_thread(thread: ThreadPoolExecutor, work: Callable[..., Any], *arguments: Any) -> "asyncio.Future[Any]":
    return asyncio.get_running_loop().run_in_executor(thread, work, *arguments)


class _Assignment(ConsumerRebalanceListener):  # type: ignore[misc]
    def __init__(self, lander: Lander) -> None:
        self._lander = lander

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        self._lander.forget(revoked)

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        await self._lander.begin(assigned)
