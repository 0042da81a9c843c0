"""Decides where the facts of groups wait until all parts have read their subjects: files without a name.

A file that was unlinked when it was made cannot be left behind, however the run ends.
"""

from __future__ import annotations

import heapq
import os
from collections.abc import Iterator, Sequence
from zlib import crc32

import msgspec

from rules.model.facts import GroupFact

FRAME = 4
FLUSH = 1 << 20

Told = tuple[int, int, list[GroupFact]]
"""The number of a block, `now` after it, and the facts that it brought."""

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Told).decode


class Spool:
    """Facts on their way from one part to another; one writes to its end, then the other reads from its beginning."""

    def __init__(self, file: int) -> None:
        self._file = file
        self._held = bytearray()

    def write(self, told: Told) -> None:
        frame = _encode(told)
        self._held += len(frame).to_bytes(FRAME, "big") + frame
        if len(self._held) >= FLUSH:
            self.flush()

    def flush(self) -> None:
        held = memoryview(self._held)
        while held:
            held = held[os.write(self._file, held) :]
        self._held = bytearray()

    def __iter__(self) -> Iterator[Told]:
        at, held = 0, b""
        while piece := os.pread(self._file, FLUSH, at):
            at += len(piece)
            held += piece
            place = 0
            while place + FRAME <= len(held):
                size = int.from_bytes(held[place : place + FRAME], "big")
                if place + FRAME + size > len(held):
                    break
                yield _decode(held[place + FRAME : place + FRAME + size])
                place += FRAME + size
            held = held[place:]


class Sorting:
    """Sorts the facts of one book by the part that judges their group."""

    def __init__(self, spools: Sequence[Spool]) -> None:
        self._spools = spools
        self._held: list[list[GroupFact]] = [[] for _ in spools]

    def take(self, facts: Sequence[GroupFact]) -> None:
        for fact in facts:
            self._held[judged_by(fact.group, len(self._spools))].append(fact)

    def end_block(self, number: int, now: int) -> None:
        """Writes what a block brought."""
        for part, facts in enumerate(self._held):
            if facts:
                self._spools[part].write((number, now, facts))
                self._held[part] = []

    def flush(self) -> None:
        for spool in self._spools:
            spool.flush()


def judged_by(group: str, parts: int) -> int:
    """Which of the parts judges a group."""
    return crc32(group.encode()) % parts


def merged(spools: Sequence[Spool]) -> Iterator[Told]:
    """The facts of all parts for one, in the order of the history's blocks."""
    return heapq.merge(*spools, key=lambda told: told[0])
