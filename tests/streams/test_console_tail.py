"""The console follows real Kafka: committed alerts alone, and an outage that ends by itself."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer

from rules.model.alerts import Alert, Text, alert_json, identity
from streams.console.archive import Archive
from streams.console.board import Board
from streams.console.clock_shelf import ClockShelf
from streams.console.link import Reach
from streams.console.tail import Tail
from streams.local.broker import Broker
from streams.topics import ALERTS, CLOCKS, Names, create, plan
from tests.waiting import until
from warehouse import migrations, rows
from warehouse.writer import Writer

pytestmark = pytest.mark.broker


def alert(subject: str, **given: Any) -> Alert:
    return Alert(
        alert_id=identity("P07", "", subject),
        rule="P07",
        subject=subject,
        stream="service",
        severity="yellow_card",
        reason="matched",
        at=1_780_000_000_000_000,
        occasion=("s", subject),
        message=Text(f"{subject} 无理由", f"{subject} has no reason"),
        **{"revision": 1, **given},
    )


def topics(bootstrap: str, names: Names) -> None:
    create(bootstrap, [each for each in plan(names, 2) if each.name in (names.of(ALERTS), names.of(CLOCKS))])


@asynccontextmanager
async def following(bootstrap: str, names: Names) -> AsyncIterator[tuple[Tail, Board]]:
    board, shelf = Board(), ClockShelf()
    tail = Tail(bootstrap, names.of(ALERTS), names.of(CLOCKS), board, shelf)
    task = asyncio.create_task(tail.follow())
    try:
        yield tail, board
        assert not task.done(), "the tail ended"
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def publish(bootstrap: str, names: Names, *alerts: Alert) -> None:
    async with AIOKafkaProducer(bootstrap_servers=bootstrap) as producer:
        for each in alerts:
            await producer.send_and_wait(names.of(ALERTS), alert_json(each), key=each.subject.encode())


async def test_the_queue_starts_with_what_is_in_the_topic_and_goes_on_with_what_comes(
    broker: str, names: Names
) -> None:
    topics(broker, names)
    await publish(broker, names, alert("A1"), alert("A2"))
    async with following(broker, names) as (tail, board):
        await until(lambda: len(board) == 2)
        await publish(broker, names, alert("A1", revision=2, state="withdrawn"), alert("A3"))
        await until(lambda: len(board) == 3 and len(board.revisions(alert("A1").alert_id)) == 2)
        assert tail.link.reach is Reach.LIVE


async def test_an_alert_of_an_aborted_transaction_is_never_shown(broker: str, names: Names) -> None:
    topics(broker, names)
    async with following(broker, names) as (tail, board):
        await until(lambda: tail.link.reach is Reach.LIVE)
        async with AIOKafkaProducer(bootstrap_servers=broker, transactional_id=names.app) as producer:
            await producer.begin_transaction()
            await producer.send_and_wait(names.of(ALERTS), alert_json(alert("aborted")), partition=0)
            await producer.abort_transaction()
            async with producer.transaction():
                await producer.send_and_wait(names.of(ALERTS), alert_json(alert("committed")), partition=0)
        await until(lambda: len(board) == 1)
        assert board.entry(alert("committed").alert_id) is not None


async def test_a_record_that_is_no_alert_is_counted_and_the_queue_goes_on(broker: str, names: Names) -> None:
    topics(broker, names)
    async with following(broker, names) as (tail, board):
        async with AIOKafkaProducer(bootstrap_servers=broker) as producer:
            for junk in (b"{", b"[]", b'{"alert_id": 1}', "数".encode("gbk")):
                await producer.send_and_wait(names.of(ALERTS), junk, partition=0)
            await producer.send_and_wait(names.of(ALERTS), alert_json(alert("A1")), partition=0)
        await until(lambda: len(board) == 1)
        assert tail.unreadable == 4


@pytest.mark.slow
async def test_an_outage_of_kafka_is_said_and_reading_goes_on_by_itself(
    own_broker: Callable[[], Broker], names: Names
) -> None:
    running = await asyncio.to_thread(own_broker)
    async with following(running.bootstrap, names) as (tail, board):
        await until(lambda: tail.link.reach is Reach.LOST)
        assert names.of(ALERTS) in tail.link.reason
        topics(running.bootstrap, names)
        await until(lambda: tail.link.reach is Reach.LIVE)
        await publish(running.bootstrap, names, alert("before"))
        await until(lambda: len(board) == 1)
        await asyncio.to_thread(running.stop)
        await until(lambda: tail.link.reach is Reach.LOST)
        assert len(board) == 1
        await asyncio.to_thread(running.start)
        await publish(running.bootstrap, names, alert("after"))
        await until(lambda: len(board) == 2)
        assert tail.link.reach is Reach.LIVE and tail.unreadable == 0


@pytest.mark.warehouse
async def test_the_queue_starts_from_the_warehouse_where_the_topic_has_forgotten(warehouse_url: str) -> None:
    board = Board()
    archive = Archive(warehouse_url, board)
    task = asyncio.create_task(archive.watch())
    try:
        await until(lambda: archive.link.reach is Reach.LOST)
        await asyncio.to_thread(migrations.migrate, warehouse_url)
        writer = Writer(warehouse_url)
        history = [alert("A1"), alert("A1", revision=2, state="ended")]
        landed = rows.columns(rows.ALERT_COLUMNS, [rows.alert_row(each) for each in history])
        await asyncio.to_thread(writer.insert, "alerts", landed)
        await until(lambda: len(board) == 1)
        assert archive.link.reach is Reach.LIVE
        kept = await archive.keeps(history[0].alert_id, None)
        assert kept is not None and [each.revision for each in kept.revisions] == [1, 2]
        assert kept.clock is None and kept.happenings == ()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        archive.close()


async def test_a_warehouse_that_is_not_there_is_said_and_asked_no_more_than_needed() -> None:
    archive = Archive("clickhouse://default:@127.0.0.1:1/default", Board())
    assert await archive.keeps("ab" * 16, None) is None
    assert archive.link.reach is Reach.LOST and archive.link.reason
    archive.close()
