"""Workers as processes of their own, and what a test feeds them and reads from them."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

import msgspec
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from rules.model.alerts import Alert, Clock, parse_alert, parse_clock
from rules.model.events import Event, decode_event
from rules.model.times import SECOND, iso
from streams import clock, topics
from streams.marks import put_marks
from streams.settings import ROOT, Settings
from tests.waiting import PATIENCE

STUB = (str(Path(__file__).parent / "stub_worker.py"),)
REAL = ("-m", "streams.cli.main", "worker")
BASE = 1_780_000_000 * SECOND


def environment(settings: Settings) -> dict[str, str]:
    """The variables that make a process read these settings."""
    return os.environ | {
        "KAFKA_BOOTSTRAP_SERVERS": settings.kafka_bootstrap_servers,
        "CLICKHOUSE_URL": settings.clickhouse_url,
        "MINGJING_STATE": str(settings.state),
        "MINGJING_CLOCK": settings.clock,
        "MINGJING_APP": settings.app,
        "MINGJING_TOPIC_PREFIX": settings.topic_prefix,
        "MINGJING_PARTITIONS": str(settings.partitions),
        "MINGJING_BOOK": str(settings.book or ""),
        "MINGJING_METRICS": ":".join(map(str, settings.metrics or ())),
        "PYTHONPATH": str(ROOT),
    }


class Worker:
    """One worker process; its log is in the state folder."""

    def __init__(self, settings: Settings, program: tuple[str, ...]) -> None:
        settings.state.mkdir(parents=True, exist_ok=True)
        self.log = settings.state / "workers.log"
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(
                [sys.executable, *program], env=environment(settings), stdout=out, stderr=out, cwd=ROOT
            )

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)


@contextmanager
def workers(settings: Settings, count: int, program: tuple[str, ...] = STUB) -> Iterator[list[Worker]]:
    """So many workers; what the test leaves of them is killed at the end."""
    topics.ensure(settings)
    running = [Worker(settings, program) for _ in range(count)]
    try:
        yield running
    finally:
        for each in running:
            if each.process.poll() is None:
                each.kill()


def messages(count: int, subjects: int, seed: int) -> list[tuple[str, bytes]]:
    """(subject, CloudEvent) of so many applications, ten a second, in the order of their times."""
    chance = Random(seed)
    made = []
    for number in range(count):
        subject, end = f"c{chance.randrange(subjects)}", chance.choice("abcdefgz")
        at = iso(BASE + number * SECOND // 10)
        text = (
            f'{{"specversion":"1.0","id":"e{number % 1000:03d}-{number}{end}","source":"test",'
            f'"type":"case.applied","time":"{at}","subject":"{subject}","data":{{}}}}'
        )
        made.append((subject, text.encode()))
    return made


def events(fed: Iterable[tuple[str, bytes]]) -> list[Event]:
    return [decode_event(value) for _, value in fed]


async def feed(settings: Settings, fed: Iterable[tuple[str, bytes]], mark: int | None = None) -> None:
    """Sends to the topic of service cases, and then a mark into every event partition."""
    names = topics.Names(settings.topic_prefix, settings.app)
    async with AIOKafkaProducer(
        bootstrap_servers=settings.kafka_bootstrap_servers, enable_idempotence=True, linger_ms=5
    ) as producer:
        for subject, value in fed:
            await producer.send(names.of(topics.SERVICE_EVENTS), value, key=subject.encode())
        await producer.flush()
        if mark is not None:
            await put_marks(producer, [names.of(topic) for topic in topics.EVENTS], mark)


class Reader:
    """Reads a topic from its beginning, committed records only, and remembers all of it."""

    def __init__(self, settings: Settings, topic: str) -> None:
        names = topics.Names(settings.topic_prefix, settings.app)
        self.values: list[bytes] = []
        self._consumer = AIOKafkaConsumer(
            names.of(topic),
            bootstrap_servers=settings.kafka_bootstrap_servers,
            isolation_level="read_committed",
            auto_offset_reset="earliest",
        )

    async def __aenter__(self) -> "Reader":
        await self._consumer.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._consumer.stop()

    async def until(self, condition: Callable[["Reader"], Any], seconds: float = PATIENCE) -> bool:
        """Reads on until the condition holds; whether it came to hold."""
        give_up_at = clock.monotonic() + seconds
        while not condition(self):
            if clock.monotonic() > give_up_at:
                return False
            for records in (await self._consumer.getmany(timeout_ms=200)).values():
                self.values += [record.value for record in records if record.value]
        return True

    @property
    def alerts(self) -> list[Alert]:
        return [parse_alert(value) for value in self.values]

    @property
    def clocks(self) -> list[Clock]:
        return [parse_clock(value) for value in self.values]


def standing(alerts: Iterable[Alert]) -> dict[str, int]:
    """alert id → at, of those that stand after the last revision."""
    last: dict[str, Alert] = {}
    for alert in alerts:
        if alert.alert_id not in last or last[alert.alert_id].revision < alert.revision:
            last[alert.alert_id] = alert
    return {name: alert.at for name, alert in last.items() if alert.state != "withdrawn"}


def said_twice(alerts: Iterable[Alert]) -> list[tuple[str, int]]:
    """Alert ids and revisions that more than one record has."""
    seen: set[tuple[str, int]] = set()
    twice = []
    for alert in alerts:
        if (alert.alert_id, alert.revision) in seen:
            twice.append((alert.alert_id, alert.revision))
        seen.add((alert.alert_id, alert.revision))
    return twice


async def nothing_more(reader: Reader, seconds: float = 2.0) -> None:
    """Reads for a while longer: what must not come would come now."""
    await asyncio.wait_for(asyncio.shield(reader.until(lambda _: False, seconds)), seconds + 5)


def final_alerts(said: Iterable[Alert]) -> dict[str, Alert]:
    """The alerts that stand, by id; how often each was changed on the way is the host's own affair."""
    last: dict[str, Alert] = {}
    for alert in said:
        if alert.alert_id not in last or last[alert.alert_id].revision <= alert.revision:
            last[alert.alert_id] = alert
    return {
        name: msgspec.structs.replace(alert, revision=0) for name, alert in last.items() if alert.state != "withdrawn"
    }


def final_clocks(said: Iterable[Clock]) -> dict[str, Clock]:
    """The clocks, by id; what has run of one that is open is as of when it was last said."""
    last: dict[str, Clock] = {}
    for ticking in said:
        if ticking.clock_id not in last or last[ticking.clock_id].revision <= ticking.revision:
            last[ticking.clock_id] = ticking
    final = {}
    for name, ticking in last.items():
        if ticking.state != "void":
            open_now = {"used": 0, "left": None} if ticking.state != "stopped" else {}
            final[name] = msgspec.structs.replace(ticking, revision=0, as_of=0, **open_now)
    return final


def difference(found: dict[str, Any], wanted: dict[str, Any]) -> str:
    """What is missing, too much, or otherwise than wanted; for the message of a failed test."""
    lines = [f"missing {wanted[name]}" for name in wanted.keys() - found.keys()]
    lines += [f"too much {found[name]}" for name in found.keys() - wanted.keys()]
    lines += [
        f"found  {found[name]}\nwanted {wanted[name]}"
        for name in found.keys() & wanted.keys()
        if found[name] != wanted[name]
    ]
    return "\n".join([*lines[:6], f"{len(lines)} differences", ""])
