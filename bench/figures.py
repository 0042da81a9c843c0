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
        if self.runs == 1:
            return f"{self.median:,.4g}" if self.median < 1_000 else f"{self.median:,.0f}"
        return " ".join(
            f"{each:,.4g}" if each < 1_000 else f"{each:,.0f}" for each in (self.median,)
        ) + f" ({self.least:,.0f}–{self.most:,.0f})"  # fmt: skip


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
    table = Table("stage", "measure", "here", "baseline", "of the baseline", "ratio", title=workload)
    for each in figures:
        table.add_row(
            each.stage, each.what, str(each.ours), each.baseline_name, str(each.baseline), f"{each.ratio:.2f}"
        )
    console.print(table)


def write(stage: str, workload: str, found: Sequence[Any]) -> Path:
    """One file per stage, so that a stage can be measured again by itself."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    file = RESULTS / f"{stage}.json"
    rows = [asdict(each) | ({"ratio": each.ratio} if isinstance(each, Figure) else {}) for each in found]
    said = {"workload": workload, "python": platform.python_version(), "found": rows}
    file.write_text(json.dumps(said, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return file
