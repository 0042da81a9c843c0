"""Lanes on a real broker with a stand-in for the core: exact over kills, moves of partitions, bad input."""

import re
from dataclasses import replace

import msgspec
import pytest
from kafka import TopicPartition

from rules.model.times import HOUR, SECOND
from streams import clock, topics
from streams.settings import Settings
from tests.streams.lane_harness import (
    BASE,
    STUB,
    Reader,
    Worker,
    events,
    feed,
    messages,
    nothing_more,
    said_twice,
    standing,
    workers,
)
from tests.streams.stub_worker import expected
from tests.waiting import PATIENCE

pytestmark = pytest.mark.broker

END = BASE + 5 * HOUR


async def test_a_worker_killed_in_the_middle_of_a_run_loses_and_repeats_nothing(
    broker_settings: Settings,
) -> None:
    fed = messages(12_000, 1_200, seed=1)
    right = expected(events(fed), END)
    with workers(broker_settings, 2) as running:
        async with Reader(broker_settings, topics.ALERTS) as alerts:
            await feed(broker_settings, fed[:6_000])
            assert await alerts.until(lambda read: len(read.values) > 300), running[0].log.read_text()
            running[0].kill()
            await feed(broker_settings, fed[6_000:])
            running.append(Worker(broker_settings, STUB))
            assert await alerts.until(lambda read: len(read.values) > 1_000)
            running[1].kill()
            await feed(broker_settings, [], END)
            running.append(Worker(broker_settings, STUB))
            assert await alerts.until(lambda read: standing(read.alerts) == right), running[0].log.read_text()
            assert said_twice(alerts.alerts) == []
            assert running[2].stop() == 0


async def test_a_worker_that_lost_its_local_store_reads_the_changelog(broker_settings: Settings) -> None:
    fed = messages(2_000, 200, seed=2)
    right = expected(events(fed), END)
    async with Reader(broker_settings_ready(broker_settings), topics.ALERTS) as alerts:
        with workers(broker_settings, 1) as running:
            await feed(broker_settings, fed[:1_000])
            assert await alerts.until(lambda read: len(read.values) > 100)
            assert running[0].stop() == 0
        elsewhere = replace(broker_settings, state=broker_settings.state / "another machine")
        with workers(elsewhere, 1):
            await feed(broker_settings, fed[1_000:], END)
            assert await alerts.until(lambda read: standing(read.alerts) == right)
            await nothing_more(alerts)
            assert standing(alerts.alerts) == right
            assert said_twice(alerts.alerts) == []


def broker_settings_ready(settings: Settings) -> Settings:
    topics.ensure(settings)
    return settings


async def test_bad_input_goes_to_the_dead_letters_and_the_rest_is_judged(broker_settings: Settings) -> None:
    good = messages(50, 5, seed=3)
    subject, value = good[0]
    bad = [
        (subject, value[:40]),
        (subject, value.replace(b"case.applied", b"case.forgotten")),
        (subject, value.replace(b'"data":{}', b'"data":{"visits":"many"}')),
        (subject, value.replace(b'"time":"2026', b'"time":"2099')),
        ("somebody else", value),
        (subject, re.sub(rb'"id":"[^"]+"', b'"id":"e000-r"', value)),
        (subject, value.replace(b'"data":{}', b'"data":{"extra":' + b"[" * 100_000)),
    ]
    with workers(broker_settings, 1) as running:
        async with Reader(broker_settings, topics.DEAD_LETTERS) as letters:
            await feed(broker_settings, [*good[:25], *bad, *good[25:]], END)
            assert await letters.until(lambda read: len(read.values) == 7), running[0].log.read_text()
            found = [msgspec.json.decode(each) for each in letters.values]
            assert sorted(each["reason"] for each in found) == [
                "fold_failed", "from_the_future", "misrouted",
                "not_json", "not_json", "not_the_contract", "unknown_type",
            ]  # fmt: skip
            assert {each["path"] for each in found} >= {"$.type", "$.data.visits", "$.time", "$.subject"}
            assert all(each["offset"] >= 0 and len(each["hash"]) == 32 for each in found)
        right = expected(events(good), END)
        async with Reader(broker_settings, topics.ALERTS) as alerts:
            assert await alerts.until(lambda read: standing(read.alerts) == right)


async def test_state_made_with_another_number_of_partitions_is_refused(broker_settings: Settings) -> None:
    one = replace(broker_settings, partitions=1)
    with workers(one, 1) as running:
        async with Reader(one, topics.ALERTS) as alerts:
            await feed(one, messages(50, 5, seed=4), END)
            assert await alerts.until(lambda read: read.values)
        assert running[0].stop() == 0
    admin = topics.administrator(one.kafka_bootstrap_servers)
    names = topics.Names(one.topic_prefix, one.app)
    admin.create_partitions({names.of(topics.SERVICE_EVENTS): 2})
    admin.close()
    again = Worker(one, STUB)
    assert again.process.wait(PATIENCE) == 1
    assert "has 2 partitions, its state was made with 1" in again.log.read_text()


async def test_records_that_retention_took_unjudged_are_an_alarm_and_the_rest_is_judged(
    broker_settings: Settings,
) -> None:
    one = replace(broker_settings, partitions=1)
    fed = messages(60, 5, seed=6)
    with workers(one, 1) as running:
        async with Reader(one, topics.ALERTS) as alerts:
            await feed(one, fed[:20], BASE + HOUR)
            assert await alerts.until(lambda read: read.values)
        assert running[0].stop() == 0
    await feed(one, fed[20:])
    source = TopicPartition(topics.Names(one.topic_prefix, one.app).of(topics.SERVICE_EVENTS), 0)
    admin = topics.administrator(one.kafka_bootstrap_servers)
    admin.delete_records({source: 40})
    admin.close()
    with workers(one, 1) as running:
        async with Reader(one, topics.ALERTS) as alerts:
            await feed(one, [], END)
            assert await alerts.until(lambda read: len(read.values) > 5), running[0].log.read_text()
        assert running[0].stop() == 0
        assert re.search(r"records \d+ to 39 were deleted by retention", running[0].log.read_text())


async def test_a_deadline_fires_in_wall_time_without_any_traffic(broker_settings: Settings) -> None:
    live = replace(broker_settings, clock="wall")
    due_at = clock.now_us() + 8 * SECOND
    text = messages(1, 1, seed=5)[0][1]
    started = clock.at(due_at - HOUR).isoformat().encode()
    value = text.replace(text[text.index(b'"time":"') + 8 : text.index(b'","subject')], started)
    with workers(live, 1) as running:
        async with Reader(live, topics.ALERTS) as alerts:
            await feed(live, [("c0", value)])
            heard = await alerts.until(lambda read: any(a.reason == "silent" for a in read.alerts))
            assert heard, running[0].log.read_text()
            assert (
                due_at <= clock.now_us()
            )  # how soon after is measured, not tested: `make bench ARGS="--stage latency"`
