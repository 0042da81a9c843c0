"""Checks that the eight rules of the side-by-side workload say exactly what the truth file says, in any order."""

import gzip
import subprocess
import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from bench.figures import Progress
from bench.workload import EXAMPLE, REFERENCE, WHOLE, generated, mapped
from rules.language import load_book
from rules.model.alerts import Alert
from rules.model.times import parse_time
from streams.hashing import hasher_of
from streams.replay import Replay, horizon
from streams.sources.faults import DeadLetters

RULES = ("R1", "R2", "R3", "R4", "R5", "R6", "R7", "R8")
PERSONS = "R7"
FAR = parse_time("2100-01-01T00:00:00Z")

Found = dict[str, set[tuple[str, int]]]


@dataclass(frozen=True)
class Compared:
    """One rule on one order of the file."""

    order: str
    rule: str
    exact: int
    missing: int
    extra: int

    @property
    def right(self) -> bool:
        return not self.missing and not self.extra


def compare(folder: Path, cases: int, disorders: tuple[int, ...], progress: Progress) -> list[Compared]:
    progress("truth: the reference")
    wanted = _truth(folder, cases)
    found = []
    for disorder in disorders:
        order = f"disorder of {disorder} s" if disorder else "in order"
        progress(f"truth: {order}")
        alerts = _judged(generated(folder, cases, disorder))
        ours = _as_found(alerts)
        said_twice = len(alerts) - sum(len(each) for each in ours.values())
        for rule in RULES:
            both = len(ours[rule] & wanted[rule])
            found.append(Compared(order, rule, both, len(wanted[rule]) - both, len(ours[rule]) - both))
        if said_twice:
            found.append(Compared(order, "said twice", 0, 0, said_twice))
    return found


def _truth(folder: Path, cases: int) -> Found:
    """The truth file where it speaks of this size, else what the plain loop says of the ordered file."""
    if cases == WHOLE:
        text = gzip.decompress((REFERENCE / "truth.csv.gz").read_bytes()).decode()
    else:
        out = folder / f"truth-{cases}.csv"
        script = REFERENCE / "ref.py"
        subprocess.run([sys.executable, script, generated(folder, cases), out], check=True, capture_output=True)
        text = out.read_text(encoding="utf-8")
    hasher, found = hasher_of(None, trial=True), defaultdict(set)
    for line in text.split():
        rule, key, at = line.split(",")
        if rule in RULES:
            found[rule].add((hasher(key) if rule == PERSONS else key, int(at)))
    return found


def _judged(raw: Path) -> list[Alert]:
    dead_letters = DeadLetters()
    replay = Replay(load_book(EXAMPLE / "rules"), horizon("", "", "UTC", FAR), dead_letters)
    replay.run(mapped(raw, dead_letters), lambda messages, events, step: None)
    if dead_letters.reasons:
        raise ValueError(f"not mapped: {dict(dead_letters.reasons)}")
    return replay.drive.alerts()


def _as_found(alerts: list[Alert]) -> Found:
    found: Found = defaultdict(set)
    for alert in alerts:
        found[alert.rule].add((alert.group or alert.subject, alert.at // 1_000))
    return found
