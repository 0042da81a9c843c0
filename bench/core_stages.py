"""Measures the core beside the plain loop, and memory per open case; each run is a process of its own."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from bench.figures import Figure, Progress, spread
from bench.workload import REFERENCE, Workload
from streams.settings import ROOT

PLAIN = re.compile(r"(\d+) events wall ([\d.]+) s cpu ([\d.]+) s")


def judged(stage: str, workload: Workload) -> dict[str, Any]:
    command = [sys.executable, "-m", "bench.judging", stage, str(workload.file), str(workload.book)]
    said = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    answer: dict[str, Any] = json.loads(said)
    return answer


def plain_loop(raw: Path) -> float:
    """Events per CPU second of the reference."""
    command = [sys.executable, str(REFERENCE / "ref.py"), str(raw)]
    said = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    found = PLAIN.search(said)
    if found is None:
        raise ValueError(f"the plain loop said: {said}")
    return int(found[1]) / float(found[3])


def core(workload: Workload, runs: int, progress: Progress) -> list[Figure]:
    """Events a second and core, decoding included. The runs of both sides alternate."""
    folds, decodes, plains = [], [], []
    for number in range(runs):
        progress(f"core: run {number + 1} of {runs}")
        folds.append(judged("fold", workload)["per_cpu_second"])
        decodes.append(judged("decode", workload)["per_cpu_second"])
        if workload.raw is not None:
            plains.append(plain_loop(workload.raw))
    figures = []
    if plains:
        figures.append(Figure("core", "events/s and core", spread(folds), "the plain loop", spread(plains)))
    figures.append(Figure("core", "events/s and core", spread(folds), "decoding alone", spread(decodes)))
    return figures


def memory(workload: Workload, runs: int, progress: Progress) -> list[Figure]:
    """Bytes per open case, its log and its clocks included."""
    opens, helds = [], []
    for number in range(runs):
        progress(f"memory: run {number + 1} of {runs}")
        opens.append(judged("open", workload)["bytes_per_case"])
        helds.append(judged("held", workload)["bytes_per_case"])
    return [Figure("memory", "bytes per open case", spread(opens), "its decoded events in a list", spread(helds))]
