"""Replay and backtests of a file and of the warehouse, as commands: what they say is what the judge says."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from rules.language import load_book
from rules.model.alerts import parse_alert
from streams.cli.main import main
from streams.rehearsal.run import rehearse
from streams.rehearsal.wanted import BookAt, Wanted
from streams.replay import horizon
from streams.settings import settings
from tests.oracle.chance import Chance
from tests.oracle.days import local
from tests.oracle.families.orders import FAMILY, write
from tests.oracle.trials import History

pytestmark = pytest.mark.warehouse

UNTIL = "2026-06-20T00:00"
FAR = 4_102_444_800_000_000


@pytest.fixture(scope="module")
def histories() -> list[History]:
    """Many, each of cases of its own, all judged at one instant."""
    made = []
    for seed in range(150):
        history = FAMILY.make(Chance(f"warehouse {seed}"))
        own = [each | {name: f"{each[name]}-{seed}" for name in ("id", "subject")} for each in history.events]
        made.append(replace(history, events=own, now=local(UNTIL)))
    return made


@pytest.fixture
def landed(
    histories: list[History], warehouse_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """The book and all histories in one folder: replayed, and what was replayed in the warehouse."""
    (tmp_path / "book").mkdir()
    write(tmp_path / "book")
    lines = [json.dumps(each) for history in histories for each in Chance(0).shuffled(history.events)]
    (tmp_path / "all.jsonl").write_text("\n".join(lines), encoding="utf-8")
    monkeypatch.setenv("CLICKHOUSE_URL", warehouse_url)
    monkeypatch.setenv("MINGJING_BOOK", str(tmp_path / "book"))
    settings.cache_clear()
    try:
        asked = ("replay", "--land", "--alerts", tmp_path / "alerts.jsonl", "--until", UNTIL, tmp_path / "all.jsonl")
        with pytest.raises(SystemExit) as ended:
            main([str(each) for each in asked])
        assert not ended.value.code
        yield tmp_path
    finally:
        settings.cache_clear()


def test_a_replay_and_backtests_in_any_number_of_processes_say_what_the_judge_says(
    histories: list[History], landed: Path, warehouse_url: str
) -> None:
    said = [parse_alert(line) for line in (landed / "alerts.jsonl").read_bytes().splitlines()]
    expected = {each for history in histories for each in FAMILY.judge(history)}
    assert FAMILY.told(histories[0], [each for each in said if each.state != "withdrawn"], []) == expected
    shown = {(rule, subject, reason, at, due) for _, rule, subject, _, reason, at, due, _ in expected}
    at, end = BookAt(landed / "book"), horizon(UNTIL, "", "Asia/Shanghai", FAR)
    for source in ({"inputs": (str(landed / "all.jsonl"),)}, {"url": warehouse_url}):
        for jobs in (1, 2):
            wanted = Wanted(books=(at,), horizon=end, **source)  # type: ignore[arg-type]
            found = rehearse(wanted, [load_book(landed / "book")], lambda more: None, jobs).outcomes[0].alerts
            assert {(a.rule, a.subject, a.reason, a.at, a.due_date) for a in found} == shown, (source, jobs)
