"""Measures where the time of the core goes: decoding, log, steps, windows, timers, and clocks where they are asked for.

Each piece is measured in the run as it is, in pieces of a chunk; only the log, which is written event by event, is
written once more by itself.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from rules.core import GroupCore, Step, SubjectCore
from rules.drive import Drive
from rules.language import Book
from rules.model.events import Event, decode_event, encode_fact

clock = time.process_time
Clocked = Callable[..., Any]


class Itemised:
    """One run, and the CPU seconds of its pieces."""

    def __init__(self, book: Book) -> None:
        self.seconds: Counter[str] = Counter()
        self.drive = Drive(book, tells_clocks=False)
        self.events = 0
        self._logs: dict[str, bytearray] = {}
        for core, verb, piece in (
            (SubjectCore, "step", "steps"), (GroupCore, "step", "windows"),
            (SubjectCore, "advance", "timers"), (GroupCore, "advance", "timers"),
        ):  # fmt: skip
            here = self.drive.subjects if core is SubjectCore else self.drive.groups
            setattr(here, verb, self._timed(piece, getattr(here, verb)))

    def _timed(self, piece: str, verb: Callable[..., Step]) -> Callable[..., Step]:
        def timed(*given: Any) -> Step:
            began = clock()
            said = verb(*given)
            self.seconds[piece] += clock() - began
            return said

        return timed

    def run(self, chunks: Iterable[list[bytes]]) -> dict[str, float]:
        """Seconds of each piece; `whole` is all of them but the log by itself and the clocks."""
        for chunk in chunks:
            began = clock()
            events = [decode_event(value) for value in chunk]
            decoded = clock()
            self.drive.take(events)
            self.seconds["whole"] += clock() - began
            self.seconds["decoding"] += decoded - began
            self._log(events)
            self.events += len(events)
        began = clock()
        self.drive.clocks()
        self.seconds["clocks"] = clock() - began
        self.seconds["steps"] -= self.seconds["log"]
        return dict(self.seconds)

    def _log(self, events: Iterable[Event]) -> None:
        """The same entries, written once more."""
        began = clock()
        for event in events:
            log = self._logs.get(event.subject)
            if log is None:
                log = self._logs[event.subject] = bytearray()
            log += encode_fact(event.fact)
        self.seconds["log"] += clock() - began
