"""`mingjing nightly`: the same steps without a scheduler, with the exit status that a script needs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest

from streams.cli.main import main
from streams.settings import settings
from tests.expectations import landed_night as fixture
from warehouse.reader import Reader

DAY = fixture.DAY.isoformat()


@pytest.fixture
def command(warehouse_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., int]]:
    monkeypatch.setenv("CLICKHOUSE_URL", warehouse_url)
    settings.cache_clear()

    def run(*arguments: str) -> int:
        try:
            return main(["nightly", *arguments])
        except SystemExit as left:
            return int(left.code or 0)

    yield run
    settings.cache_clear()


@pytest.mark.warehouse
def test_a_good_day_ends_with_its_indicators(
    command: Callable[..., int], warehouse_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    fixture.land(warehouse_url)
    assert command("--day", DAY) == 0
    said = capsys.readouterr().out
    assert "闸门已开 · the gate is open" in said
    assert "80.00%  4/5  按时办结率 · Finished on time" in said
    assert Reader(warehouse_url).query("SELECT count() FROM assess_daily").rows == [(32,)]


@pytest.mark.warehouse
def test_a_refused_day_ends_with_status_one_and_says_which_cases(
    command: Callable[..., int], warehouse_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    fixture.land(warehouse_url, fixture.without_organ())
    assert command("--day", DAY) == 1
    said = capsys.readouterr()
    assert "✗ SC02 critical: 实施机关已填 · The organ is known  8/8  A, B" in said.out
    assert "service_cases: critical_failed" in said.err
    assert Reader(warehouse_url).query("SELECT count() FROM assess_daily").rows == [(0,)]


@pytest.mark.warehouse
def test_the_outcome_can_be_read_by_a_program(
    command: Callable[..., int], warehouse_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    fixture.land(warehouse_url)
    assert command("--day", DAY, "--json") == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["day"], told["gate"], told["rows"]) == (DAY, "open", 32)
    assert told["suites"][0]["verdict"] == "pass"
    assert {each["kpi"]: each["value"] for each in told["indicators"]}["on_time"] == 0.8


@pytest.mark.warehouse
def test_a_warehouse_without_its_tables_says_what_to_run(
    command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert command("--day", DAY) == 3
    assert "mingjing warehouse migrate" in capsys.readouterr().err


def test_a_day_that_is_no_day_is_a_fault_of_usage(
    command: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert command("--day", "2026-02-30") == 2
    assert "2026-02-30" in capsys.readouterr().err


def test_a_warehouse_that_is_not_there_is_out_of_reach(
    command: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLICKHOUSE_URL", "clickhouse://default:@127.0.0.1:1/default")
    settings.cache_clear()
    assert command("--day", DAY) == 3
