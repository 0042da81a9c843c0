"""Landing: every range once, whatever dies in between, and nothing that is no event."""

import asyncio
import logging
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from aiokafka import AIOKafkaProducer

from rules.model.alerts import Alert, Clock, alert_json, clock_json
from rules.model.events import Undecodable
from rules.model.times import parse_day
from streams import topics
from streams.codec import Partitioner, dead_letter, dead_letter_json, partition_of
from streams.lander import Gathered, Lander, Pace
from streams.landing import table_of
from streams.marks import put_marks
from streams.settings import ROOT, Settings
from streams.topics import ALERTS, CLOCKS, DEAD_LETTERS, INSPECTION_EVENTS, SERVICE_EVENTS, Names
from tests.streams.metrics_read import told_by
from tests.waiting import PATIENCE, awaited
from warehouse import embedded
from warehouse.migrations import migrate
from warehouse.reader import Reader

PROMPT = Pace(records=500, gather=0.1, poll=0.05)
NINE = 1_770_858_000_000_000


def record(offset: int, value: bytes | None = b"{}") -> Any:
    return SimpleNamespace(offset=offset, value=value)


def cloud_event(number: int, **given: Any) -> bytes:
    made = {"specversion": "1.0", "type": "case.applied", "source": "office", "subject": f"A{number % 97}"}
    made |= {"id": str(number), "time": "2026-02-12T09:00:00+08:00", "data": {"task_code": "permit-20"}}
    return msgspec.json.encode(made | given)


# what makes a piece


def test_a_small_piece_waits_for_more_and_a_full_one_does_not() -> None:
    gathered = Gathered(since=10.0, records=[record(n) for n in range(5)])
    assert gathered.ready(Pace(records=10, gather=1.0), now=10.9) == 0
    assert gathered.ready(Pace(records=10, gather=1.0), now=11.0) == 5
    assert gathered.ready(Pace(records=3, gather=1.0), now=10.0) == 3
    assert Gathered().ready(Pace(), now=99.0) == 0


def test_a_promised_range_is_awaited_whole_and_taken_without_what_follows_it() -> None:
    gathered = Gathered(promised=7, records=[record(4), record(6)])
    assert gathered.ready(Pace(records=1), now=99.0) == 0
    gathered.records += [record(7), record(9)]
    assert gathered.ready(Pace(records=1), now=0.0) == 3


def test_a_promised_range_that_retention_took_holds_nothing_up() -> None:
    gathered = Gathered(promised=7, records=[record(9)])
    assert gathered.ready(Pace(gather=0.0), now=99.0) == 1


def test_what_is_no_event_of_its_partition_is_left_out() -> None:
    def sent(value: bytes | None, key: bytes = b"A0", partition: int | None = None) -> Any:
        place = partition_of(key, 4) if partition is None else partition
        return SimpleNamespace(
            topic="service.events", partition=place, offset=1, key=key, value=value, timestamp=NINE // 1_000
        )

    good = cloud_event(0)
    wrong = (partition_of(b"A0", 4) + 1) % 4
    bad = [
        sent(None),
        sent(b"{"),
        sent(good, b"A1"),
        sent(good, partition=wrong),
        sent(cloud_event(0, type="x.y")),
    ]
    bad.append(sent(cloud_event(0, time="2099-01-01T00:00:00Z")))
    table, columns = table_of(SERVICE_EVENTS, [*bad, sent(good)], Partitioner(4))
    assert (table, columns["id"], columns["topic"]) == ("event_versions", ["0"], ["service.events"])


# with the real broker and the real warehouse


@pytest.fixture
def system(broker_settings: Settings, warehouse_url: str) -> Settings:
    made = replace(broker_settings, clickhouse_url=warehouse_url)
    topics.ensure(made)
    migrate(warehouse_url)
    Reader(warehouse_url).query("SYSTEM STOP MERGES event_versions")  # a merge would hide a row landed twice
    return made


@asynccontextmanager
async def producing(settings: Settings, **options: Any) -> AsyncIterator[AIOKafkaProducer]:
    async with AIOKafkaProducer(bootstrap_servers=settings.kafka_bootstrap_servers, **options) as producer:
        yield producer


async def send_events(settings: Settings, numbers: range) -> None:
    topic = Names(settings.topic_prefix, settings.app).of(SERVICE_EVENTS)
    async with producing(settings, linger_ms=5) as producer:
        sent = [await producer.send(topic, cloud_event(n), key=f"A{n % 97}".encode()) for n in numbers]
        await asyncio.gather(*sent)


@asynccontextmanager
async def landing(*landers: Lander) -> AsyncIterator[None]:
    running = [asyncio.ensure_future(lander.run()) for lander in landers]
    try:
        yield
        for lander in landers:
            lander.stop()
        await asyncio.wait_for(asyncio.gather(*running), PATIENCE)
    finally:
        for each in running:
            each.cancel()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not await asyncio.to_thread(condition):
            await asyncio.sleep(0.05)


def landed(settings: Settings, table: str = "event_versions") -> tuple[int, int]:
    """Rows as they lie there, and places in the topics that they come from."""
    reader = Reader(settings.clickhouse_url)
    places = "uniqExact(topic, partition, offset)" if table == "event_versions" else "count()"
    found: tuple[int, int] = reader.query(f"SELECT count(), {places} FROM {table}").rows[0]
    reader.close()
    return found


def has_landed(settings: Settings, number: int) -> Callable[[], bool]:
    return lambda: landed(settings)[1] >= number


@pytest.mark.broker
@pytest.mark.warehouse
async def test_every_topic_lands_in_its_table_and_marks_land_nowhere(system: Settings) -> None:
    names = Names(system.topic_prefix, system.app)
    alert = Alert(
        alert_id="a" * 32, rule="T03", subject="A1", stream="service", severity="red_card",
        reason="still_open", at=NINE, occasion=("office", "1"), revision=1,
    )  # fmt: skip
    clock = Clock(
        clock_id="b" * 32, rule="T03", clock="handling", subject="A1", stream="service", occasion=("office",
        "1"), start_at=NINE, start_date=parse_day("2026-02-12"), unit="workdays", limit=20, revision=1,
    )  # fmt: skip
    fault = Undecodable("not_json", "$", "an odd brace")
    letter = dead_letter(fault, b"{", NINE, topic=names.of(SERVICE_EVENTS), partition=1, offset=5)
    check = cloud_event(1, type="check.performed", subject="C1", data={"on_site": True})
    async with producing(system) as producer:
        await producer.send_and_wait(names.of(SERVICE_EVENTS), b"{", key=b"A1")
        await producer.send_and_wait(names.of(SERVICE_EVENTS), cloud_event(1), key=b"A1")
        await producer.send_and_wait(names.of(INSPECTION_EVENTS), check, key=b"C1")
        await producer.send_and_wait(names.of(ALERTS), alert_json(alert), key=b"A1")
        await producer.send_and_wait(names.of(CLOCKS), clock_json(clock), key=b"A1")
        await producer.send_and_wait(names.of(DEAD_LETTERS), dead_letter_json(letter), key=b"x")
        await put_marks(producer, [names.of(SERVICE_EVENTS)], NINE)
    lander = Lander(system, PROMPT)
    async with landing(lander):
        await until(lambda: sum(lander.landed.values()) == 5)
    assert lander.landed == {"event_versions": 2, "alerts": 1, "case_clock": 1, "dead_letters": 1}
    reader = Reader(system.clickhouse_url)
    assert reader.alerts() == [alert]
    assert reader.case_clocks("service", "A1") == [clock]
    assert [(each.partition, each.offset, each.reason) for each in reader.dead_letters()] == [(1, 5, "not_json")]
    assert [each.id for each in reader.case_timeline("inspection", "C1")] == ["1"]


@pytest.mark.broker
@pytest.mark.warehouse
async def test_a_record_of_an_aborted_transaction_is_not_landed(system: Settings) -> None:
    topic = Names(system.topic_prefix, system.app).of(SERVICE_EVENTS)
    async with producing(system, transactional_id=f"{system.app}-aborts") as producer:
        await producer.begin_transaction()
        await producer.send_and_wait(topic, cloud_event(1), key=b"A1")
        await producer.abort_transaction()
        async with producer.transaction():
            await producer.send_and_wait(topic, cloud_event(2), key=b"A2")
    async with landing(Lander(system, PROMPT)):
        await until(has_landed(system, 1))
    assert Reader(system.clickhouse_url).query("SELECT id FROM event_versions").rows == [("2",)]


class Dies(Exception):
    pass


class DyingLander(Lander):
    """Dies after its first insert, before it can say so to the broker."""

    async def _insert(self, piece: Any, shaped: Any) -> bool:
        await super()._insert(piece, shaped)
        raise Dies


@pytest.mark.broker
@pytest.mark.warehouse
async def test_after_a_death_between_insert_and_commit_the_very_same_range_is_inserted_again(
    system: Settings,
) -> None:
    await send_events(system, range(300))
    for _ in range(3):
        with pytest.raises(Dies):
            await DyingLander(system, PROMPT).run()
    before = landed(system)
    assert before[0] == before[1] > 0
    await send_events(system, range(300, 1_000))  # would make longer ranges of those that were promised
    async with landing(Lander(system, PROMPT)):
        await until(has_landed(system, 1_000))
    assert landed(system) == (1_000, 1_000)
    reader = Reader(system.clickhouse_url)
    assert reader.query("SELECT count() FROM case_timeline").rows == [(1_000,)]
    assert reader.query("SELECT sum(events) FROM case_current").rows == [(1_000,)]


@pytest.mark.broker
@pytest.mark.warehouse
@pytest.mark.slow
async def test_a_lander_killed_again_and_again_lands_everything_once(system: Settings, tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "KAFKA_BOOTSTRAP_SERVERS": system.kafka_bootstrap_servers,
        "CLICKHOUSE_URL": system.clickhouse_url,
        "MINGJING_TOPIC_PREFIX": system.topic_prefix,
        "MINGJING_APP": system.app,
        "MINGJING_PARTITIONS": str(system.partitions),
        "MINGJING_METRICS": "0",
    }
    command = [sys.executable, "-m", "streams.cli.main", "lander"]
    total = 40_000
    lanes = {f'lane="{SERVICE_EVENTS}-{number}"' for number in range(system.partitions)}
    sending = asyncio.ensure_future(send_events(system, range(total)))
    with (tmp_path / "log").open("w") as log:
        for goal in (1, 10_000):
            process = subprocess.Popen(command, env=environment, stderr=log)
            await until(has_landed(system, goal))
            process.send_signal(signal.SIGKILL)
            process.wait()
        await sending
        process = subprocess.Popen(command, env=environment, stderr=log)
        await until(has_landed(system, total))
        await asyncio.to_thread(awaited, lambda: has_caught_up(tmp_path / "log", lanes), "the lander tells a lag")
        rows = told_by(tmp_path / "log")["mingjing_lander_rows_total"]
        assert rows.keys() == {'table="event_versions"'} and 0 < max(rows.values()) <= total
        process.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(process.wait, PATIENCE) == 0, (tmp_path / "log").read_text()
    assert landed(system) == (total, total)


def has_caught_up(log: Path, lanes: set[str]) -> bool:
    lags = told_by(log)["mingjing_lander_lag_records"]
    return lags.keys() >= lanes and not any(lags.values())


@pytest.mark.broker
@pytest.mark.warehouse
async def test_a_second_lander_takes_over_partitions_and_nothing_lands_twice(system: Settings) -> None:
    first, second = Lander(system, PROMPT), Lander(system, PROMPT)
    await send_events(system, range(1_000))
    async with landing(first):
        await until(has_landed(system, 500))
        async with landing(second):
            await send_events(system, range(1_000, 3_000))
            await until(has_landed(system, 3_000))
        await send_events(system, range(3_000, 4_000))
        await until(has_landed(system, 4_000))
    assert landed(system) == (4_000, 4_000)


@pytest.mark.broker
@pytest.mark.warehouse
async def test_while_the_warehouse_is_away_it_waits_says_so_once_and_drops_nothing(
    broker_settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with embedded.start(tmp_path / "data") as server:
        port = server.port
        system = replace(broker_settings, clickhouse_url=server.url)
        topics.ensure(system)
        migrate(server.url)
    caplog.set_level(logging.WARNING, "streams.lander")
    lander = Lander(system, PROMPT)
    await send_events(system, range(200))
    async with landing(lander):
        await until(lambda: "the warehouse cannot be reached" in caplog.text)
        await send_events(system, range(200, 400))
        server = await asyncio.to_thread(embedded.start, tmp_path / "data", port)
        with server:
            await until(has_landed(system, 400))
            assert landed(system) == (400, 400)
    said = [each.message for each in caplog.records if each.name == "streams.lander"]
    assert len(said) == 2, said
    assert said[1] == "the warehouse is reached again"


@pytest.mark.broker
async def test_a_lander_that_waits_for_the_warehouse_can_be_stopped(
    broker_settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "streams.lander")
    system = replace(broker_settings, clickhouse_url="clickhouse://default:@127.0.0.1:1/default")
    topics.ensure(system)
    await send_events(system, range(10))
    lander = Lander(system, PROMPT)
    async with landing(lander):
        await until(lambda: "the warehouse cannot be reached" in caplog.text)
    assert not lander.landed
