"""Whatever is wrong with an input is reported with its place and reason, and nothing beside it is lost."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer

from rules.language import BookErrors, load_book
from rules.model.times import parse_time
from streams import topics
from streams.cli.main import main
from streams.settings import ROOT, Settings
from tests.streams.lane_harness import REAL, Reader, environment, workers
from tests.streams.lane_harness import feed as sent

Message = dict[str, Any]
Ran = tuple[int, list[Message], str]


@pytest.fixture
def mingjing(capfdbinary: pytest.CaptureFixture[bytes]) -> Callable[..., Ran]:
    """Runs one command line: its status, the JSON lines of standard output, standard error."""

    def run(*arguments: str | Path) -> Ran:
        try:
            status = main([str(each) for each in arguments])
        except SystemExit as ended:
            status = int(ended.code or 0)
        out, err = capfdbinary.readouterr()
        return status, [json.loads(line) for line in out.splitlines()], err.decode()

    return run


def event(kind: str, time: str, subject: str = "A1", **more: Any) -> Message:
    data = {"task_code": "000131002000", **more.pop("data", {})}
    return {
        "specversion": "1.0",
        "id": f"{kind}@{time}",
        "source": "s",
        "type": kind,
        "time": time,
        "subject": subject,
        "data": data,
    } | more


ACCEPTED = event("case.accepted", "2026-03-02T09:00:00+08:00")
DECIDED = event("case.decided", "2026-04-20T09:00:00+08:00", data={"result": "granted", "reason": "合规"})
BAD = {
    "truncated": (json.dumps(ACCEPTED)[:60], "not_json", "$"),
    "wrong type": (json.dumps(ACCEPTED | {"data": {"task_code": 7}}), "not_the_contract", "$.data.task_code"),
    "unknown type": (json.dumps(ACCEPTED | {"type": "case.forgotten"}), "unknown_type", "$.type"),
    "2099": (
        json.dumps(event("case.decided", "2099-01-01T00:00:00+08:00")),
        "from_the_future",
        "$.time",
    ),
    "no time": (json.dumps(ACCEPTED | {"time": "yesterday"}), "not_a_time", "$.time"),
    "10 MB": (
        json.dumps(event("case.decided", "2026-03-03T09:00:00+08:00", data={"reason": "长" * 3_500_000})),
        "too_large",
        "$",
    ),
    "a list": ("[1, 2, 3]", "not_the_contract", "$"),
}


def late_cases(alerts: list[Message]) -> list[tuple[str, str]]:
    return [(each["subject"], each["reason"]) for each in alerts if each["rule"] == "T03"]


def test_replay_names_every_bad_line_and_judges_the_rest(mingjing: Callable[..., Ran], tmp_path: Path) -> None:
    source, letters = tmp_path / "events.jsonl", tmp_path / "letters.jsonl"
    lines = [json.dumps(ACCEPTED), *(line for line, _, _ in BAD.values()), json.dumps(DECIDED)]
    source.write_text("\n".join(lines) + "\n", encoding="utf-8")
    status, alerts, said = mingjing("replay", "--rule", "T03", "--dead-letters", letters, source)
    assert status == 0
    assert late_cases(alerts) == [("A1", "closed_late")]
    found = [json.loads(line) for line in letters.read_text(encoding="utf-8").splitlines()]
    assert [(each["line"], each["reason"]) for each in found] == [
        (position, reason) for position, (_, reason, _) in enumerate(BAD.values(), 2)
    ]
    assert {each["source_file"] for each in found} == {str(source)}
    for letter, (_, _, path) in zip(found, BAD.values(), strict=True):
        assert path.startswith(letter["path"])
        assert letter["detail"]
    for _, reason, _ in BAD.values():
        assert reason in said


def test_a_dead_letter_holds_no_byte_of_the_message(mingjing: Callable[..., Ran], tmp_path: Path) -> None:
    source, letters = tmp_path / "events.jsonl", tmp_path / "letters.jsonl"
    source.write_text(json.dumps(ACCEPTED | {"data": {"actor": "13912345678"}}) + "\n", encoding="utf-8")
    status, alerts, said = mingjing("replay", "--dead-letters", letters, source)
    assert (status, alerts) == (0, [])
    assert "clear_identifier" in said
    assert "13912345678" not in letters.read_text(encoding="utf-8") + said


def test_an_empty_file_is_said_and_the_file_beside_it_is_read(mingjing: Callable[..., Ran], tmp_path: Path) -> None:
    empty, full = tmp_path / "empty.jsonl", tmp_path / "full.jsonl"
    empty.write_bytes(b"")
    full.write_text(f"{json.dumps(ACCEPTED)}\n{json.dumps(DECIDED)}\n", encoding="utf-8")
    status, alerts, said = mingjing("replay", "--rule", "T03", empty, full)
    assert status == 0
    assert late_cases(alerts) == [("A1", "closed_late")]
    assert "empty_file" in said
    assert str(empty) in said


MAPPING = """
source: town
zone: Asia/Shanghai
format: csv
events:
  - type: case.accepted
    id: "{case}:accepted"
    subject: "{case}"
    time: "{accepted}"
    data: {task_code: "{item}"}
"""


def test_a_ragged_row_is_named_with_its_line_and_the_others_are_read(
    mingjing: Callable[..., Ran], tmp_path: Path
) -> None:
    mapping, source, letters = tmp_path / "m.yaml", tmp_path / "cases.csv", tmp_path / "letters.jsonl"
    mapping.write_text(MAPPING, encoding="utf-8")
    rows = ["case,accepted,item", "A1,2026-03-02 09:00:00,000131002000", "A2,2026-03-02 09:00:00"]
    rows += ["A3,2026-03-02 09:00:00,000131002000", "A4,soon,000131002000"]
    source.write_text("\n".join(rows) + "\n", encoding="utf-8")
    judged = ("--rule", "T03", "--until", "2026-05-01")
    status, alerts, said = mingjing("replay", "--mapping", mapping, *judged, "--dead-letters", letters, source)
    assert status == 0, said
    assert sorted(late_cases(alerts)) == [("A1", "still_open"), ("A3", "still_open")]
    found = [json.loads(line) for line in letters.read_text(encoding="utf-8").splitlines()]
    assert [(each["line"], each["reason"]) for each in found] == [(3, "ragged_row"), (5, "not_a_time")]


THREE_FAULTS = """
rule: X1
version: 1
name: {zh: 试, en: Trial}
category: time
basis: local
severity: crimson
effective: 2019-01-01
stream: service
subject: case_id
deadline:
  start: case.acepted
  stop: case.decided
  within: 5 workdys
message: {zh: "试", en: "trial"}
"""


def test_a_rule_file_shows_all_of_its_faults_at_once(mingjing: Callable[..., Ran], tmp_path: Path) -> None:
    folder = tmp_path / "book"
    folder.mkdir()
    (folder / "X1.yaml").write_text(THREE_FAULTS.lstrip(), encoding="utf-8")
    with pytest.raises(BookErrors) as raised:
        load_book(folder)
    said = str(raised.value)
    for place in ("X1.yaml:6:", "X1.yaml:11:", "X1.yaml:13:"):
        assert place in said
    status, _, linted = mingjing("rules", "lint", "--book", folder)
    assert status == 1
    for place in ("X1.yaml:6:", "X1.yaml:11:", "X1.yaml:13:"):
        assert place in linted
    source = tmp_path / "events.jsonl"
    source.write_text(json.dumps(ACCEPTED) + "\n", encoding="utf-8")
    status, alerts, shown = mingjing("replay", "--book", folder, source)
    assert (status != 0, alerts) == (True, [])
    for place in ("X1.yaml:6:", "X1.yaml:11:", "X1.yaml:13:"):
        assert place in shown


RAISING = [
    event("penalty.filed", "2026-03-02T09:00:00+08:00", "F1"),
    event("penalty.suspended", "2026-03-03T09:00:00+08:00", "F1", data={"approved_days": 1e12}),
    event("penalty.filed", "2026-03-02T09:00:00+08:00", "F2"),
    event("check.performed", "2026-03-02T09:00:00+08:00", "C1", data={"on_site": True, "officers": ["Z1", "Z2"]}),
]
"""A pause that no calendar holds, in the middle of what is in order."""


def test_a_rule_that_raises_is_named_and_every_other_judgement_stands(
    mingjing: Callable[..., Ran], tmp_path: Path
) -> None:
    source = tmp_path / "events.jsonl"
    source.write_text("".join(json.dumps(each) + "\n" for each in RAISING), encoding="utf-8")
    status, alerts, _ = mingjing("replay", "--until", "2026-07-01", source)
    assert status == 0
    assert {(each["rule"], each["subject"]) for each in alerts} == {
        ("engine.error", "F1"),
        ("T03.penalty", "F2"),
        ("I02", "C1"),
    }
    failed = next(each for each in alerts if each["rule"] == "engine.error")
    assert "T03.penalty" in failed["message"]["en"]
    assert failed["reason"] == "rule_raised"


@pytest.mark.broker
async def test_on_kafka_bad_records_and_a_rule_that_raises_cost_nothing_else(
    broker_settings: Settings, tmp_path: Path
) -> None:
    source, refused = tmp_path / "events.jsonl", tmp_path / "refused.jsonl"
    too_large, _, _ = BAD["10 MB"]
    lines = [json.dumps(each) for each in (ACCEPTED, *RAISING, DECIDED)]
    source.write_text("\n".join([lines[0], too_large, *lines[1:]]) + "\n", encoding="utf-8")
    names = topics.Names(broker_settings.topic_prefix, broker_settings.app)
    raw = [BAD[name][0].encode() for name in ("truncated", "wrong type", "unknown type", "2099", "a list")]
    with workers(broker_settings, 1, REAL) as running:
        async with AIOKafkaProducer(bootstrap_servers=broker_settings.kafka_bootstrap_servers) as producer:
            for value in raw:
                await producer.send_and_wait(names.of(topics.SERVICE_EVENTS), value, key=b"A1")
        feed = [sys.executable, "-m", "streams.cli.main", "feed", "--dead-letters", str(refused), str(source)]
        fed = await asyncio.create_subprocess_exec(*feed, env=environment(broker_settings), cwd=ROOT)
        assert await fed.wait() == 0
        async with Reader(broker_settings, topics.DEAD_LETTERS) as letters:
            expected = len(raw) + 1  # one of them the feed refused
            assert await letters.until(lambda read: len(read.values) == expected), running[0].log.read_text()
            told = [json.loads(each) for each in letters.values]
            found = [each for each in told if "topic" in each]
        async with Reader(broker_settings, topics.ALERTS) as said:
            await sent(broker_settings, [], parse_time("2026-07-01T00:00:00+08:00"))
            heard = await said.until(lambda read: {("engine.error", "F1"), *LATE} <= by_subject(read))
            assert heard, running[0].log.read_text()
    assert [each["reason"] for each in found] == [
        "not_json", "not_the_contract", "unknown_type", "from_the_future", "not_the_contract",
    ]  # fmt: skip
    assert sorted(each["offset"] for each in found) == [0, 1, 2, 3, 4]
    letter = json.loads(refused.read_text(encoding="utf-8"))
    assert letter in told
    assert (letter["reason"], letter["line"], letter["source_file"]) == ("too_large", 2, str(source))


LATE = {("T03.penalty", "F2"), ("I02", "C1"), ("T03", "A1")}


def by_subject(read: Reader) -> set[tuple[str, str]]:
    return {(alert.rule, alert.subject) for alert in read.alerts}
