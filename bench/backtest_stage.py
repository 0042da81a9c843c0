"""Measures a backtest from the command line: events a second on every core, beside one process and beside a minute."""

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from bench.figures import Figure, Progress, spread
from bench.workload import year
from streams.settings import ROOT

A_YEAR = 10_000_000
"""Events of a year of a large city, which should be tried within A_MINUTE."""
A_MINUTE = 60.0


def backtest(
    folder: Path, cases: int, simulated: bool, rules: Sequence[str], runs: int, progress: Progress
) -> list[Figure]:
    """The whole command is timed inside, from the start of its processes to the last answer."""
    progress("backtest: writing a year of events, untimed")
    file, book = year(folder, cases, simulated)
    found: list[Figure] = []
    for rule in rules:
        cores, alone = list[float](), list[float]()
        for number in range(runs):
            progress(f"backtest of {rule}: run {number + 1} of {runs}")
            cores.append(_rate(file, book, rule, 0))
            alone.append(_rate(file, book, rule, 1))
        seconds = [A_YEAR / rate for rate in cores]
        found += [
            Figure("backtest", f"events/s, {rule}, every core", spread(cores), "one process", spread(alone)),
            Figure("backtest", f"seconds for ten million, {rule}", spread(seconds), "a minute", spread([A_MINUTE])),
        ]
    return found


def _rate(file: Path, book: Path, rule: str, jobs: int) -> float:
    options = ["--book", str(book), "--jobs", str(jobs), "--json"]
    command = [sys.executable, "-m", "streams.cli.main", "rules", "backtest", rule, str(file), *options]
    said = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    found = json.loads(said)
    return float(found["events"]) / float(found["seconds"])
