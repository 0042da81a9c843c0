"""Figures of this machine as ratios to a baseline measured in the same run; `make bench`.

Every stage writes bench/results/<stage>.json. Exit status 1 when the truth stage finds a difference.
"""

import argparse
import logging
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.status import Status
from rich.table import Table

from bench import backtest_stage, core_stages, kafka_stages, truth
from bench.figures import Figure, show, write
from bench.ground import Ground, ground
from bench.workload import WHOLE, Workload, prepare, reference_is_there
from streams.logs import quiet

STAGES = (
    "core", "itemised", "disorder", "books", "memory", "worker", "latency", "landing", "backtest", "truth",
)  # fmt: skip
RATE_UNMEASURED = 10_000.0
INTERRUPTED = 130
HOUR = 3_600


@dataclass
class Bench:
    """One run of `make bench`."""

    chosen: argparse.Namespace
    console: Console
    folder: Path
    status: Status
    ending: ExitStack
    ground: Ground | None = None

    def go(self) -> bool:
        """Measures the chosen stages one after another; whether the truth stage (if chosen) was right."""
        right = True
        if measured := [stage for stage in STAGES[:-2] if stage in self.chosen.stage]:
            self.status.update("preparing the workload, untimed")
            workload = prepare(self.folder, self.chosen.cases, self.chosen.simulated)
            self._measure(workload, measured)
        if "backtest" in self.chosen.stage:
            self._backtest()
        if "truth" in self.chosen.stage:
            right = self._truth()
        return right

    def _measure(self, workload: Workload, stages: Sequence[str]) -> None:
        title, rate = f"{workload.name}, {workload.events:,} events", self.chosen.rate
        for stage in stages:
            figures = self._stage(stage, workload, rate)
            if stage == "worker" and not rate:
                rate = figures[0].ours.median * kafka_stages.QUARTER
            if not figures:
                self.console.print(f"{stage}: too few alerts to say anything; feed more --cases or --seconds")
                continue
            show(self.console, title, figures)
            write(stage, title, figures)

    def _stage(self, stage: str, workload: Workload, rate: float) -> list[Figure]:
        chosen, progress = self.chosen, self.status.update
        if stage == "core":
            return core_stages.core(workload, chosen.runs, progress)
        if stage == "itemised":
            return core_stages.itemised(workload, chosen.runs, progress)
        if stage == "disorder":
            disordered = prepare(self.folder, chosen.cases, chosen.simulated, HOUR)
            return core_stages.disorder(workload, disordered, chosen.runs, progress)
        if stage == "books":
            return core_stages.books(workload, self.folder, chosen.runs, progress)
        if stage == "memory":
            return core_stages.memory(workload, chosen.runs, progress)
        if self.ground is None:
            progress("starting a broker")
            self.ground = self.ending.enter_context(ground(self.folder, workload, chosen.partitions))
        if stage == "worker":
            return kafka_stages.worker(self.ground, workload, chosen.runs, progress)
        if stage == "latency":
            pace = rate or RATE_UNMEASURED * kafka_stages.QUARTER
            return kafka_stages.latency(self.ground, workload, pace, chosen.seconds, progress)
        return kafka_stages.landing(self.ground, workload, chosen.runs, progress)

    def _backtest(self) -> None:
        chosen, title = self.chosen, f"a year of {self.chosen.year_cases:,} cases"
        options = chosen.year_cases, chosen.simulated, chosen.rule, chosen.runs
        figures = backtest_stage.backtest(self.folder, *options, self.status.update)
        show(self.console, title, figures)
        write("backtest", title, figures)

    def _truth(self) -> bool:
        if not reference_is_there():
            self.console.print("truth: ../shared/bench is not there, nothing to compare with")
            return True
        cases = self.chosen.truth_cases
        found = truth.compare(self.folder, cases, tuple(self.chosen.disorder), self.status.update)
        table = Table("order", "rule", "exact", "missing", "extra", title=f"truth, {cases:,} cases")
        for each in found:
            table.add_row(each.order, each.rule, f"{each.exact:,}", f"{each.missing:,}", f"{each.extra:,}")
        self.console.print(table)
        write("truth", f"{cases:,} cases", found)
        return all(each.right for each in found)


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        description=__doc__, epilog='Example: make bench ARGS="--stage core memory --cases 20000 --runs 5"'
    )
    parser.add_argument("--stage", nargs="+", choices=STAGES, default=list(STAGES), help="which; default: all")
    parser.add_argument("--cases", type=int, default=25_000, help="cases of the workload (8 events each)")
    parser.add_argument("--runs", type=int, default=3, help="runs of each measure; the median is shown")
    parser.add_argument("--partitions", type=int, default=4, help="partitions of the topics")
    parser.add_argument("--rate", type=float, default=0.0, help="events/s of the latency stage")
    parser.add_argument("--seconds", type=float, default=30.0, help="how long the latency stage feeds")
    parser.add_argument("--rule", nargs="+", default=["R1"], help="the rules of the backtest stage, one after another")
    parser.add_argument("--year-cases", type=int, default=1_250_000, help="cases of its year (8 events each)")
    parser.add_argument("--simulated", action="store_true", help="a simulated month also where ../shared is")
    parser.add_argument("--truth-cases", type=int, default=WHOLE, help="the truth file speaks of the default")
    parser.add_argument("--disorder", type=int, nargs="*", default=[0, 3600], help="orders, in seconds")
    return parser


def main() -> int:
    chosen = arguments().parse_args()
    console = Console()
    quiet(logging.CRITICAL, sys.stderr, logging.CRITICAL)
    with ExitStack() as ending:
        folder = Path(ending.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        status = ending.enter_context(console.status("starting"))
        try:
            return 0 if Bench(chosen, console, folder, status, ending).go() else 1
        except KeyboardInterrupt:
            console.print("interrupted; what was measured so far is in bench/results")
            return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
