"""The tools of an author over what the warehouse keeps: the same as over the file that was landed."""

import json
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from rules.model.events import Event, decode_event
from rules.model.times import parse_time
from streams.cli.main import main
from streams.settings import settings
from streams.simulate import simulate
from tests.warehouse.conftest import Land, Make
from warehouse.reader import Reader

pytestmark = pytest.mark.warehouse


@pytest.fixture
def landed(warehouse_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A little month in a file, and in the warehouse by a replay."""
    file = tmp_path / "month.jsonl"
    month = simulate(seed=5, days=20, cases=60, disorder_hours=20.0)
    file.write_bytes(b"\n".join(each.value for each in month.messages))
    monkeypatch.setenv("CLICKHOUSE_URL", warehouse_url)
    settings.cache_clear()
    try:
        _run("replay", "--land", "--alerts", "", file)
        yield file
    finally:
        settings.cache_clear()


def _run(*arguments: object) -> None:
    with pytest.raises(SystemExit) as ended:
        main([str(each) for each in arguments])
    assert not ended.value.code


def told(capsys: pytest.CaptureFixture[str], *arguments: object) -> Any:
    capsys.readouterr()
    _run(*arguments)
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_backtest_of_the_warehouse_is_that_of_the_file(
    landed: Path, jobs: int, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("rules", "backtest", "T03", "--json", "--to", "2026-05-08", "--jobs", jobs)
    file, stored = told(capsys, *options, landed), told(capsys, *options, "--warehouse")
    assert stored["alerts"] == file["alerts"] > 0
    for name in ("by_reason", "by_week", "by_department", "by_severity"):
        assert stored[name] == file[name]
    assert "duplicate" in file["counters"] and "duplicate" not in stored["counters"]
    assert stored["events"] <= file["events"], "a version that came twice is stored once"


def test_a_case_of_the_warehouse_is_explained_as_that_of_the_file(
    landed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ("--json", "--until", "2026-05-10")
    case = _cases(landed)[0]
    file = told(capsys, "rules", "explain", "T03", case, landed, *options)
    stored = told(capsys, "rules", "explain", "T03", case, *options)
    assert stored == file


def _cases(file: Path) -> list[str]:
    messages = [json.loads(line) for line in file.read_bytes().split(b"\n")]
    return sorted({each["subject"] for each in messages if each["type"] == "case.decided"})


def test_fields_that_came_in_are_counted_by_the_warehouse(landed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    came = Reader(settings().clickhouse_url).filled_fields(date(2026, 1, 1))
    assert came["case.accepted", "department"] > 10
    assert ("case.accepted", "reason") not in came
    found = {each["aspect"]: each for each in told(capsys, "rules", "coverage", "--warehouse", "--json")}
    assert found["life"]["covered"] < found["life"]["all"]


def test_the_messages_that_a_backtest_reads_say_what_the_stored_versions_say(
    migrated: str, event: Make, land: Land
) -> None:
    """However they were written: names with quotes, a date without a time, three times that differ, a deletion."""
    late = {"recordedat": "2026-05-02T09:00:00.25", "receivedat": "2026-05-03T10:30:00"}
    land(
        [
            event("case.applied", "2026-05-01T09:00:00", id='a "1"\\ 件\n', source="urn:x'y", data={"region": "3301"}),
            event("case.accepted", "2026-05-01T09:30:00.123456", id="a2", subject='案 "2"', **late),
            event("case.accepted", "2026-05-01T00:00:00", id="a3", precision="day", recordedat="2026-05-01T12:00:00"),
            event("case.stage", "2026-05-01T10:00:00", id="a4", operation="u", receivedat="2026-05-01T10:00:01"),
            event("case.stage", "", id="a4", operation="d", recordedat="2026-05-04T10:00:00"),
            event("case.decided", "2026-05-01T11:00:00", id="a5", data={"result": "granted\t'x'", "extra": {"a": [1]}}),
        ]
    )
    reader = Reader(migrated)
    stored = [version for subject in ("A1", '案 "2"') for version in reader.case_timeline("service", subject)]
    found = [message for _, message in reader.event_messages()]
    assert len(found) == 6

    def known(messages: Iterable[bytes]) -> list[Event]:
        return sorted(map(decode_event, messages), key=lambda each: (each.fact.id, each.recorded_at))

    assert known(found) == known(version.message() for version in stored)
    days = [day for day, _ in reader.event_messages()]
    assert days == sorted(days)
    shared = [len(list(reader.event_messages(part, 5))) for part in range(5)]
    assert sum(shared) == 6 and max(shared) >= 5, "a subject is in one part as a whole"
    assert len(list(reader.event_messages(last=parse_time("2026-05-01T09:00:00+08:00")))) == 3
