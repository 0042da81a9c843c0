"""Decides whether the core says of a history what the judge says: through any host, however the events arrive.

A seed makes a history, the judge says what stands at its end, and two hosts must say the same: one process that takes
the events in any order, batches and ticks, and workers over so many partitions with lanes that end and come back. What
fails is shortened while it still fails, and shown so that it can be pasted into the examples of a rule.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from tempfile import TemporaryFile
from typing import Any
from unittest.mock import patch

import msgspec

from rules.core import subjects
from rules.core.slots import Slots
from rules.drive import Drive
from rules.language import Book
from rules.model.alerts import Alert, Clock
from rules.model.events import CHANNELS, TYPES, Event, decode_event
from rules.model.times import DAY, HOUR
from streams.rehearsal.lines import part_of
from streams.rehearsal.part import Part
from streams.rehearsal.spools import Spool
from streams.rehearsal.wanted import BookAt, Wanted
from streams.replay import Horizon
from tests.oracle.chance import Chance
from tests.oracle.days import local, micros
from tests.oracle.lanes import Workers
from tests.oracle.written import Message, as_example

Answer = set[tuple[Any, ...]]
PARTITIONS = (1, 2, 3, 5)


@dataclass(frozen=True)
class History:
    """Messages in the order of their making, the Shanghai time at which they are judged, and what is declared."""

    events: list[Message]
    now: datetime
    world: Any = None


@dataclass(frozen=True)
class Family:
    """Histories of one kind: how they are made, the book that judges them, and both judges in the same words."""

    name: str
    make: Callable[[Chance], History]
    book: Callable[[History], Book]
    judge: Callable[[History], Answer]
    told: Callable[[History, Sequence[Alert], Sequence[Clock]], Answer]
    rules: frozenset[str]
    """Those of which both speak."""
    share: int = 1
    """How many of all histories are of this kind, beside the others."""


@dataclass(frozen=True)
class Host:
    """One way through the core: its name, and what stands at the end of a history."""

    name: str
    run: Callable[[Book, History, Chance], tuple[list[Alert], list[Clock]]]
    tells_running: bool = True
    """Whether it says how much has run of an open clock up to `now`: a topic says it as of the last change."""


class Disagreement(AssertionError):
    """A host and the judge say different things of a history."""


@lru_cache(maxsize=64)
def _laid_out(mark: str, book: Any) -> Slots:
    return Slots(book.book)


class _Kept:
    """A book that is known by its mark: books are equal where they say the same."""

    def __init__(self, book: Book) -> None:
        self.book = book

    def __hash__(self) -> int:
        return id(self.book)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Kept) and other.book is self.book


@contextmanager
def laid_out_once() -> Iterator[None]:
    """The layout of a book is made once: hosts are made by the thousand."""
    with patch.object(subjects, "Slots", lambda book: _laid_out(book.mark, _Kept(book))):
        yield


def decoded(history: History) -> list[Event]:
    return [decode_event(msgspec.json.encode(event)) for event in history.events]


def instant(moment: datetime) -> int:
    found = micros(moment)
    assert found is not None
    return found


def arrival(history: History, chance: Chance) -> list[int]:
    """The positions of the messages as they come: any order, or by the time of recording; some more than once."""
    number = len(history.events)
    if chance.once_in(2):
        order = chance.shuffled(range(number))
    else:
        order = sorted(range(number), key=lambda position: str(history.events[position].get("recordedat", "")))
    return [*order, *chance.some(range(number), 0, 3)]


def ticks(history: History, chance: Chance) -> Iterator[int | None]:
    """A clock that now and then says a time between the first event and the end."""
    times = [local(each["time"]) for each in history.events if each.get("time")]
    latest, end = instant(min(times)), instant(history.now)
    while True:
        if not chance.once_in(3):
            yield None
            continue
        after = chance.of([0, 1, HOUR, DAY, 3 * DAY, 10 * DAY, end - latest])
        latest = min(latest + after, end)
        yield latest // DAY * DAY - 8 * HOUR if chance.once_in(2) else latest


def one_process(**kept: bool) -> Callable[[Book, History, Chance], tuple[list[Alert], list[Clock]]]:
    def run(book: Book, history: History, chance: Chance) -> tuple[list[Alert], list[Clock]]:
        events, left, clock = decoded(history), arrival(history, chance), ticks(history, chance)
        drive = Drive(book, **kept)
        while left:
            tick = next(clock)
            if tick is not None:
                drive.until(tick)
            size = chance.of([1, 1, 2, 5, len(left)])
            drive.take([events[position] for position in left[:size]])
            left = left[size:]
        drive.until(instant(history.now))
        return drive.alerts(), drive.clocks()

    return run


def backtest(parts: int) -> Callable[[Book, History, Chance], tuple[list[Alert], list[Clock]]]:
    """As `rules backtest` judges a file in so many processes, here in one: facts wait until all subjects are read."""

    def run(book: Book, history: History, chance: Chance) -> tuple[list[Alert], list[Clock]]:
        events, lines = decoded(history), [msgspec.json.encode(event) for event in history.events]
        wanted = Wanted(books=(BookAt(),), horizon=Horizon(0, instant(history.now), None, None))
        with ExitStack() as files:
            numbers = range(parts)
            judges = [Part(wanted, [book], number, parts) for number in numbers]
            spools = [[Spool(files.enter_context(TemporaryFile()).fileno()) for _ in numbers] for _ in numbers]
            for part, told in zip(judges, spools, strict=True) if parts > 1 else ():
                part.hand_on([told])
            for block, begin in enumerate(range(0, len(order := arrival(history, chance)), 4)):
                for number, part in enumerate(judges):
                    mine = [place for place in order[begin : begin + 4] if part_of(lines[place], parts) == number]
                    part.take([events[place] for place in mine], block)
            for part in judges:
                part.until(instant(history.now))
            for number, part in enumerate(judges if parts > 1 else ()):
                part.hear([[told[number] for told in spools]], instant(history.now))
        drives = [drive for part in judges for drive in part.drives]
        return [a for each in drives for a in each.alerts()], [c for each in drives for c in each.clocks()]

    return run


def over(partitions: int) -> Callable[[Book, History, Chance], tuple[list[Alert], list[Clock]]]:
    def run(book: Book, history: History, chance: Chance) -> tuple[list[Alert], list[Clock]]:
        events, left, clock = decoded(history), arrival(history, chance), ticks(history, chance)
        workers = Workers(book, partitions, chance.of([1, 2, 20_000]))
        while left:
            tick = next(clock)
            if tick is not None:
                workers.mark(tick)
            size = chance.of([1, 1, 2, 5, len(left)])
            for position in left[:size]:
                event, value = events[position], msgspec.json.encode(history.events[position])
                workers.send(CHANNELS[TYPES[history.events[position]["type"]].stream], event.subject, value)
            left = left[size:]
            workers.stir(chance, chance.whole(0, 4))
        workers.mark(instant(history.now))
        workers.stir(chance, 2 * partitions)
        workers.finish()
        assert not workers.letters(), workers.letters()
        return workers.standing(), workers.clocks()

    return run


IN_PROCESS = [
    Host("one process", one_process()),
    Host("one process that always refolds", one_process(always_refold=True)),
    Host("one process that tells no clocks", one_process(tells_clocks=False)),
    *(Host(f"a backtest in {parts} parts", backtest(parts)) for parts in (1, 2, 3)),
]
WORKERS = [Host(f"workers over {number} partitions", over(number), False) for number in PARTITIONS]


def tried(family: Family, seed: int) -> None:
    """One history through two hosts. Raises Disagreement, with the shortest history that still shows it."""
    chance = Chance(f"{family.name} {seed}")
    history = family.make(chance)
    hosts = (chance.of(IN_PROCESS), chance.of(WORKERS))
    if differences(family, history, hosts, seed):
        raise Disagreement(report(family, shortened(family, history, hosts, seed), hosts, seed))


def differences(family: Family, history: History, hosts: Sequence[Host], seed: int) -> list[str]:
    """What the judge has and a host has not, the other way round, and in what the hosts are not at one."""
    judged, said, whole = family.judge(history), list[str](), list[set[str]]()
    for host in hosts:
        try:
            with laid_out_once():
                alerts, clocks = host.run(family.book(history), history, Chance(seed))
        except Exception as fault:
            return [f"{host.name} fails: {type(fault).__name__}: {fault}"]
        expected, found = judged, family.told(history, alerts, clocks)
        if not host.tells_running:
            expected, found = ({each for each in lines if each[0] != "running"} for lines in (expected, found))
        said += [f"the judge has, not {host.name}: {each}" for each in sorted(expected - found, key=repr)]
        said += [f"{host.name} has, not the judge: {each}" for each in sorted(found - expected, key=repr)]
        whole.append({repr(msgspec.structs.replace(alert, revision=0)) for alert in alerts})
    if not said and whole[0] != whole[-1]:
        said += [f"{hosts[0].name} alone: {each}" for each in sorted(whole[0] - whole[-1])]
        said += [f"{hosts[-1].name} alone: {each}" for each in sorted(whole[-1] - whole[0])]
    return said


def shortened(family: Family, history: History, hosts: Sequence[Host], seed: int) -> History:
    """Without every event that the disagreement does not need, in halves first, then one by one."""
    size = len(history.events)
    while size:
        begin = 0
        while begin < len(history.events):
            events = [*history.events[:begin], *history.events[begin + size :]]
            shorter = replace(history, events=events)
            if events and _still_fails(family, shorter, hosts, seed):
                history = shorter
            else:
                begin += size
        size //= 2
    return history


def _still_fails(family: Family, history: History, hosts: Sequence[Host], seed: int) -> bool:
    try:
        return bool(differences(family, history, hosts, seed))
    except Exception:  # a history that the judge cannot read shows nothing
        return False


def report(family: Family, history: History, hosts: Sequence[Host], seed: int) -> str:
    """The seed, what differs, and the history as an example of a rule."""
    items = getattr(history.world, "items", {})
    lines = [f"{family.name}, seed {seed}:", *differences(family, history, hosts, seed)]
    return "\n".join([*lines, "", as_example(history.events, history.now.isoformat(), items)])


def seeds_of(families: Iterable[Family], number: int, since: int = 0) -> list[tuple[Family, int]]:
    """So many histories, each kind by its share."""
    turns = [family for family in families for _ in range(family.share)]
    return [(turns[seed % len(turns)], seed) for seed in range(since, since + number)]
