"""Decides which lines of our own contract stand in a block, and which part of the subjects a line belongs to.

Every part reads all lines, but decodes only those of its own subjects: telling them apart by their bytes costs a
fraction of decoding them.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from pathlib import Path
from zlib import crc32

import msgspec
from msgspec import Struct

from streams.sources.faults import Fault, Place
from streams.sources.readers import BROKEN_STREAM, LONGEST_LINE

BLOCK = 1 << 20
"""Bytes that are read at once: some thousands of events, folded as one chunk."""
KEY, COMPACT = b'"subject"', b'"subject":"'
BOM = b"\xef\xbb\xbf"


class Block(Struct):
    """Lines that stand together: the file, the number of the first, and how much of the file was read for them."""

    file: str
    first: int
    lines: list[bytes]
    read: int


class _Head(Struct):
    subject: str = ""


_decode_head = msgspec.json.Decoder(_Head).decode


def part_of(line: bytes, parts: int) -> int:
    """The part that a line belongs to: by its subject; by none where it has none, which is the first.

    Where the name stands once, as it is usually written, and nothing in the line is escaped, the bytes behind it are
    the subject. Any other line is decoded as far as its subject.
    """
    at = line.find(COMPACT)
    if at >= 0 and line.find(KEY, at + len(COMPACT)) < 0 and b"\\" not in line:
        return crc32(line[at + len(COMPACT) : line.find(b'"', at + len(COMPACT))]) % parts
    try:
        return crc32(_decode_head(line).subject.encode()) % parts
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return 0


def lines_of(block: Block, part: int, parts: int) -> Iterator[tuple[int, bytes]]:
    """The lines of a block that belong to a part, with their numbers; blank ones belong to none."""
    width = len(COMPACT)
    for number, line in enumerate(block.lines, block.first):
        at = line.find(COMPACT) + width
        if at >= width and line.find(KEY, at) < 0 and b"\\" not in line:  # as in part_of: a call costs as much
            if crc32(line[at : line.find(b'"', at)]) % parts == part:
                yield number, line
        elif line and part_of(line, parts) == part:
            yield number, line


def blocks(name: str, fault: Callable[[Fault, Place], None], size: int = BLOCK) -> Iterator[Block]:
    """The lines of one file, plain or gzip, a block at a time; what cannot be read is told to `fault`."""
    with open(name, "rb") as raw:
        stream = gzip.GzipFile(fileobj=raw) if raw.peek(2)[:2] == b"\x1f\x8b" else raw
        first, tail, dropped, told = 1, b"", 0, 0
        piece = b"\n"
        while piece:
            piece = _read(stream.read, size, Place(name, first), fault)
            lines = piece.split(b"\n")
            if dropped and len(lines) == 1 and piece:
                dropped += len(piece)  # still the line that is too long
                continue
            if dropped:
                fault(Fault("too_large", "$", _too_long(dropped + len(lines[0]))), Place(name, first))
                lines[0], dropped = b"", 0
            lines[0] = tail + lines[0]
            tail = lines.pop() if piece else b""
            if len(tail) > LONGEST_LINE:
                tail, dropped = b"", len(tail)
            if first == 1 and lines and lines[0].startswith(BOM):
                lines[0] = lines[0][len(BOM) :]
            position = raw.tell()
            yield Block(name, first, lines, position - told)
            first, told = first + len(lines), position


def _read(read: Callable[[int], bytes], size: int, place: Place, fault: Callable[[Fault, Place], None]) -> bytes:
    try:
        return read(size)
    except BROKEN_STREAM as error:
        fault(Fault("broken_file", "", f"the file breaks off after this line: {error}"), place)
        return b""


def _too_long(size: int) -> str:
    return f"the line has {size:,} bytes; {LONGEST_LINE:,} are the most"


def size_of(inputs: tuple[str, ...]) -> int:
    """Bytes of the files, as far as they are files."""
    return sum(Path(name).stat().st_size for name in inputs if Path(name).is_file())
