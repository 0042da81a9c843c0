"""`mingjing warehouse`: migrate, serve, query."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from clickhouse_driver import Client
from typer.testing import CliRunner, Result

from streams.cli import warehouse
from streams.settings import from_environment
from tests.waiting import PATIENCE
from warehouse import embedded
from warehouse.migrations import shipped

pytestmark = pytest.mark.warehouse


@pytest.fixture
def run(warehouse_url: str, monkeypatch: pytest.MonkeyPatch):  # type: ignore[no-untyped-def]
    made = from_environment({"CLICKHOUSE_URL": warehouse_url})
    monkeypatch.setattr(warehouse, "settings", lambda: made)

    def invoke(*arguments: str) -> Result:
        return CliRunner().invoke(warehouse.app, arguments)

    return invoke


def test_migrate_lists_what_it_applied_and_then_has_nothing_to_do(run) -> None:  # type: ignore[no-untyped-def]
    first = run("migrate")
    assert first.exit_code == 0
    assert [line.split()[-1] for line in first.output.splitlines()] == [each.file for each in shipped()]
    assert "nothing to apply" in run("migrate").output


def test_query_prints_a_table_or_json_lines(run) -> None:  # type: ignore[no-untyped-def]
    statement = "SELECT 1 AS n, '办件' AS word, NULL AS nothing"
    table = run("query", statement)
    assert table.exit_code == 0
    assert "办件" in table.output and "word" in table.output
    lines = run("query", statement, "--json").output.splitlines()
    assert [json.loads(line) for line in lines] == [{"n": 1, "word": "办件", "nothing": None}]


def test_a_faulty_query_says_why_in_one_line(run) -> None:  # type: ignore[no-untyped-def]
    result = run("query", "SELECT nope")
    assert result.exit_code == 2
    assert "UNKNOWN_IDENTIFIER" in result.output
    assert "Traceback" not in result.output


def test_serve_answers_until_it_is_told_to_stop(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "streams.cli.main", "warehouse", "serve", "--port", "0"]
    server = subprocess.Popen(
        [*command, "--directory", str(tmp_path / "data")],
        stdout=subprocess.PIPE,
        text=True,
        env=embedded.environment(),
    )
    assert server.stdout is not None
    port = int(next(line for line in server.stdout if line.startswith("ready ")).split()[1])
    assert Client("127.0.0.1", port).execute("SELECT 1") == [(1,)]
    server.send_signal(signal.SIGINT)
    assert server.wait(PATIENCE) == 0
    server.stdout.close()
