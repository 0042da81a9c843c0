"""The side-by-side workload: the alerts of the plain loop that was written for it, in order and shuffled."""

import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import pytest

from rules.language import load_book
from rules.model.alerts import Alert
from rules.model.times import parse_time
from streams.hashing import hasher_of
from streams.replay import Replay, horizon
from streams.settings import ROOT
from streams.sources.faults import DeadLetters
from streams.sources.history import History
from streams.sources.mapping import load_mapping

Found = dict[str, set[tuple[str, int]]]
RULES = ("R1", "R2", "R3", "R4", "R5", "R6", "R7", "R8")
ALL_EIGHT = ("--cases", "7000", "--days", "16", "--seed", "24")
"""A small month in which each of the eight rules fires."""

EXAMPLE = ROOT / "examples" / "bench8"
HASHER = hasher_of(None, trial=True)


def truth(file: Path) -> Found:
    """Lines `rule,key,epoch ms` of the reference; keys that are people look as they do inside the system."""
    found: Found = defaultdict(set)
    for line in file.read_text().splitlines():
        rule, key, at = line.split(",")
        if rule in RULES:
            found[rule].add((HASHER(key) if rule == "R7" else key, int(at)))
    return found


def judged(events: Path) -> tuple[list[Alert], DeadLetters]:
    dead_letters = DeadLetters()
    history = History([str(events)], load_mapping(EXAMPLE / "mapping.yaml"), HASHER, dead_letters, pytest.fail)
    replay = Replay(
        load_book(EXAMPLE / "rules"), horizon("", "", "UTC", parse_time("2100-01-01T00:00:00Z")), dead_letters
    )
    replay.run(history, lambda messages, events, step: None)
    return replay.drive.alerts(), dead_letters


def as_found(alerts: list[Alert]) -> Found:
    found: Found = defaultdict(set)
    for alert in alerts:
        found[alert.rule].add((alert.group or alert.subject, alert.at // 1_000))
    return found


@pytest.fixture(scope="session")
def generated(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    def generate(*options: str) -> Path:
        file = tmp_path_factory.mktemp("side") / "events.jsonl"
        script = shared / "bench" / "generate.py"
        subprocess.run([sys.executable, script, file, *ALL_EIGHT, *options], check=True, capture_output=True)
        return file

    return generate


@pytest.fixture(scope="session")
def expected(shared: Path, generated: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Found:
    file = tmp_path_factory.mktemp("truth") / "truth.csv"
    script = shared / "bench" / "ref.py"
    subprocess.run([sys.executable, script, generated(), file], check=True, capture_output=True)
    return truth(file)


def test_the_reference_fires_each_of_the_eight_rules(expected: Found) -> None:
    assert all(expected[rule] for rule in RULES)


@pytest.mark.slow
@pytest.mark.parametrize("disorder", ["0", "3600"])
def test_the_alerts_are_those_of_the_plain_loop_in_any_order(
    expected: Found, generated: Callable[..., Path], disorder: str
) -> None:
    alerts, dead_letters = judged(generated("--disorder", disorder))
    assert not dead_letters.reasons
    assert as_found(alerts) == expected
    assert len(alerts) == sum(len(found) for found in expected.values())


@pytest.mark.skipif(
    "MINGJING_SIDE_BY_SIDE" not in os.environ,
    reason="the million events: set MINGJING_SIDE_BY_SIDE to a file made by ../shared/bench/generate.py",
)
def test_the_whole_workload_gives_its_truth_file(shared: Path, tmp_path: Path) -> None:
    import gzip

    unpacked = tmp_path / "truth.csv"
    unpacked.write_bytes(gzip.decompress((shared / "bench" / "truth.csv.gz").read_bytes()))
    alerts, _ = judged(Path(os.environ["MINGJING_SIDE_BY_SIDE"]))
    assert as_found(alerts) == truth(unpacked)
