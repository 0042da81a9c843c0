"""Decides what is measured on: the side-by-side workload where it is there, else a simulated month.

Either becomes, once and untimed, a file of the contract's own JSON lines: `stream TAB subject TAB event`.
"""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from streams.hashing import hasher_of
from streams.settings import ROOT
from streams.simulate import simulate
from streams.sources.faults import DeadLetters
from streams.sources.history import History
from streams.sources.mapping import load_mapping

REFERENCE = ROOT.parent / "shared" / "bench"
EXAMPLE = ROOT / "examples" / "bench8"
WHOLE = 125_000
CHANGED_DAYS = 16
"""A smaller number of cases is spread over fewer days, so that every rule still fires."""

Line = tuple[str, str, bytes]


@dataclass(frozen=True)
class Workload:
    """Events in a file, the folder of rules that judges them, and what the plain loop reads (if there is one)."""

    name: str
    events: int
    file: Path
    book: Path
    raw: Path | None = None

    def lines(self) -> Iterator[Line]:
        """(stream, subject, event) of each."""
        with self.file.open("rb") as source:
            for line in source:
                stream, subject, value = line.rstrip(b"\n").split(b"\t", 2)
                yield stream.decode(), subject.decode(), value


def reference_is_there() -> bool:
    return (REFERENCE / "generate.py").is_file()


def generated(folder: Path, cases: int, disorder: int = 0, days: int = 0) -> Path:
    """The raw file of the side-by-side workload; its default size is the one that the truth file speaks of."""
    file = folder / f"events-{cases}-{disorder}-{days}.jsonl"
    usual = CHANGED_DAYS if cases < 20_000 else 60
    size = () if cases == WHOLE and not days else ("--days", str(days or usual))
    if not file.exists():
        options = ("--cases", str(cases), "--disorder", str(disorder), *size)
        script = REFERENCE / "generate.py"
        subprocess.run([sys.executable, script, file, *options], check=True, capture_output=True)
    return file


def mapped(raw: Path, dead_letters: DeadLetters) -> History:
    """The raw events through the mapping of `examples/bench8`."""
    mapping = load_mapping(EXAMPLE / "mapping.yaml")
    return History([str(raw)], mapping, hasher_of(None, trial=True), dead_letters, lambda said: None)


def prepare(folder: Path, cases: int, simulated: bool, disorder: int = 0) -> Workload:
    """Writes the workload's file. Raises ValueError when an event of it could not be mapped."""
    file = folder / (f"events-{disorder}.tsv" if disorder else "events.tsv")
    if simulated or not reference_is_there():
        month = simulate(seed=7, days=30, cases=cases).messages
        count = _write(file, ((each.stream, each.subject, each.value) for each in month))
        return Workload(f"simulated month, {cases:,} cases", count, file, ROOT / "rules" / "book")
    raw, dead_letters = generated(folder, cases, disorder), DeadLetters()
    count = _write(file, ((each.stream, each.subject, each.value) for each in mapped(raw, dead_letters)))
    if dead_letters.reasons:
        raise ValueError(f"not mapped: {dict(dead_letters.reasons)}")
    return Workload(f"side-by-side workload, {cases:,} cases", count, file, EXAMPLE / "rules", raw)


def year(folder: Path, cases: int, simulated: bool) -> tuple[Path, Path]:
    """A year of so many cases as the contract's JSON lines, and the folder of rules that judges it."""
    file, raw = folder / "year.jsonl", None
    if simulated or not reference_is_there():
        messages = (each.value for each in simulate(seed=7, days=365, cases=cases).messages)
        book = ROOT / "rules" / "book"
    else:
        raw = generated(folder, cases, days=365)
        messages, book = (each.value for each in mapped(raw, DeadLetters())), EXAMPLE / "rules"
    with file.open("wb") as out:
        out.writelines(value + b"\n" for value in messages)
    if raw is not None:
        raw.unlink()  # a year is some gigabytes
    return file, book


def _write(file: Path, lines: Iterator[Line]) -> int:
    count = 0
    with file.open("wb") as out:
        for stream, subject, value in lines:
            out.write(b"\t".join((stream.encode(), subject.encode(), value)) + b"\n")
            count += 1
    return count
