"""Decides what is said of a row that cannot be mapped: a stable reason, the column, a detail, the place."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from typing import Any, BinaryIO

from msgspec import Struct
from rich.console import Console

from rules.model.events import Undecodable
from rules.model.fields import looks_like_an_identifier
from streams.clock import now_us
from streams.codec import dead_letter, dead_letter_json

SHOWN = 60
EXAMPLES_KEPT = 5


class Place(Struct, frozen=True, gc=False):
    """Where a row stands: the file as it was named, the row's first line (0: the file as a whole)."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


class Fault(Struct, frozen=True, gc=False):
    """What is wrong with a row; `path` is the column or the place in the JSON."""

    reason: str
    path: str
    detail: str


class RowFault(Exception):
    """A row that cannot be mapped."""

    def __init__(self, reason: str, path: str, detail: str) -> None:
        super().__init__(f"{reason} at {path}: {detail}")
        self.fault = Fault(reason, path, detail)


def shown(value: Any, personal: bool = False) -> str:
    """A value for an error text: short, and never one that may identify a person."""
    text = str(value)
    if personal or looks_like_an_identifier(text):
        return "a personal value (not shown)"
    return f"`{text[:SHOWN]}…`" if len(text) > SHOWN else f"`{text}`"


class DeadLetters:
    """Takes what could not be used, writes it as JSON lines where asked, and counts it by reason."""

    def __init__(self, out: BinaryIO | None = None) -> None:
        self._out = out
        self.listener: Callable[[bytes], None] | None = None
        """Told each record as JSON, for a host that keeps dead letters in a topic."""
        self.reasons: Counter[str] = Counter()
        self.examples: dict[str, list[str]] = {}

    def add(self, fault: Fault, place: Place, raw: bytes = b"") -> None:
        """One record per bad row. The row itself is not copied, only its hash."""
        self.reasons[fault.reason] += 1
        kept = self.examples.setdefault(fault.reason, [])
        if len(kept) < EXAMPLES_KEPT:
            kept.append(f"{place}: {fault.path}: {fault.detail}" if fault.path else f"{place}: {fault.detail}")
        if self._out is None and self.listener is None:
            return
        undecodable = Undecodable(fault.reason, fault.path, fault.detail)
        letter = dead_letter_json(dead_letter(undecodable, raw, now_us(), source_file=place.file, line=place.line))
        if self._out is not None:
            self._out.write(letter + b"\n")
        if self.listener is not None:
            self.listener(letter)

    @property
    def total(self) -> int:
        return sum(self.reasons.values())


def say(text: str) -> None:
    """A line for the person at the terminal: standard error, since standard output carries alerts."""
    print(text, file=sys.stderr, flush=True)


def print_dead_letters(dead_letters: DeadLetters, console: Console) -> None:
    """What was set aside, by reason, with the first places of each."""
    if not dead_letters.total:
        return
    console.print(f"[bold]死信 dead letters: {dead_letters.total:,}[/bold]")
    for reason, count in dead_letters.reasons.most_common():
        console.print(f"  {reason}: {count:,}", markup=False)
        for example in dead_letters.examples[reason]:
            console.print(f"    {example}", markup=False, soft_wrap=True)
