"""Books published to running workers on a real broker: taken whole and soon, refused whole, gone back to."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiokafka import AIOKafkaProducer

from rules.drive import Drive
from rules.language import Book, load_book
from rules.model.alerts import Alert
from rules.model.events import decode_event
from rules.model.times import HOUR, SECOND
from streams import clock, topics
from streams.books import history
from streams.books.published import Published, encode_published, pack
from streams.books.reports import Report
from streams.books.topic import publish
from streams.local import checkup
from streams.settings import ROOT, Settings
from streams.simulate import simulate
from streams.simulate.versions import Message
from tests.streams.crowd_rule import crowd_rule
from tests.streams.lane_harness import REAL, Reader, Worker, difference, environment, final_alerts, said_twice, workers
from tests.streams.lane_harness import feed as feed_service
from tests.streams.metrics_read import told_by
from tests.waiting import PATIENCE, until

pytestmark = [pytest.mark.broker, pytest.mark.slow]

TAKEN_WITHIN = 30.0
SHIPPED = ("time/T04_acceptance.yaml", "process/P08_same_actor.yaml", "time/T06_delivery.yaml")


def written(folder: Path, shipped: tuple[str, ...] = SHIPPED, **rules: dict[str, Any]) -> Path:
    """A folder with some of the shipped rules and count rules: name → size, least, version."""
    folder.mkdir()
    for path in shipped:
        (folder / Path(path).name).write_text((ROOT / "rules" / "book" / path).read_text(encoding="utf-8"), "utf-8")
    for name, said in rules.items():
        (folder / f"{name}.yaml").write_text(crowd_rule(name, **said), encoding="utf-8")
    return folder


def packed(settings: Settings, folder: Path) -> Published:
    return pack(folder, settings.book_name, load_book(folder).hash, "a test", clock.now_us())


def replayed(book: Book, month: list[Message], now: int) -> dict[str, Alert]:
    drive = Drive(book)
    drive.take([decode_event(message.value) for message in month])
    drive.until(now)
    return plain(final_alerts(drive.alerts()))


def plain(alerts: dict[str, Alert]) -> dict[str, Alert]:
    """Without the book, which is the one that said it first."""
    return {name: msgspec.structs.replace(alert, book="") for name, alert in alerts.items()}


async def reported(settings: Settings, wanted: Callable[[Report], bool], count: int = 1) -> bool:
    """Whether so many workers came to report what is wanted."""
    give_up_at = clock.monotonic() + PATIENCE
    while clock.monotonic() < give_up_at:
        if sum(wanted(each) for each in await history.reports(settings)) >= count:
            return True
        await asyncio.sleep(0.2)
    return False


async def feed(settings: Settings, part: list[Message], mark: int | None = None) -> None:
    service = [(message.subject, message.value) for message in part if message.stream == "service"]
    await feed_service(settings, service, mark)


@pytest.fixture
def month() -> tuple[list[Message], int]:
    """The service cases of a simulated month, and an hour behind its last event."""
    messages = [each for each in simulate(5, 30, 400, disorder_hours=2).messages if each.stream == "service"]
    return messages, max(decode_event(each.value).fact.occurred_at for each in messages) + HOUR


def log_of(running: list[Worker]) -> str:
    return running[0].log.read_text()[-4_000:]


async def test_two_workers_take_a_published_book_under_load_and_come_to_what_a_replay_under_it_comes_to(
    broker_settings: Settings, tmp_path: Path, month: tuple[list[Message], int]
) -> None:
    messages, now = month
    first = packed(broker_settings, written(tmp_path / "one", crowd={"least": 4}))
    folder = written(
        tmp_path / "two", SHIPPED[:2], crowd={"least": 2, "version": 2}, week={"size": "30 days", "least": 3}
    )
    second, half = packed(broker_settings, folder), len(messages) // 2
    topics.ensure(broker_settings)
    await publish(broker_settings, first)
    with workers(broker_settings, 2, REAL) as running:
        async with Reader(broker_settings, topics.ALERTS) as said:
            await feed(broker_settings, messages[:half])
            assert await said.until(lambda read: any(a.book == first.hash for a in read.alerts)), log_of(running)
            loading = asyncio.ensure_future(feed(broker_settings, messages[half:], now))
            began = clock.monotonic()
            await publish(broker_settings, second)
            heard = await said.until(lambda read: any(a.book == second.hash for a in read.alerts), TAKEN_WITHIN)
            assert heard and clock.monotonic() - began < TAKEN_WITHIN, log_of(running)
            await loading
            wanted = replayed(load_book(folder), messages, now)
            assert await said.until(lambda read: plain(final_alerts(read.alerts)) == wanted), difference(
                plain(final_alerts(said.alerts)), wanted
            ) + log_of(running)
            assert {alert.rule for alert in wanted.values()} >= {"T04", "crowd", "week"}
            assert said_twice(said.alerts) == []
        assert await reported(broker_settings, lambda each: each.hash == second.hash and not each.outdated, 2)


async def test_a_worker_killed_while_it_judges_anew_goes_on_exactly(
    broker_settings: Settings, tmp_path: Path, month: tuple[list[Message], int]
) -> None:
    messages, now = month
    folder = written(tmp_path / "two", SHIPPED[:2], crowd={"least": 2}, week={"size": "30 days", "least": 3})
    with workers(broker_settings, 2, REAL) as running:
        async with Reader(broker_settings, topics.ALERTS) as said:
            await feed(broker_settings, messages, now)
            shipped = replayed(load_book(), messages, now)
            assert await said.until(lambda read: plain(final_alerts(read.alerts)) == shipped), log_of(running)
            second = packed(broker_settings, folder)
            await publish(broker_settings, second)
            assert await said.until(lambda read: any(a.book == second.hash for a in read.alerts))
            for each in list(running):
                each.kill()
            running.append(Worker(broker_settings, REAL))
            wanted = replayed(load_book(folder), messages, now)
            assert await said.until(lambda read: plain(final_alerts(read.alerts)) == wanted), difference(
                plain(final_alerts(said.alerts)), wanted
            )
            assert said_twice(said.alerts) == []


def refused(report: Report, first: str) -> bool:
    return report.refused is not None and report.refused.faults[0].startswith(first)


async def test_a_bad_book_is_refused_and_the_last_good_one_stays_also_over_a_restart(
    broker_settings: Settings, tmp_path: Path
) -> None:
    good = packed(broker_settings, written(tmp_path / "good", crowd={}))
    bad = msgspec.structs.replace(
        good, files=good.files | {"crowd.yaml": good.files["crowd.yaml"].replace("24h", "1 dy")}
    )
    topic = topics.Names(broker_settings.topic_prefix, broker_settings.app).of(topics.BOOKS)
    broker_settings = replace(broker_settings, metrics=("127.0.0.1", 0))
    with workers(broker_settings, 1, REAL) as running:
        await publish(broker_settings, good)
        assert await reported(broker_settings, lambda each: each.hash == good.hash), log_of(running)
        await publish(broker_settings, bad)
        assert await reported(broker_settings, lambda each: refused(each, "crowd.yaml:13:")), log_of(running)
        async with AIOKafkaProducer(bootstrap_servers=broker_settings.kafka_bootstrap_servers) as producer:
            outside = msgspec.structs.replace(good, files={"../../outside.yaml": "x"}, hash="0" * 32)
            await producer.send_and_wait(topic, encode_published(outside), key=good.name.encode())
        assert await reported(
            broker_settings, lambda each: each.refused is not None and "outside" in each.refused.faults[0]
        )
        assert not list(tmp_path.rglob("outside.yaml")), refused
        lanes = {f"{each}-{number}" for each in topics.WITH_STATE for number in range(broker_settings.partitions)}
        caught_up = {f'lane="{lane}"': 0.0 for lane in lanes}
        await until(lambda: told_by(running[0].log).get("mingjing_lane_lag_records") == caught_up)
        said = told_by(running[0].log)
        assert said["mingjing_book_info"] == {f'name="mingjing",hash="{good.hash}",pinned="false"': 1}
        assert said["mingjing_books_total"]['outcome="refused"'] == 2
        assert said["mingjing_book_refused"] == {"": 1}
        at = said["mingjing_book_published_timestamp_seconds"]
        assert at['outcome="taken"'] <= at['outcome="refused"'] <= clock.now_us() / SECOND
        assert said["mingjing_lane_refold_left"] == caught_up
        doctor = await asyncio.to_thread(lambda: list(checkup.published(broker_settings)))
        assert [each.state for each in doctor] == ["ok", "fault"]
        assert good.hash[:12] in doctor[0].found and "outside" in doctor[1].found and doctor[1].remedy
        assert said["mingjing_lane_book_info"] == {f'lane="{lane}",hash="{good.hash}"': 1 for lane in lanes}
        assert running[0].stop() == 0
        running.append(Worker(broker_settings, REAL))
        assert await reported(broker_settings, lambda each: each.hash == good.hash and each.refused is not None)
        assert "the last good one stays in force" in running[0].log.read_text()


async def test_a_rollback_is_a_publication_and_a_pinned_worker_follows_none(
    broker_settings: Settings, tmp_path: Path
) -> None:
    one, two = written(tmp_path / "one", crowd={}), written(tmp_path / "two", crowd={"least": 5, "version": 2})
    pinned = replace(broker_settings, app=f"{broker_settings.app}-pinned", book=one, state=tmp_path / "pinned")
    with workers(broker_settings, 1, REAL) as running, workers(pinned, 1, REAL):
        for folder, said in ((one, "+ crowd@1"), (two, "+ crowd@2"), (None, "- crowd@2")):
            chosen = ["--book", str(folder)] if folder else ["--rollback", "previous"]
            done = command(broker_settings, "publish", *chosen, "--by", "wang")
            assert done.returncode == 0 and said in done.stdout, done.stdout + done.stderr
            wanted = load_book(folder or one).hash
            assert await reported(broker_settings, lambda each, w=wanted: each.hash == w and not each.pinned), log_of(
                running
            )
        listed = command(broker_settings, "books").stdout
        assert listed.count("wang") == 3 and listed.count(load_book(one).hash[:12]) >= 3
        tried = tmp_path / "month.jsonl"
        tried.write_bytes(b"\n".join(each.value for each in simulate(5, 30, 60).messages))
        for against, version in (("published", [1]), (load_book(two).hash[:8], [2])):
            done = command(
                broker_settings, "backtest", "crowd", str(tried), "--against", against, "--book", str(two), "--json"
            )
            assert done.returncode == 0, done.stderr
            told = msgspec.json.decode(done.stdout)
            assert (told["versions"], told["against"]["versions"]) == ({"crowd": [2]}, {"crowd": version})
        done = command(broker_settings, "backtest", "crowd", str(tried), "--against", "0123456789", "--book", str(two))
        assert done.returncode == 2 and load_book(one).hash[:12] in done.stderr
        assert await reported(pinned, lambda each: each.pinned and each.hash == load_book(one).hash)


def command(settings: Settings, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "streams.cli.main", "rules", *arguments],
        env=os.environ | environment(settings) | {"COLUMNS": "200"},
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )


async def test_nothing_is_published_of_a_book_with_a_fault(broker_settings: Settings, tmp_path: Path) -> None:
    folder = written(tmp_path / "bad", crowd={"size": "1 dy"}, other={"size": "2 dy"})
    done = command(broker_settings, "publish", "--book", str(folder))
    assert done.returncode == 1 and "crowd.yaml" in done.stderr and "other.yaml" in done.stderr
    silent = written(tmp_path / "untrue", crowd={})
    rule = silent / "crowd.yaml"
    rule.write_text(rule.read_text(encoding="utf-8").replace("[{value: 3}]", "[{value: 4}]"), encoding="utf-8")
    done = command(broker_settings, "publish", "--book", str(silent))
    assert done.returncode == 1 and "crowd.yaml" in done.stderr and "1 error" in done.stderr
    done = command(broker_settings, "publish", "--dry-run")
    assert done.returncode == 0 and "+ T03@" in done.stdout
    assert await asyncio.to_thread(history.of, broker_settings, "mingjing") == []
