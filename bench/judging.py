"""Measures the core alone, in a process of its own: `judging.py STAGE FILE BOOK` prints one JSON object.

`fold`: decode and judge; `itemised`: the pieces of it; `decode`: only decode; `open`: the memory of cases that nobody
has closed; `held`: the same events decoded and merely kept.
"""

import gc
import json
import sys
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

from bench.itemised import Itemised
from rules.drive import Drive
from rules.language import load_book
from rules.model.events import Event, decode_event, type_name
from streams.collecting import collect_seldom

CHUNK = 1_000
CLOSING = {
    "case.decided", "case.closed", "case.withdrawn", "case.not_accepted",
    "penalty.decided", "penalty.closed", "action.closed",
}  # fmt: skip
PAGE = 4096


def values(file: Path) -> Iterator[bytes]:
    with file.open("rb", buffering=1 << 20) as source:
        for line in source:
            yield line.split(b"\t", 2)[2]


def chunks(file: Path) -> Iterator[list[bytes]]:
    found = values(file)
    while chunk := list(islice(found, CHUNK)):
        yield chunk


def resident() -> int:
    """Bytes that this process holds in memory."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * PAGE


def fold(file: Path, book: Path) -> dict[str, float]:
    """As a replay folds: clocks are reckoned when they are asked for."""
    drive = Drive(load_book(book), tells_clocks=False)
    collect_seldom()
    before = resident()
    count, began, used = 0, time.perf_counter(), time.process_time()
    for chunk in chunks(file):
        drive.take([decode_event(value) for value in chunk])
        count += len(chunk)
    return _timed(count, began, used) | {"alerts": len(drive.alerts()), "megabytes": (resident() - before) / 1e6}


def itemised(file: Path, book: Path) -> dict[str, float]:
    """CPU microseconds per event of each piece of a fold."""
    loaded = load_book(book)
    collect_seldom()
    run = Itemised(loaded)
    return {piece: seconds / run.events * 1e6 for piece, seconds in run.run(chunks(file)).items()}


def decode(file: Path, book: Path) -> dict[str, float]:
    count, began, used = 0, time.perf_counter(), time.process_time()
    for chunk in chunks(file):
        count += len([decode_event(value) for value in chunk])
    return _timed(count, began, used)


def _timed(count: int, began: float, used: float) -> dict[str, float]:
    wall, cpu = time.perf_counter() - began, time.process_time() - used
    return {"events": count, "seconds": wall, "per_second": count / wall, "per_cpu_second": count / cpu}


def _still_open(file: Path) -> Iterator[Event]:
    """The events of every subject up to the one that would close it."""
    closed: set[str] = set()
    for value in values(file):
        event = decode_event(value)
        if type_name(event.fact) in CLOSING:
            closed.add(event.subject)
        if event.subject not in closed:
            yield event


def open_cases(file: Path, book: Path) -> dict[str, float]:
    drive = Drive(load_book(book))
    subjects: set[str] = set()
    found = _still_open(file)
    before = resident()
    while chunk := list(islice(found, CHUNK)):
        subjects.update(event.subject for event in chunk)
        drive.take(chunk)
    del chunk, found
    gc.collect()
    own = sum(sys.getsizeof(name) for name in subjects) + sys.getsizeof(subjects)
    return {"cases": len(subjects), "bytes_per_case": (resident() - before - own) / max(len(subjects), 1)}


def held(file: Path, book: Path) -> dict[str, float]:
    load_book(book)
    before = resident()
    kept: dict[str, list[Event]] = {}
    for event in _still_open(file):
        kept.setdefault(event.subject, []).append(event)
    gc.collect()
    return {"cases": len(kept), "bytes_per_case": (resident() - before) / max(len(kept), 1)}


STAGES: dict[str, Callable[[Path, Path], dict[str, float]]] = {
    "fold": fold, "itemised": itemised, "decode": decode, "open": open_cases, "held": held,
}  # fmt: skip

if __name__ == "__main__":
    stage, file, book = sys.argv[1:]
    print(json.dumps(STAGES[stage](Path(file), Path(book))))
