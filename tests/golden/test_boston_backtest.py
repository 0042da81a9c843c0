"""A backtest over a real history: its figures are those that a careful reader counts in the file."""

import csv
import gzip
import json
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from streams.cli.main import main
from streams.settings import ROOT

pytestmark = pytest.mark.slow


def backtest(capsys: pytest.CaptureFixture[str], file: Path, *period: str) -> dict[str, Any]:
    mapping = ROOT / "examples" / "boston311" / "mapping.yaml"
    capsys.readouterr()
    with pytest.raises(SystemExit, match=r"^0$"):
        main(["rules", "backtest", "overdue", "--mapping", str(mapping), str(file), "--json", *period])
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def breaches(shared: Path, first: str, end: str) -> list[tuple[dict[str, str], str]]:
    """The rows whose target ran out in [first, end) before they were closed, and how that ended by `end`."""
    found: list[tuple[dict[str, str], str]] = []
    with gzip.open(shared / "data/boston311/requests_2011.csv.gz", "rt", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            due, closed = row["target_dt"], row["closed_dt"]
            if due and first <= due < end and row["open_dt"] < end and (not closed or closed > due):
                found.append((row, "closed_late" if closed and closed < end else "still_open"))
    return found


def week_of(row: dict[str, str]) -> str:
    day = datetime.fromisoformat(row["target_dt"]).date()
    return (day - timedelta(days=day.weekday())).isoformat()


def test_a_backtest_of_all_boston_counts_8230_closed_late_and_3449_never_closed(
    shared: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = backtest(capsys, shared / "data/boston311/requests_2011.csv.gz")
    assert (found["alerts"], found["events"]) == (11_679, 58_251 + 54_570)
    assert found["by_reason"] == {"closed_late": 8_230, "still_open": 3_449}
    assert found["by_department"] == {
        "ISD": 4_602, "PWDx": 3_327, "INFO": 1_859, "PARK": 1_110, "BTDT": 740, "BWSC": 21, "PROP": 15, "DISB": 4,
        "BPS_": 1,
    }  # fmt: skip
    assert found["counters"]["no_limit:overdue"] == 10_981


def test_a_backtest_of_august_counts_its_breaches_as_they_stood_at_its_end(
    shared: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = backtest(
        capsys, shared / "data/boston311/requests_2011.csv.gz", "--from", "2011-08-01", "--to", "2011-08-31"
    )
    wanted = breaches(shared, "2011-08-01", "2011-09-01")
    assert found["alerts"] == found["subjects"] == len(wanted) == 1_757
    assert found["by_reason"] == Counter(ending for _, ending in wanted) == {"still_open": 1_021, "closed_late": 736}
    assert found["by_department"] == Counter(row["department"] for row, _ in wanted)
    by_week = {(line["week"], line["department"]): line["alerts"] for line in found["by_week"]}
    assert by_week == Counter((week_of(row), row["department"]) for row, _ in wanted)
