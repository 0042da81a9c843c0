"""The tools of an author over what the warehouse keeps: the same as over the file that was landed."""

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from streams.cli.main import main
from streams.settings import settings
from streams.simulate import simulate
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
