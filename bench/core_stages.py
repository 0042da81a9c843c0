"""Measures the core beside the plain loop, and memory per open case; each run is a process of its own."""

import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench.figures import Figure, Progress, Spread, spread
from bench.larger_books import larger
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


PIECES = ("decoding", "log", "steps", "windows", "timers", "clocks")


def itemised(workload: Workload, runs: int, progress: Progress) -> list[Figure]:
    """CPU microseconds an event of each piece, beside the whole; the clocks are asked for once, at the end."""
    found = []
    for number in range(runs):
        progress(f"itemised: run {number + 1} of {runs}")
        found.append(judged("itemised", workload))
    whole = spread([each["whole"] for each in found])
    return [
        Figure("itemised", f"{piece}, µs an event", spread([each[piece] for each in found]), "the whole", whole)
        for piece in PIECES
    ]


def disorder(workload: Workload, disordered: Workload, runs: int, progress: Progress) -> list[Figure]:
    """The same events an hour out of order, beside those in order; the runs alternate."""
    ours, plain = _beside(disordered, workload, runs, progress, "disorder")
    return [Figure("disorder", "events/s and core, 1 h of disorder", ours, "in order", plain)]


def books(workload: Workload, folder: Path, runs: int, progress: Progress) -> list[Figure]:
    """What 92 rules cost of which no event comes, and 92 of which no condition holds."""
    figures = []
    for kind, what in (("unmatched", "92 rules that no event matches"), ("false", "92 false conditions")):
        more = replace(workload, book=larger(workload.book, folder, kind))
        ours, plain = _beside(more, workload, runs, progress, what)
        figures.append(Figure("books", f"events/s and core, {what}", ours, "without them", plain))
    return figures


def _beside(one: Workload, other: Workload, runs: int, progress: Progress, what: str) -> tuple[Spread, Spread]:
    ours, plain = [], []
    for number in range(runs):
        progress(f"{what}: run {number + 1} of {runs}")
        ours.append(judged("fold", one)["per_cpu_second"])
        plain.append(judged("fold", other)["per_cpu_second"])
    return spread(ours), spread(plain)


def memory(workload: Workload, runs: int, progress: Progress) -> list[Figure]:
    """Bytes per open case, its log and its clocks included."""
    opens, helds = [], []
    for number in range(runs):
        progress(f"memory: run {number + 1} of {runs}")
        opens.append(judged("open", workload)["bytes_per_case"])
        helds.append(judged("held", workload)["bytes_per_case"])
    whole = [judged("fold", workload)["megabytes"]]
    return [
        Figure("memory", "bytes per open case", spread(opens), "its decoded events in a list", spread(helds)),
        Figure("memory", "MB after all events, logs kept", spread(whole), "the file", spread([_megabytes(workload)])),
    ]


def _megabytes(workload: Workload) -> float:
    return workload.file.stat().st_size / 1e6
