"""One history over every host: in one process, and on Kafka with 1 and 4 partitions, one worker and two."""

import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from random import Random

import msgspec
import pytest
from aiokafka import AIOKafkaProducer

from rules.core.folding import TRANSIT
from rules.drive import Drive
from rules.language import load_book
from rules.model.alerts import Alert, Clock
from rules.model.events import CHANNELS, Event, decode_event
from rules.model.times import DAY, HOUR
from streams import topics
from streams.marks import put_marks
from streams.settings import ROOT, Settings
from streams.simulate import simulate
from streams.simulate.versions import Message
from tests.streams.crowd_rule import crowd_rule
from tests.streams.lane_harness import (
    REAL,
    Reader,
    difference,
    final_alerts,
    final_clocks,
    nothing_more,
    said_twice,
    workers,
)

pytestmark = [pytest.mark.broker, pytest.mark.slow]


HEAD = """
version: 1
name: {zh: 本测试, en: Of this test}
category: data
basis: a measure of this test
severity: notice
stream: service
subject: case_id
message: {zh: "{{ case_id }}", en: "{{ case_id }}"}
examples:
  - {name: fires, given: [{at: "2026-03-02T09:00", type: case.stage, case_id: A}], expect: [{reason: x}]}
  - {name: is silent, given: [{at: "2026-03-02T09:00", type: case.stage, case_id: A}], expect: []}
"""
OTHERS = {
    "quiet": "silence: {group_by: [event.department], within: 120h}",
    "unheard": "silence: {roster: sources, office_hours: true}",
    "twice": "overlap: {start: case.received, stop: [case.decided, case.closed], key: department, within: 3 days}",
}
"""Rules on marks and on openings, which travel through `facts` in other ways than events do."""
SILENT = [f"archive-{number}" for number in range(8)]
"""Sources of the roster that send nothing: each partition has to find its own."""


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The shipped rules and one that groups by department."""
    folder = tmp_path_factory.mktemp("book") / "book"
    shutil.copytree(ROOT / "rules" / "book", folder)
    (folder / "crowded.yaml").write_text(crowd_rule("crowded", least=2), encoding="utf-8")
    for rule, body in OTHERS.items():
        (folder / f"{rule}.yaml").write_text(f"rule: {rule}{HEAD}{body}\n", encoding="utf-8")
    every = "".join(f"  {source}: {{expect_every: 1 workday, since: 2026-03-02}}\n" for source in SILENT)
    every += "  cn-510107-health: {expect_every: 2 days}\n  cn-440304-market: {expect_every: 2 days}\n"
    (folder / "sources.yaml").write_text(f"default: {{lateness: 15m}}\nsources:\n{every}", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def month() -> list[Message]:
    """A simulated month with corrections; some of it is sent twice, some is deleted."""
    made = simulate(11, 30, 220).messages
    chance = Random(11)
    doubled = [message for message in made if chance.random() < 0.1]
    gone = [_deletion(message) for message in chance.sample(made, 40)]
    return [*made, *doubled, *gone]


def _deletion(message: Message) -> Message:
    said = msgspec.json.decode(message.value)
    said["operation"] = "d"
    said["recordedat"] = said["receivedat"] = "2026-05-20T00:00:00+08:00"
    return msgspec.structs.replace(message, value=msgspec.json.encode(said))


@pytest.fixture(scope="module")
def right(month: list[Message], book: Path) -> tuple[dict[str, Alert], dict[str, Clock], int]:
    """What the whole history comes to in one process, and the `now` at which."""
    events: list[Event] = [decode_event(message.value) for message in month]
    now = max(event.fact.occurred_at for event in events) + 30 * HOUR
    drive = Drive(load_book(book))
    drive.take(events)
    drive.until(now)
    found = Counter(alert.rule for alert in drive.alerts())
    assert min(found[rule] for rule in ("crowded", *OTHERS)) > 5
    assert {alert.subject for alert in drive.alerts() if alert.reason == "never_heard"} == set(SILENT)
    return final_alerts(drive.alerts()), final_clocks(drive.clocks()), now


async def _send(settings: Settings, month: Sequence[Message], now: int) -> None:
    names = topics.Names(settings.topic_prefix, settings.app)
    async with AIOKafkaProducer(
        bootstrap_servers=settings.kafka_bootstrap_servers, enable_idempotence=True, linger_ms=5
    ) as producer:
        for message in month:
            topic = names.of(CHANNELS[message.stream])
            await producer.send(topic, message.value, key=message.subject.encode())
        await producer.flush()
        await put_marks(producer, [names.of(topic) for topic in topics.EVENTS], now)


def disordered(month: Sequence[Message], chance: Random) -> list[Message]:
    """No message comes later than state is kept for it, by the clock of those before it (RULES.md §3.5, `transit`)."""
    arrives = [decode_event(message.value).at + chance.uniform(0, TRANSIT - DAY) for message in month]
    return [month[place] for place in sorted(range(len(month)), key=arrives.__getitem__)]


EVERY_PAIR = [(1, 1, False), (1, 2, True), (4, 1, True), (4, 2, False)]
"""Partitions, workers, shuffled: every two values of the three meet in one of these."""


@pytest.mark.parametrize(("partitions", "count", "shuffled"), EVERY_PAIR)
async def test_the_same_history_comes_to_the_same_alerts_and_clocks_on_kafka(
    broker_settings: Settings,
    month: list[Message],
    book: Path,
    right: tuple[dict[str, Alert], dict[str, Clock], int],
    partitions: int,
    count: int,
    shuffled: bool,
) -> None:
    settings = replace(broker_settings, partitions=partitions, book=book)
    alerts, clocks, now = right
    sent = list(month)
    if shuffled:
        sent = disordered(month, Random(partitions))
    with workers(settings, count, REAL) as running:
        async with Reader(settings, topics.ALERTS) as said, Reader(settings, topics.CLOCKS) as ticking:
            await _send(settings, sent, now)
            heard = await said.until(lambda read: final_alerts(read.alerts) == alerts)
            assert heard, difference(final_alerts(said.alerts), alerts) + running[0].log.read_text()
            heard = await ticking.until(lambda read: final_clocks(read.clocks) == clocks)
            assert heard, difference(final_clocks(ticking.clocks), clocks)
            await nothing_more(said)
            assert final_alerts(said.alerts) == alerts
            assert said_twice(said.alerts) == []
        assert [worker.stop() for worker in running] == [0] * count
