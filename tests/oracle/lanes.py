"""Decides how a history goes through the lanes of workers without a broker: topics of n partitions that are lists.

What judges, routes, reads and keeps time is that of the worker (streams/lane_judge, lane_outlet, lane_clock); only
Kafka and RocksDB are left out. A lane that ends loses what it did not commit, and goes on from its rows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from typing import NamedTuple

from rules.core import SubjectCore
from rules.language import Book
from rules.model.alerts import Alert, Clock, parse_alert, parse_clock
from streams.books.edition import edition_of
from streams.codec import Partitioner
from streams.lane_clock import Contact, EventClock, GroupClock
from streams.lane_judge import Cores, EventReader, FactReader, Judge, Judged
from streams.lane_outlet import Outlet
from streams.marks import Headers, mark_headers
from streams.store import LaneState
from streams.topics import ALERTS, CLOCKS, DEAD_LETTERS, EVENTS, FACTS, Names
from tests.oracle.chance import Chance
from tests.oracle.restarting import Store

NAMES = Names("", "truth")
APPENDED_MS = 4_000_000_000_000
"""All records are appended long after what they tell of: nothing comes from the future."""
CONTACT = Contact(0, 0.0, None, 0, None)
LANES = (*EVENTS, FACTS)


class Record(NamedTuple):
    """One record as a consumer gives it."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Headers
    timestamp: int = APPENDED_MS


class Topics:
    """The topics of one run, by name and partition."""

    def __init__(self, partitions: int) -> None:
        self.partitions = partitions
        self.of = Partitioner(partitions)
        self.log: defaultdict[tuple[str, int], list[Record]] = defaultdict(list)

    def append(self, topic: str, partition: int, key: bytes | None, value: bytes | None, headers: Headers) -> None:
        records = self.log[topic, partition]
        records.append(Record(topic, partition, len(records), key, value, headers))

    def values(self, topic: str) -> Iterable[bytes]:
        """What lies in all partitions of a topic; each key's in the order in which it was said."""
        named = NAMES.of(topic)
        return [
            record.value for n in range(self.partitions) for record in self.log[named, n] if record.value is not None
        ]


class Box:
    """The records of one transaction."""

    def __init__(self) -> None:
        self.records: list[tuple[str, int, bytes | None, bytes | None, Headers]] = []

    def put(
        self, topic: str, partition: int, key: bytes | None, value: bytes | None, headers: Headers | None = None
    ) -> None:
        self.records.append((topic, partition, key, value, headers or []))


class Lane:
    """One partition of an event topic or of `facts`, with its rows."""

    def __init__(self, topics: Topics, cores: Cores, topic: str, partition: int) -> None:
        self.topics, self.topic, self.partition = topics, topic, partition
        self.source = topics.log[NAMES.of(topic), partition]
        self.store, self.state = Store(), LaneState(topics.partitions, 0, 0)
        self.open(cores)

    def open(self, cores: Cores) -> None:
        """What a worker does when it takes the lane over: everything but rows and state is new."""
        self.cores, self.marked = cores, 0
        counts = dict.fromkeys((ALERTS, CLOCKS, DEAD_LETTERS, FACTS), self.topics.partitions)
        self.outlet = Outlet(f"{self.topic}-{self.partition}", NAMES, cores, counts)
        self.offset = self.state.offset
        if self.topic == FACTS:
            lanes = frozenset(f"{topic}-{n}" for topic in EVENTS for n in range(self.topics.partitions))
            clock: EventClock = GroupClock(lanes, self.state.now, self.state.marks)
            core = cores.group(self.store, self._owns)
            self.judge = Judge(core, clock, FactReader(cores.decode_fact))
        else:
            reader = EventReader(self.partition, self.topics.of)
            self.judge = Judge(cores.subject(self.store), EventClock(self.state.now), reader)

    def _owns(self, group: str) -> bool:
        return self.topics.of(group.encode()) == self.partition

    @property
    def waits(self) -> bool:
        """Whether there is anything for it to do."""
        return self.offset < len(self.source) or self.judge.due or self.judge.outdated > 0

    def work(self, most: int, fails: bool = False) -> None:
        """Takes a chunk as a worker does; one that fails has sent nothing of the last piece."""
        judged = self.judge.judge(self.source[self.offset : self.offset + most], CONTACT)
        self.offset = min(self.offset + most, len(self.source))
        if fails:
            return self.open(self.cores)
        self._commit(judged)
        while self.judge.due:
            self._commit(self.judge.advance())
        if self.judge.outdated:
            self._commit(self.judge.refold())
        return None

    def tick(self) -> None:
        """Tells the facts lanes how far it has come, as a worker does about once a second."""
        if self.topic != FACTS and self.judge.clock.now > self.marked and not self.judge.due:
            self._commit(Judged(), marks=not self.judge.outdated)

    def _commit(self, judged: Judged, marks: bool = False) -> None:
        box = Box()
        self.outlet.put(box, judged)  # type: ignore[arg-type]
        now = self.judge.clock.now
        if marks:
            self.outlet.put_marks(box, now)  # type: ignore[arg-type]
            self.marked = now
        for record in box.records:
            self.topics.append(*record)
        self.store.take(judged.step.rows if judged.step is not None else {})
        self.state = LaneState(self.topics.partitions, self.offset, now, dict(self.judge.clock.marks()))


class Workers:
    """All lanes of an app, with `hot` subjects of each in memory; whoever drives it chooses which works next."""

    def __init__(self, book: Book, partitions: int, hot: int) -> None:
        self.cores = replace(edition_of(book, "truth").cores, subject=partial(SubjectCore, book, hot=hot))
        self.topics = Topics(partitions)
        self.lanes = [Lane(self.topics, self.cores, topic, n) for topic in LANES for n in range(partitions)]

    def send(self, topic: str, subject: str, value: bytes) -> None:
        """One event, as a producer sends it."""
        key = subject.encode()
        self.topics.append(NAMES.of(topic), self.topics.of(key), key, value, [])

    def mark(self, at: int) -> None:
        """A clock mark in every partition of the event topics."""
        for topic in EVENTS:
            for partition in range(self.topics.partitions):
                self.topics.append(NAMES.of(topic), partition, None, None, mark_headers(at))

    def stir(self, chance: Chance, rounds: int) -> None:
        """A few lanes at random take a few records, tick, or end in the middle and come back."""
        for _ in range(rounds):
            lane = chance.of(self.lanes)
            does = chance.whole(0, 9)
            if does < 6:
                lane.work(chance.of([1, 1, 2, 5, 1000]))
            elif does < 8:
                lane.tick()
            elif does == 8:
                lane.work(chance.of([1, 3, 1000]), fails=True)
            else:
                lane.open(self.cores)

    def finish(self) -> None:
        """Until every lane has read and said all there is."""
        for lane in self.lanes:  # those of facts are the last
            while lane.waits:
                lane.work(1000)
            lane.tick()

    def letters(self) -> Iterable[bytes]:
        """What was refused: of a history of ours, nothing."""
        return self.topics.values(DEAD_LETTERS)

    def standing(self) -> list[Alert]:
        """The alerts after their last revisions. Each change follows the one before it: none is lost or told twice."""
        last: dict[str, Alert] = {}
        for alert in map(parse_alert, self.topics.values(ALERTS)):
            before = last.get(alert.alert_id)
            expected = before.revision + 1 if before is not None else 1
            assert alert.revision == expected, f"{alert.rule} of {alert.subject} skips to {alert.revision}"
            last[alert.alert_id] = alert
        return [alert for alert in last.values() if alert.state != "withdrawn"]

    def clocks(self) -> list[Clock]:
        """The clocks as they were last told."""
        last: dict[str, Clock] = {}
        for clock in map(parse_clock, self.topics.values(CLOCKS)):
            before = last.get(clock.clock_id)
            assert clock.revision == (before.revision + 1 if before is not None else 1), clock
            last[clock.clock_id] = clock
        return [clock for clock in last.values() if clock.state != "void"]
