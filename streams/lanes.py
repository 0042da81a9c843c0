"""Decides how one owned partition is worked: fence, restore; then read, have it judged, commit."""

import asyncio
import logging
from typing import Any

from aiokafka import TopicPartition
from aiokafka.errors import IllegalStateError

from streams import clock
from streams.codec import Partitioner
from streams.lane_clock import Contact, EventClock, GroupClock, WallClock
from streams.lane_commit import Outbox, transactional_producer
from streams.lane_ground import Ground, Progress
from streams.lane_judge import Core, EventReader, FactReader, Judge, Judged
from streams.lane_outlet import outlet
from streams.lane_restore import restore
from streams.store import LaneState, Position, StateError, Store, changelog_rows
from streams.topics import EVENTS, FACTS

log = logging.getLogger(__name__)


class Lane:
    """One partition of an event topic or of `facts`: opened once, run as often as it is assigned."""

    def __init__(self, ground: Ground, topic: str, partition: int) -> None:
        self.topic, self.partition = topic, partition
        self.name = f"{topic}-{partition}"
        self.source = TopicPartition(ground.names.of(topic), partition)
        self.changelog = TopicPartition(ground.names.changelog(topic), partition)
        self._ground = ground
        self._producer = transactional_producer(
            ground.settings.kafka_bootstrap_servers, f"{ground.settings.app}-{self.source.topic}-{partition}"
        )
        self._store: Store | None = None
        self._reading: asyncio.Future[Any] | None = None
        self._halted = False
        self._committed: int | None = None
        self._committed_on = self._marked_on = clock.monotonic()
        self._marked = 0
        self._dirty = False
        self._lag: int | None = None

    # opening

    async def open(self) -> None:
        """Fences the predecessor, then restores, then trusts the committed offset. Raises StateError."""
        await self._producer.start()
        ground, self._edition = self._ground, self._ground.in_force.edition
        self._outlet = await outlet(self.name, self._producer, ground.names, self._edition.cores)
        self._partitions = len(await self._producer.partitions_for(self.source.topic))
        store = await asyncio.to_thread(Store, ground.folder.of(self.source.topic, self.partition))
        self._log_end, count = await restore(store, ground.settings.kafka_bootstrap_servers, self.changelog)
        self._committed = await ground.consumer.committed(self.source)
        state = await self._checked(store.state)
        self._offset = await self._surviving(state.offset)
        core = await self._core(store)
        self._judge = Judge(core, await self._clock_of(state), self._reader())
        self._store = store
        log.info("lane %s: %d changelog records restored, goes on at %d", self.name, count, self._offset)

    async def _core(self, store: Store) -> Core:
        cores = self._edition.cores
        if self.topic != FACTS:
            return await asyncio.to_thread(cores.subject, store)
        route = Partitioner(self._partitions)
        return await asyncio.to_thread(cores.group, store, lambda group: route(group.encode()) == self.partition)

    async def _checked(self, state: LaneState | None) -> LaneState:
        if state is None:
            if self._committed is not None:
                raise StateError(
                    f"{self.source.topic}-{self.partition}: offset {self._committed} is committed, but the "
                    f"changelog {self.changelog.topic} holds no state"
                )
            first = await self._ground.consumer.beginning_offsets([self.source])
            state = LaneState(self._ground.settings.partitions, first[self.source], 0)
            self._require_partitions(state.partitions)
            return state
        self._require_partitions(state.partitions)
        if state.offset != self._committed:
            raise StateError(
                f"{self.source.topic}-{self.partition}: the state stands at offset {state.offset}, the group "
                f"{self._ground.group} at {self._committed}: one of them was changed by hand"
            )
        return state

    def _require_partitions(self, right: int) -> None:
        if right != self._partitions:
            raise StateError(
                f"{self.source.topic} has {self._partitions} partitions, its state was made with {right}: "
                "subjects would be split; use a new MINGJING_APP, read all again"
            )

    async def _surviving(self, offset: int) -> int:
        """The offset to go on at; what retention took before it was judged is an alarm, never a silent gap."""
        first: int = (await self._ground.consumer.beginning_offsets([self.source]))[self.source]
        if offset < first:
            log.critical(
                "%s-%d: records %d to %d were deleted by retention before they were judged; feed them again from their"
                " sources, and give the topic a longer retention.ms",
                self.source.topic, self.partition, offset, first - 1,
            )  # fmt: skip
            self._ground.counters["lost_to_retention"] += first - offset
        return max(offset, first)

    async def _clock_of(self, state: LaneState) -> EventClock:
        if self.topic == FACTS:
            lanes = set()
            for topic in EVENTS:
                there = await self._producer.partitions_for(self._ground.names.of(topic))
                lanes |= {f"{topic}-{partition}" for partition in there}
            return GroupClock(frozenset(lanes), state.now, state.marks)
        return WallClock(state.now) if self._ground.settings.clock == "wall" else EventClock(state.now)

    def _reader(self) -> EventReader | FactReader:
        if self.topic == FACTS:
            return FactReader(self._edition.cores.decode_fact)
        return EventReader(self.partition, Partitioner(self._partitions))

    # running

    async def run(self) -> None:
        """Works until halted. Any exception means that this process must end."""
        self._halted = False
        if self._store is None:
            await self.open()
        if self._halted:
            return
        self._ground.consumer.seek(self.source, self._offset)
        while not self._halted:
            if self._edition is not self._ground.in_force.edition:
                await self._change_book()
            records, contact = await self._gather()
            if not self._halted:
                await self._take(records, contact)
                await self._fire()
                await self._refold()
                await self._tick()

    async def _change_book(self) -> None:
        """Goes on under the book in force: the same rows, offset and time, and every subject to be judged again."""
        assert self._store is not None
        self._edition = self._ground.in_force.edition
        self._judge.core = await self._core(self._store)
        self._outlet.cores = self._edition.cores
        log.info("lane %s: book %s, %d to judge again", self.name, self._edition.hash, self._judge.outdated)

    @property
    def outdated(self) -> int:
        """How many subjects or groups another book than the one in force judged last."""
        if self._store is None:
            return 0
        return self._judge.outdated if self._edition is self._ground.in_force.edition else 1

    @property
    def progress(self) -> Progress | None:
        """None before the lane is open."""
        if self._store is None:
            return None
        now = self._judge.clock
        return Progress(self.name, self._edition.hash, self.outdated, now.now, now.agrees, self._lag)

    def halt(self) -> None:
        """Ends `run` at the next edge of a step; a read under way is given up: it may wait out a rejoin."""
        self._halted = True
        if self._reading is not None:
            self._reading.cancel()

    async def close(self) -> None:
        """After `run` has ended: gives producer and store back."""
        await self._producer.stop()
        if self._store is not None:
            self._store.close()

    async def _gather(self) -> tuple[list[Any], Contact]:
        """A chunk: what is there, a little more where it is small, much more where a backlog waits."""
        pace = self._ground.pace
        stride = self._judge.stride
        chunk = min(pace.chunk, stride)
        records, contact = await self._poll(self._patience(), chunk)
        if records and len(records) < chunk and not self._judge.outdated:
            await asyncio.sleep(pace.gather)
        behind = contact.end is not None and contact.end - contact.position > pace.chunk
        limit = min(pace.backlog, stride) if behind else chunk
        while records and len(records) < limit and not self._halted:
            more, contact = await self._poll(0.0, limit - len(records))
            if not more:
                break
            records += more
        return records, contact

    async def _poll(self, seconds: float, limit: int) -> tuple[list[Any], Contact]:
        self._reading = asyncio.ensure_future(self._read(seconds, limit))
        try:
            found: tuple[list[Any], Contact] = await self._reading
            return found
        except asyncio.CancelledError:
            if not self._halted:
                raise
            return [], Contact(0, 0.0, None, 0, None)
        finally:
            self._reading = None

    async def _read(self, seconds: float, limit: int) -> tuple[list[Any], Contact]:
        consumer, source = self._ground.consumer, self.source
        found = await consumer.getmany(source, timeout_ms=int(seconds * 1_000), max_records=limit)
        position, end, polled_ms = self._offset, None, None
        try:
            position = await consumer.position(source)
            end, polled_ms = consumer.highwater(source), consumer.last_poll_timestamp(source)
        except (AssertionError, IllegalStateError):
            log.debug("lane %s: asked while partitions move", self.name)
        self._lag = None if end is None else max(end - position, 0)
        now = clock.now_us()
        age = None if polled_ms is None else max(0.0, now / 1e6 - polled_ms / 1e3)
        return found.get(source, []), Contact(now, clock.monotonic(), age, position, end)

    def _patience(self) -> float:
        """Seconds to wait for records: no longer than to the next timer of a clock that runs by itself."""
        if self._judge.outdated:
            return self._ground.pace.gather if self._ground.refolding.locked() else 0.0
        wake = self._judge.core.wake
        if wake is None or not self._judge.clock.runs:
            return self._ground.pace.idle
        return min(max((wake - clock.now_us()) / 1e6, 0.02), self._ground.pace.idle)

    async def _take(self, records: list[Any], contact: Contact) -> None:
        if not records:
            self._judge.clock.meet(contact)
            return
        judged = await self._ground.ask(lambda: self._judge.judge(records, contact))
        self._offset = records[-1].offset + 1
        self._dirty = True
        self._ground.counters["records"] += len(records)
        if judged.changes:
            await self._commit(judged)

    async def _fire(self) -> None:
        """Timers, in commits of their own; what waits longer than the lane does not hold up its records."""
        while self._judge.due and not self._halted:
            await self._commit(await self._ground.ask(self._judge.advance))

    async def _refold(self) -> None:
        """One bounded piece of what another book judged last; records are taken between the pieces."""
        turn = self._ground.refolding
        if self._judge.outdated and not self._halted and not turn.locked():
            async with turn:
                judged = await self._ground.ask(self._judge.refold)
            await self._commit(judged)
            if not self._judge.outdated:
                log.info("lane %s: everything is judged by book %s", self.name, self._edition.hash)

    async def _tick(self) -> None:
        """Commits the offset and the time where nothing else did, and tells the facts lanes of the time.

        A lane that does not believe the machine's clock commits too: the broker's stamp may prove it right.
        """
        idle = clock.monotonic() - self._committed_on >= self._ground.pace.mark_every
        doubts = not self._judge.clock.agrees
        if (idle and (self._dirty or doubts)) or self._owes_a_mark():
            await self._commit(Judged())

    def _owes_a_mark(self) -> bool:
        judge = self._judge
        if self.topic == FACTS or judge.clock.now <= self._marked or judge.due or judge.outdated:
            return False  # groups hear of no time before they have heard of everything up to it
        return clock.monotonic() - self._marked_on >= self._ground.pace.mark_every

    # committing

    async def _commit(self, judged: Judged) -> None:
        """One transaction, then one write of the local store. A failure ends the process."""
        assert self._store is not None
        box = Outbox(self._producer)
        self._outlet.put(box, judged)
        now, marked = self._judge.clock.now, self._owes_a_mark()
        if marked:
            self._outlet.put_marks(box, now)
        state = LaneState(self._partitions, self._offset, now, dict(self._judge.clock.marks()))
        rows = changelog_rows(judged.step.rows if judged.step else {}, state)
        for key, row in rows:
            box.put(self.changelog.topic, self.partition, key, row)
        moved = {self.source: self._offset} if self._offset != self._committed else {}
        written, begun_at = await box.commit(moved, self._ground.group)
        log_end = written[self.changelog]
        heard_at = clock.now_us()
        self._log_end = self._log_end if log_end.next is None else log_end.next
        self._store.write(rows, Position(self._log_end, heard_at))
        self._judge.clock.acknowledge(begun_at, log_end.appended_at, heard_at)
        if not self._judge.clock.agrees:
            log.error("lane %s: the machine's clock and the broker's differ, event time holds", self.name)
        self._ground.counters.update(judged.tally())
        self._committed, self._dirty = self._offset, False
        self._committed_on = clock.monotonic()
        if marked:
            self._marked, self._marked_on = now, self._committed_on
