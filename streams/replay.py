"""Decides the alerts of a history without a broker: sources → codec → drive; `now` is the last event."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta

from msgspec import Struct, field

from rules.core import Step
from rules.drive import Drive
from rules.language import Book
from rules.model.events import Event, Undecodable, decode_events
from rules.model.times import midnight, parse_day, parse_time
from streams.codec import LARGEST, TOLERANCE, decode
from streams.sources.emission import Sourced
from streams.sources.faults import DeadLetters, Fault, Place
from streams.sources.written_times import LocalTimes

CHUNK = 1_000


class Horizon(Struct, frozen=True):
    """Which part of a history is taken. Times in epoch microseconds; None: all of it.

    `now` is when it is judged, `last` the last instant that an event may have occurred at, `known_at` the
    last that a version may have been received at. Beyond `latest` nothing can have happened: a dead letter.
    """

    latest: int
    now: int | None = None
    last: int | None = None
    known_at: int | None = None


class Replayed(Struct):
    """What came of it, beside the drive's own alerts, clocks and counters."""

    events: int = 0
    first_at: int | None = None
    last_at: int | None = None
    left_out: Counter[str] = field(default_factory=Counter)
    unjudged: int = 0


Watch = Callable[[list[Sourced], list[Event], Step], None]
"""Told each chunk as it was judged: the messages, their events, the step."""


def horizon(until: str, known_at: str, zone: str, wall_now: int) -> Horizon:
    """The horizon that two written times mean; without an offset they are local in `zone`. Raises ValueError.

    A date alone means its whole day (RULES §3.2): the events of that day are taken, and `now` is its 24:00.
    """
    now, last = _end(until, zone) if until else (None, None)
    known = _end(known_at, zone)[1] if known_at else None
    return Horizon(max(wall_now, now or wall_now) + TOLERANCE, now, last, known)


def beginning(text: str, zone: str) -> int:
    """The instant that a written time means, local in `zone` without an offset; a date means its 00:00."""
    times = LocalTimes(zone)
    return midnight(parse_day(times.day(text)), zone) if times.is_day(text) else parse_time(times.moment(text))


def _end(text: str, zone: str) -> tuple[int, int]:
    times = LocalTimes(zone)
    if times.is_day(text):
        day = parse_day(times.day(text))
        end = midnight(day + timedelta(days=1), zone)
        return end, end - 1
    at = parse_time(times.moment(text))
    return at, at


class Admission:
    """Which messages of a history are judged: those that decode and lie within the horizon."""

    def __init__(self, taken: Horizon, dead_letters: DeadLetters, left_out: Counter[str]) -> None:
        self.taken, self.dead_letters, self.left_out = taken, dead_letters, left_out

    def __call__(self, value: bytes, place: Place) -> Event | None:
        """The event of a message; None for one that is set aside or left out, which is counted."""
        taken = self.taken
        try:
            event = decode(value, None, taken.latest - TOLERANCE)
        except Undecodable as error:
            self.dead_letters.add(Fault(error.reason, error.path, error.detail), place, value)
            return None
        return event if self._takes(event) else None

    def at_once(self, values: Sequence[bytes], place: Callable[[int], Place]) -> list[Event]:
        """The events of many messages, as far as they are judged; `place` is asked for that of one that is unusual."""
        events, latest = decode_events(values) or [None] * len(values), self.taken.latest
        found: list[Event] = []
        for number, event in enumerate(events):
            if event is None or event.at > latest or event.recorded_at > latest or len(values[number]) > LARGEST:
                value = values[number].strip()
                event = self(value, place(number)) if value else None
                if event is not None:
                    found.append(event)
            elif self._takes(event):
                found.append(event)
        return found

    def _takes(self, event: Event) -> bool:
        taken = self.taken
        if taken.last is None and taken.known_at is None:
            return True
        if taken.last is not None and event.fact.occurred_at > taken.last:
            self.left_out["after_until"] += 1
            return False
        if taken.known_at is not None and event.fact.received_at > taken.known_at:
            self.left_out["not_known_yet"] += 1
            return False
        return True


class Replay:
    """One history through one drive."""

    def __init__(self, book: Book, taken: Horizon, dead_letters: DeadLetters, tells_clocks: bool = False) -> None:
        """`tells_clocks` where somebody lands every change of a clock; asked at the end they are the same."""
        self.drive = Drive(book, tells_clocks=tells_clocks)
        self.taken, self.dead_letters = taken, dead_letters
        self.result = Replayed()
        self._admit = Admission(taken, dead_letters, self.result.left_out)

    def run(self, history: Iterable[Sourced], watch: Watch) -> Replayed:
        """Judges the whole history in chunks, then moves `now` to where the horizon puts it."""
        messages: list[Sourced] = []
        events: list[Event] = []
        for message in history:
            event = self._admit(message.value, message.place)
            if event is None:
                continue
            messages.append(message)
            events.append(event)
            if len(events) >= CHUNK:
                self._judge(messages, events, watch)
                messages, events = [], []
        if events:
            self._judge(messages, events, watch)
        if self.taken.now is not None:
            watch([], [], self.drive.until(max(self.taken.now, self.drive.now)))
        return self.result

    def _judge(self, messages: list[Sourced], events: list[Event], watch: Watch) -> None:
        step = self.drive.take(events)
        result = self.result
        result.events += len(events)
        result.unjudged += len(step.unjudged)
        times = [event.fact.occurred_at for event in events]
        result.first_at = min(times) if result.first_at is None else min(result.first_at, *times)
        result.last_at = max(times) if result.last_at is None else max(result.last_at, *times)
        for rejected in step.rejected:
            message = messages[rejected.index]
            fault = Fault(rejected.reason, rejected.path, rejected.detail)
            self.dead_letters.add(fault, message.place, message.value)
        watch(messages, events, step)
