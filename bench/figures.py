"""Decides how figures are shown: the median of several runs beside a baseline of the same run."""

import json
import platform
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.table import Table

RESULTS = Path(__file__).parent / "results"

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Spread:
    """Several runs of one thing."""

    median: float
    least: float
    most: float
    runs: int

    def __str__(self) -> str:
        return _written(self.median) + (f"\n({_written(self.least)}–{_written(self.most)})" if self.runs > 1 else "")


def _written(number: float) -> str:
    return f"{number:,.4g}" if number < 1_000 else f"{number:,.0f}"


def spread(values: Sequence[float]) -> Spread:
    return Spread(median(values), min(values), max(values), len(values))


@dataclass(frozen=True)
class Figure:
    """One measure, and the same measure of its baseline in the same run."""

    stage: str
    what: str
    ours: Spread
    baseline_name: str
    baseline: Spread

    @property
    def ratio(self) -> float:
        return self.ours.median / self.baseline.median if self.baseline.median else 0.0


def show(console: Console, workload: str, figures: Sequence[Figure]) -> None:
    table = Table("measure", "baseline", title=workload)
    for head in ("here", "of the baseline", "ratio"):
        table.add_column(head, justify="right", no_wrap=True)
    for each in figures:
        ours, beside = str(each.ours), str(each.baseline)
        table.add_row(f"{each.stage}: {each.what}", each.baseline_name, ours, beside, f"{each.ratio:.2f}")
    console.print(table)


def write(stage: str, workload: str, found: Sequence[Any]) -> Path:
    """One file per stage, so that a stage can be measured again by itself."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    file = RESULTS / f"{stage}.json"
    rows = [asdict(each) | ({"ratio": each.ratio} if isinstance(each, Figure) else {}) for each in found]
    said = {"workload": workload, "python": platform.python_version(), "found": rows}
    file.write_text(json.dumps(said, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return file
