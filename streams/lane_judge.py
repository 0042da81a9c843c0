"""Decides what a chunk of records comes to: the agent's work, from bytes to the step of the core."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import msgspec

from rules.core.step import Rows, Step
from rules.model.events import Event, Undecodable
from streams import clock
from streams.codec import TOLERANCE, DeadLetter, Partitioner, Route, dead_letter, decode
from streams.lane_clock import Contact, EventClock
from streams.marks import mark_of

LARGEST_ADVANCE = 2_000
"""A burst of 100,000 timers is many commits."""

SMALLEST, LARGEST = 100, 4_000
LONG, SHORT = 0.3, 0.1
"""Seconds that a piece of work may take: heartbeats and the other lanes wait for it."""


class Core(Protocol):
    """What judges: rules.core.SubjectCore for events, rules.core.GroupCore for facts."""

    @property
    def wake(self) -> int | None: ...
    @property
    def outdated(self) -> int: ...
    def step(self, items: Sequence[Any], now: int, /) -> Step: ...
    def advance(self, now: int, limit: int = ...) -> Step: ...
    def refold(self, now: int, limit: int = ...) -> Step: ...


Owns = Callable[[str], bool]
"""Whether the key of a group lies in the partition of a lane."""


@dataclass(frozen=True, slots=True)
class Cores:
    """The engine as the lanes use it."""

    subject: Callable[[Rows], Core]
    group: Callable[[Rows, Owns], Core]
    encode_fact: Callable[[Any], bytes]
    decode_fact: Callable[[bytes], Any]
    zone: Callable[[str], str]
    """The time zone of a region."""


class EventReader:
    """Records of an event topic; one subject's are all in one partition."""

    def __init__(self, partition: int, partitioner: Partitioner) -> None:
        self._route = Route(partition, partitioner)

    def read(self, record: Any, appended_at: int) -> tuple[Event, int]:
        """The event and when it occurred. Raises Undecodable."""
        event = decode(record.value, record.key, appended_at)
        self._route.check(record.key)
        return event, event.fact.occurred_at


class FactReader:
    """Records of the facts topic, which only event lanes write."""

    def __init__(self, decode_fact: Callable[[bytes], Any]) -> None:
        self._decode = decode_fact

    def read(self, record: Any, appended_at: int) -> tuple[Any, int]:
        """The fact; it moves no clock. Raises Undecodable."""
        try:
            return self._decode(record.value or b""), 0
        except (msgspec.MsgspecError, ValueError) as fault:
            raise Undecodable("not_a_fact", "$", str(fault)) from fault


@dataclass(frozen=True, slots=True)
class Judged:
    """What a chunk or a tick comes to; no step where nothing was judged."""

    step: Step | None = None
    letters: list[DeadLetter] = field(default_factory=list)

    @property
    def changes(self) -> bool:
        """Whether it has anything to commit beside the offset and the time."""
        step = self.step
        if self.letters:
            return True
        return step is not None and bool(step.alerts or step.clocks or step.facts or step.rows)

    def tally(self) -> Counter[str]:
        """How much of what there was, with what the core counted (`no_limit:<rule>`, `duplicate` …)."""
        counted = Counter(dead_letters=len(self.letters))
        if self.step is not None:
            counted.update(self.step.counted)
            counted.update(alerts=len(self.step.alerts), unjudged=len(self.step.unjudged))
        return counted


class Judge:
    """The one place that feeds a lane's core; it runs in the agent, never in the lane."""

    def __init__(self, core: Core, lane_clock: EventClock, reader: EventReader | FactReader) -> None:
        self.core = core
        self.clock = lane_clock
        self.stride = 1_000
        """How many records or timers to judge at once: fewer where that takes long."""
        self._reader = reader
        self._bite = SMALLEST

    @property
    def outdated(self) -> int:
        """How many subjects or groups wait to be judged by the book in force."""
        return self.core.outdated

    @property
    def due(self) -> bool:
        """Whether a timer waits at the lane's now."""
        wake = self.core.wake
        return wake is not None and wake <= self.clock.now

    def judge(self, records: Iterable[Any], contact: Contact) -> Judged:
        """Decodes a chunk, moves the clock and steps the core once."""
        began = clock.monotonic()
        try:
            return self._judge(records, contact)
        finally:
            self._pace(clock.monotonic() - began)

    def _judge(self, records: Iterable[Any], contact: Contact) -> Judged:
        items: list[Any] = []
        origins: list[Any] = []
        letters: list[DeadLetter] = []
        for record in records:
            try:
                item = self._read(record)
            except Undecodable as fault:
                letters.append(_letter(fault, record))
                continue
            if item is not None:
                items.append(item)
                origins.append(record)
        self.clock.meet(contact)
        if not items:
            return Judged(None, letters)
        step = self.core.step(items, self.clock.now)
        for no in step.rejected:
            letters.append(_letter(Undecodable(no.reason, no.path, no.detail), origins[no.index]))
        return Judged(step, letters)

    def _read(self, record: Any) -> Any:
        """The event or fact of a record; None of a mark."""
        appended_at = record.timestamp * 1_000
        mark = mark_of(record)
        if mark is None:
            item, occurred_at = self._reader.read(record, appended_at)
            self.clock.read(occurred_at, appended_at)
            return item
        at, lane = mark
        if at > appended_at + TOLERANCE:
            raise Undecodable("from_the_future", "$mark", "a clock mark is later than its arrival")
        self.clock.mark(at, lane, appended_at)
        return None

    def advance(self) -> Judged:
        """Fires what is due, at most LARGEST_ADVANCE subjects."""
        began = clock.monotonic()
        try:
            return Judged(self.core.advance(self.clock.now, min(self.stride, LARGEST_ADVANCE)))
        finally:
            self._pace(clock.monotonic() - began)

    def refold(self) -> Judged:
        """Judges some of what another book judged last: as many as keep records waiting no longer than LONG seconds."""
        began = clock.monotonic()
        step = self.core.refold(self.clock.now, self._bite)
        seconds = clock.monotonic() - began
        if seconds > LONG:
            self._bite = max(self._bite // 2, SMALLEST)
        elif seconds < SHORT:  # small pieces cost more in transactions than they spare in waiting
            self._bite = min(self._bite * 2, LARGEST_ADVANCE)
        return Judged(step)

    def _pace(self, seconds: float) -> None:
        if seconds > LONG:
            self.stride = max(self.stride // 2, SMALLEST)
        elif seconds < SHORT:
            self.stride = min(self.stride * 2, LARGEST)


def _letter(fault: Undecodable, record: Any) -> DeadLetter:
    return dead_letter(
        fault,
        record.value,
        clock.now_us(),
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
    )
