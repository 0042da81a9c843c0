"""kill -9 of workers, lander and broker in the middle of runs: nothing may be lost and nothing said twice.

In the middle of each a book with other rules is published, and the worker that dies next dies while it judges anew.

`make faults`; the figures go to bench/results/faults.json. Exit status 1 when a run is not exact.
"""

import argparse
import asyncio
import json
import logging
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from random import Random

import msgspec
from aiokafka import AIOKafkaProducer
from rich.console import Console
from rich.table import Table

from rules.drive import Drive
from rules.language import load_book
from rules.language.loader import book_files
from rules.model.alerts import Alert
from rules.model.events import CHANNELS, decode_event
from rules.model.times import HOUR
from streams import clock, topics
from streams.books.history import reports
from streams.books.published import pack
from streams.books.topic import publish
from streams.local.broker import Broker
from streams.logs import quiet
from streams.marks import put_marks
from streams.settings import Settings, from_environment
from streams.simulate import simulate
from streams.simulate.versions import Message
from tests.streams.lane_harness import REAL, Reader, Worker, difference, final_alerts, said_twice
from warehouse import embedded
from warehouse.reader import Reader as WarehouseReader

RESULTS = Path(__file__).parent / "results" / "faults.json"
LANDED = Path(__file__).parent / "landed_alerts.sql"
SEEDS = (1, 2, 3, 4, 5)
KILLS = 4
FROZEN = 9.0
PATIENCE = 120.0
CROWDED = Path(__file__).parent / "crowded.yaml"
LEAVES = "process/P07_no_reason.yaml"
"""The shipped rule that the published book does not have."""
PUBLISHED_BEFORE = 1
"""The strike before which it is published."""
LANDER = ("-m", "streams.cli.main", "lander")


@dataclass
class Outcome:
    """What one run came to."""

    seed: int
    events: int
    alerts: int
    worker_kills: int
    lander_kills: int
    broker_kills: int
    frozen: int = 0
    said_twice: int = 0
    equals_replay: bool = False
    warehouse_equals_topic: bool = False
    seconds: float = 0.0

    @property
    def exact(self) -> bool:
        return not self.said_twice and self.equals_replay and self.warehouse_equals_topic


class Run:
    """Two workers, a lander, a broker and a warehouse of one seed, and what happens to them."""

    def __init__(self, seed: int, cases: int, folder: Path, console: Console) -> None:
        self.chance = Random(seed)
        self.month = simulate(seed, 30, cases, disorder_hours=2).messages
        self.console, self.folder = console, folder
        self.with_broker = seed % 2 == 1
        self.outcome = Outcome(seed, len(self.month), 0, 0, 0, 0)
        self.book = _another_book(folder / "book")

    async def go(self) -> Outcome:
        began = clock.monotonic()
        wanted, now = self._replayed()
        with ExitStack() as ending:
            self.broker = Broker(self.folder / "kafka", cache=from_environment({}).cache)
            self.broker.start()
            ending.callback(self.broker.kill)
            server = ending.enter_context(embedded.start(self.folder / "warehouse"))
            self.settings = _settings(self.folder, self.broker.bootstrap, server.url)
            topics.ensure(self.settings)
            self.workers = [Worker(self.settings, REAL) for _ in range(2)]
            self.lander = Worker(self.settings, LANDER)
            ending.callback(self._end)
            async with Reader(self.settings, topics.ALERTS) as said:
                await self._feed_and_kill(now)
                await self._compare(said, wanted, server.url)
        self.outcome.seconds = round(clock.monotonic() - began, 1)
        return self.outcome

    def _replayed(self) -> tuple[dict[str, Alert], int]:
        """The alerts of the same history in one process, and the `now` of the last mark."""
        events = [decode_event(message.value) for message in self.month]
        now = max(event.fact.occurred_at for event in events) + HOUR
        drive = Drive(load_book(self.book))
        drive.take(events)
        drive.until(now)
        return _plain(drive.alerts()), now

    async def _feed_and_kill(self, now: int) -> None:
        """A part of the month, a kill, and so on; the marks come at the very end."""
        share = len(self.month) // (KILLS + 1) + 1
        for number in range(KILLS + 1):
            await self._feed(self.month[number * share : (number + 1) * share])
            await asyncio.sleep(self.chance.uniform(0.2, 3.0))
            if number == PUBLISHED_BEFORE:
                await self._publish()
            if number < KILLS:
                await self._strike(number)
        await self._feed((), now)

    async def _publish(self) -> None:
        """Returns once a worker judges by the other book."""
        made = pack(self.book, self.settings.book_name, load_book(self.book).hash, "faults", clock.now_us())
        await publish(self.settings, made)
        give_up_at = clock.monotonic() + PATIENCE
        while clock.monotonic() < give_up_at:
            if any(each.hash == made.hash for each in await reports(self.settings)):
                return
            await asyncio.sleep(0.05)

    async def _strike(self, number: int) -> None:
        victim = self.chance.randrange(2)
        if number == 3 and not self.with_broker:
            await self._freeze(self.workers[victim])
            return
        self.workers[victim].kill()
        self.workers[victim] = Worker(self.settings, REAL)
        self.outcome.worker_kills += 1
        if number == 1:
            self.lander.kill()
            self.lander = Worker(self.settings, LANDER)
            self.outcome.lander_kills += 1
        if number == 2 and self.with_broker:
            self.broker.kill()
            self.broker.start()
            self.outcome.broker_kills += 1

    async def _freeze(self, worker: Worker) -> None:
        """Longer than the session: the other worker takes over, and this one wakes up fenced."""
        worker.process.send_signal(signal.SIGSTOP)
        self.outcome.frozen += 1
        await asyncio.sleep(FROZEN)
        worker.process.send_signal(signal.SIGCONT)

    async def _feed(self, part: Sequence[Message], mark: int | None = None) -> None:
        names = topics.Names(self.settings.topic_prefix, self.settings.app)
        async with AIOKafkaProducer(
            bootstrap_servers=self.settings.kafka_bootstrap_servers, enable_idempotence=True, linger_ms=5
        ) as producer:
            for message in part:
                topic = names.of(CHANNELS[message.stream])
                await producer.send(topic, message.value, key=message.subject.encode())
            await producer.flush()
            if mark is not None:
                await put_marks(producer, [names.of(topic) for topic in topics.EVENTS], mark)

    async def _compare(self, said: Reader, wanted: dict[str, Alert], url: str) -> None:
        give_up_at = clock.monotonic() + PATIENCE
        while clock.monotonic() < give_up_at:
            self._raise_the_dead()
            if await said.until(lambda read: _plain(read.alerts) == wanted, 2.0):
                self.outcome.equals_replay = True
                break
        await said.until(lambda _: False, 3.0)
        self.outcome.equals_replay = _plain(said.alerts) == wanted
        if not self.outcome.equals_replay:
            self.console.print(difference(_plain(said.alerts), wanted), markup=False)
        self.outcome.alerts = len(said.values)
        self.outcome.said_twice = len(said_twice(said.alerts))
        topic = sorted((alert.alert_id, alert.revision, alert.state) for alert in said.alerts)
        while clock.monotonic() < give_up_at and _landed(url) != topic:
            await asyncio.sleep(0.5)
        self.outcome.warehouse_equals_topic = _landed(url) == topic

    def _raise_the_dead(self) -> None:
        """What ended by itself is started again, as a supervisor would."""
        for index, worker in enumerate(self.workers):
            if worker.process.poll() is not None:
                self.workers[index] = Worker(self.settings, REAL)
        if self.lander.process.poll() is not None:
            self.lander = Worker(self.settings, LANDER)

    def _end(self) -> None:
        for each in (*self.workers, self.lander):
            if each.process.poll() is None:
                each.kill()


def _another_book(folder: Path) -> Path:
    """The shipped book without one of its rules and with one that judges groups."""
    for place, path in book_files().items():
        if place != LEAVES:
            (folder / place).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, folder / place)
    shutil.copy(CROWDED, folder)
    return folder


def _plain(said: Iterable[Alert]) -> dict[str, Alert]:
    """The alerts that stand, without the book that said each first."""
    return {name: msgspec.structs.replace(alert, book="") for name, alert in final_alerts(said).items()}


def _settings(folder: Path, bootstrap: str, url: str) -> Settings:
    return replace(
        from_environment({"MINGJING_CLOCK": "event", "MINGJING_STATE": str(folder / "state")}),
        kafka_bootstrap_servers=bootstrap,
        clickhouse_url=url,
    )


def _landed(url: str) -> list[tuple[str, int, str]]:
    """(id, revision, state) of every row of the table, in order; a row that is there twice is there twice."""
    source = WarehouseReader(url)
    try:
        rows = source.query(LANDED.read_text(encoding="utf-8")).rows
    finally:
        source.close()
    return sorted((str(id), int(revision), str(state)) for id, revision, state in rows)


def _shown(outcomes: Sequence[Outcome]) -> Table:
    heads = ("seed", "events", "records", "kills w/l/b, frozen", "twice", "= replay", "= warehouse", "s")
    table = Table(*heads)
    for each in outcomes:
        kills = f"{each.worker_kills} / {each.lander_kills} / {each.broker_kills}, {each.frozen}"
        table.add_row(
            str(each.seed), f"{each.events:,}", f"{each.alerts:,}", kills, str(each.said_twice),
            str(each.equals_replay), str(each.warehouse_equals_topic), str(each.seconds),
        )  # fmt: skip
    return table


def main() -> int:
    parser = argparse.ArgumentParser(description="kill -9 in the middle of runs", epilog="make faults")
    parser.add_argument("--seeds", type=int, nargs="*", default=SEEDS)
    parser.add_argument("--cases", type=int, default=1_000)
    chosen = parser.parse_args()
    console = Console()
    quiet(logging.CRITICAL, sys.stderr, logging.CRITICAL)
    outcomes = []
    for seed in chosen.seeds:
        with tempfile.TemporaryDirectory(prefix="faults-") as folder, console.status(f"seed {seed}"):
            outcomes.append(asyncio.run(Run(seed, chosen.cases, Path(folder), console).go()))
    console.print(_shown(outcomes))
    RESULTS.parent.mkdir(parents=True, exist_ok=True)
    RESULTS.write_text(json.dumps([asdict(each) for each in outcomes], indent=2) + "\n", encoding="utf-8")
    return 0 if all(each.exact for each in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
