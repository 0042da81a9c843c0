"""How a history enters Kafka: which partition, which marks, what is refused; and dead letters sent again."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import typer
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from typer.testing import CliRunner, Result

from rules.model.events import Undecodable
from rules.model.times import SECOND, parse_time
from streams.cli import deadletters, feed
from streams.clock import now_us
from streams.codec import dead_letter, dead_letter_json, partition_of
from streams.dead_letter_topic import letters
from streams.feed import Pace
from streams.marks import mark_of
from streams.settings import Settings
from streams.topics import DEAD_LETTERS, INSPECTION_EVENTS, SERVICE_EVENTS, Names, ensure

pytestmark = pytest.mark.broker

MAPPING = """\
source: desk
zone: Asia/Shanghai
format: csv
personal: [clerk]
subject: "{id}"
events:
  - {type: case.accepted, id: "{id}:a", time: "{opened}", data: {actor: "{clerk}"}}
  - {type: check.performed, when: {checked: present}, id: "{id}:c", time: "{checked}"}
"""


@pytest.fixture
def here(broker_settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Settings]:
    """This test's topics, and commands that run in its folder and on its broker."""
    monkeypatch.chdir(tmp_path)
    ensure(broker_settings)
    for module in (feed, deadletters):
        monkeypatch.setattr(module, "settings", lambda: broker_settings)
    monkeypatch.setattr("streams.cli.inputs.settings", lambda: broker_settings)
    yield broker_settings


def fed(*arguments: str, status: int = 0) -> Result:
    app = typer.Typer(add_completion=False)
    app.command()(feed.command)
    return _run(app, arguments, status)


def letters_command(*arguments: str, status: int = 0) -> Result:
    return _run(deadletters.app, arguments, status)


def _run(app: typer.Typer, arguments: tuple[str, ...], status: int) -> Result:
    result = CliRunner().invoke(app, list(arguments))
    if result.exit_code != status:
        raise AssertionError(result.output) from result.exception
    return result


async def _everything(bootstrap: str, topic: str) -> list[Any]:
    consumer = AIOKafkaConsumer(topic, bootstrap_servers=bootstrap, auto_offset_reset="earliest")
    await consumer.start()
    try:
        parts = consumer.assignment()
        ends = await consumer.end_offsets(parts)
        found: list[Any] = []
        while any([await consumer.position(part) < ends[part] for part in parts]):
            for records in (await consumer.getmany(timeout_ms=500)).values():
                found += records
        return found
    finally:
        await consumer.stop()


def everything(here: Settings, topic: str) -> list[Any]:
    """Every record of a topic as it stands."""
    name = Names(here.topic_prefix, here.app).of(topic)
    return asyncio.run(_everything(here.kafka_bootstrap_servers, name))


def test_events_stand_under_their_subject_with_marks_behind_them_in_every_partition(here: Settings) -> None:
    rows = "".join(f"A{n},2024-03-01 09:{n:02d}:00,2024-03-02,Ann\n" for n in range(40))
    Path("mapping.yaml").write_text(MAPPING, "utf-8")
    Path("rows.csv").write_text("id,opened,checked,clerk\n" + rows, "utf-8")
    summary = json.loads(fed("--json", "--mapping", "mapping.yaml", "rows.csv").stdout)
    assert (summary["rows"], summary["events"], summary["dead_letters"]) == (40, 80, {})
    for topic in (SERVICE_EVENTS, INSPECTION_EVENTS):
        records = everything(here, topic)
        events = [record for record in records if record.value]
        assert len(events) == 40
        for record in events:
            assert record.key.decode() == json.loads(record.value)["subject"]
            assert record.partition == partition_of(record.key, here.partitions)
        last = {record.partition: mark_of(record) for record in sorted(records, key=lambda r: r.offset)}
        end = parse_time("2024-03-02T00:00:00+08:00")
        assert last == dict.fromkeys(range(here.partitions), (end, ""))
    assert b"Ann" not in b"".join(record.value or b"" for record in everything(here, SERVICE_EVENTS))


def test_a_ten_megabyte_message_is_refused_with_its_place_and_the_rest_is_sent(here: Settings) -> None:
    good = {"specversion": "1.0", "id": "1", "source": "s", "subject": "A", "type": "case.closed", "data": {}}
    good["time"] = "2024-03-01T09:00:00+08:00"
    huge = good | {"id": "2", "data": {"reason": "x" * 10_000_000}}
    wrong = good | {"id": "3", "data": {"reason": 7}}
    Path("in.jsonl").write_text("\n".join(json.dumps(each) for each in (good, huge, wrong)), "utf-8")
    result = fed("--dead-letters", "dead.jsonl", "in.jsonl")
    found = [json.loads(line) for line in Path("dead.jsonl").read_text().splitlines()]
    assert [(each["line"], each["reason"]) for each in found] == [(2, "too_large"), (3, "not_the_contract")]
    assert "in.jsonl:2" in result.stderr
    told = [json.loads(r.value) for r in everything(here, DEAD_LETTERS) if r.value]
    assert [(each["source_file"], each["line"], each["reason"]) for each in told] == [
        ("in.jsonl", 2, "too_large"),
        ("in.jsonl", 3, "not_the_contract"),
    ]
    assert [json.loads(r.value)["id"] for r in everything(here, SERVICE_EVENTS) if r.value] == ["1"]


def test_the_development_key_is_refused_where_the_broker_is_not_on_this_machine(
    here: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = replace(here, hash_key=None, kafka_bootstrap_servers="kafka.example:9092")
    monkeypatch.setattr(feed, "settings", lambda: elsewhere)
    monkeypatch.setattr("streams.cli.inputs.settings", lambda: elsewhere)
    Path("mapping.yaml").write_text(MAPPING, "utf-8")
    Path("rows.csv").write_text("id,opened,checked,clerk\n", "utf-8")
    with pytest.raises(AssertionError) as failed:
        fed("--mapping", "mapping.yaml", "rows.csv")
    assert "MINGJING_HASH_KEY" in str(failed.value.__cause__)


def test_a_rate_paces_the_feed_and_marks_it_every_second(here: Settings) -> None:
    rows = "".join(f"A{n},2024-03-01 09:{n:02d}:00,,Ann\n" for n in range(30))
    Path("mapping.yaml").write_text(MAPPING, "utf-8")
    Path("rows.csv").write_text("id,opened,checked,clerk\n" + rows, "utf-8")
    summary = json.loads(fed("--json", "--mapping", "mapping.yaml", "--rate", "12", "rows.csv").stdout)
    assert summary["marks"] >= 2


def test_rate_and_speed_exclude_each_other(here: Settings) -> None:
    Path("rows.jsonl").write_text("{}", "utf-8")
    assert "not both" in fed("--rate", "1", "--speed", "1", "rows.jsonl", status=2).stderr


def test_a_speed_follows_the_time_of_the_history_and_never_marks_past_the_next_event() -> None:
    pace = Pace(speed=60)
    assert pace.due(7, 120 * SECOND) == 2.0
    assert pace.reached(1.0, 1_000 * SECOND, 5_000 * SECOND) == 1_060 * SECOND
    assert pace.reached(9.0, 1_000 * SECOND, 1_100 * SECOND) == 1_100 * SECOND
    assert (Pace().due(7, 120 * SECOND), Pace(rate=2).due(7, 0)) == (0.0, 3.5)


def test_dead_letters_are_listed_shown_and_sent_again_once_they_can_be_decoded(here: Settings) -> None:
    names = Names(here.topic_prefix, here.app)
    topic = names.of(SERVICE_EVENTS)
    good = contract_event("A")

    async def plant() -> None:
        async with AIOKafkaProducer(bootstrap_servers=here.kafka_bootstrap_servers) as producer:
            for value, key, fault in (
                (good, b"B", Undecodable("misrouted", "$.subject", "the record's key is not its subject")),
                (b'{"specversion":', b"A", Undecodable("not_json", "$", "truncated")),
            ):
                sent = await producer.send_and_wait(topic, value=value, key=key, partition=0)
                letter = dead_letter(fault, value, now_us(), topic=topic, partition=0, offset=sent.offset)
                await producer.send_and_wait(names.of(DEAD_LETTERS), value=dead_letter_json(letter))

    asyncio.run(plant())
    found = asyncio.run(letters(here.kafka_bootstrap_servers, names.of(DEAD_LETTERS)))
    assert [each.reason for each in found] == ["misrouted", "not_json"]
    listed = letters_command("list", "--json", "--reason", "not_json").stdout.splitlines()
    assert [json.loads(line)["offset"] for line in listed] == [1]
    assert "misrouted 1" in letters_command("list").stdout
    shown = letters_command("show", f"{topic}-0-0", "--bytes").stdout
    assert "misrouted" in shown and good.decode() in shown
    assert "no such dead letters" in letters_command("show", f"{topic}-0-9", status=2).output

    again = letters_command("replay", status=1)
    assert f"→ {topic}-0-0" in again.stdout and f"✗ {topic}-0-1: not_json" in again.stdout
    sent = [record for record in everything(here, SERVICE_EVENTS) if record.key == b"A" and record.value == good]
    assert [record.partition for record in sent] == [partition_of(b"A", here.partitions)]


def contract_event(subject: str) -> bytes:
    return json.dumps(
        {
            "specversion": "1.0",
            "id": "1",
            "source": "s",
            "subject": subject,
            "type": "case.closed",
            "time": "2024-03-01T09:00:00+08:00",
            "data": {},
        }
    ).encode()
