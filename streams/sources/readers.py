"""Decides what a row is in a CSV, a JSON-lines and an XES file, in constant memory; or which fault it is."""

from __future__ import annotations

import csv
import gzip
import io
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, TypeAlias

import msgspec

from streams.sources.faults import Fault
from streams.sources.xes import rows_of_xes

LONGEST_LINE = 4_000_000
"""Bytes: a reader that takes lines of any length can be made to take all memory."""

Row: TypeAlias = dict[str, Any]
Read: TypeAlias = tuple[int, Row | Fault, bytes]
"""(first line, the row or what is wrong with it, bytes for its hash)"""

BROKEN_STREAM = (EOFError, gzip.BadGzipFile, zlib.error)


@contextmanager
def opened(name: str) -> Iterator[BinaryIO]:
    """The bytes of a file, unzipped where they are gzip whatever the name says; `-` is standard input."""
    file: Any = sys.stdin.buffer if name == "-" else open(name, "rb")  # noqa: SIM115
    try:
        if not hasattr(file, "peek"):
            file = io.BufferedReader(file)
        if file.peek(2)[:2] == b"\x1f\x8b":
            yield io.BufferedReader(gzip.GzipFile(fileobj=file), 1 << 16)
        else:
            yield file
    finally:
        if name != "-":
            file.close()


class LineTooLong(Exception):
    """A line beyond LONGEST_LINE; it was skipped up to its end."""

    def __init__(self, size: int) -> None:
        super().__init__(f"the line has {size:,} bytes; {LONGEST_LINE:,} are the most")


class Lines:
    """The lines of a stream, numbered; an overlong one raises LineTooLong and the next call goes on."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.number = 0

    def __iter__(self) -> Lines:
        return self

    def __next__(self) -> bytes:
        line = self._stream.readline(LONGEST_LINE)
        if not line:
            raise StopIteration
        self.number += 1
        if len(line) == LONGEST_LINE and not line.endswith(b"\n"):
            size = len(line)
            while rest := self._stream.readline(LONGEST_LINE):
                size += len(rest)
                if rest.endswith(b"\n"):
                    break
            raise LineTooLong(size)
        return line


class TextLines:
    """Decoded lines for the CSV parser; bytes not of the encoding stay visible as lone surrogates."""

    def __init__(self, lines: Lines, encoding: str) -> None:
        self._lines, self._encoding = lines, encoding

    def __iter__(self) -> TextLines:
        return self

    def __next__(self) -> str:
        line = next(self._lines)
        if self._lines.number == 1 and line.startswith(b"\xef\xbb\xbf"):
            line = line[3:]
        return line.decode(self._encoding, "surrogateescape")


def rows_of_csv(stream: BinaryIO, encoding: str, delimiter: str) -> Iterator[Read]:
    """Rows by the names of the first line. A row with more or fewer fields than the header is a fault."""
    header: list[str] | None = None
    for line, fields in _fields_of_csv(stream, encoding, delimiter):
        if isinstance(fields, Fault):
            yield line, fields, b""
        elif not fields:
            continue
        elif header is None:
            header = [name.strip() for name in fields]
            for name in sorted({each for each in header if header.count(each) > 1}):
                yield (
                    line,
                    Fault("duplicate_column", name, "two columns have this name; the last is read"),
                    b"",
                )
        elif len(fields) != len(header):
            detail = f"{len(fields)} fields where the header has {len(header)}"
            raw = "\x1f".join(fields).encode(errors="surrogateescape")
            yield line, Fault("ragged_row", "", detail), raw
        else:
            yield line, dict(zip(header, fields, strict=True)), b""


def _fields_of_csv(stream: BinaryIO, encoding: str, delimiter: str) -> Iterator[tuple[int, list[str] | Fault]]:
    csv.field_size_limit(LONGEST_LINE)
    lines = Lines(stream)
    reader = csv.reader(TextLines(lines, encoding), delimiter=delimiter)
    while True:
        line = lines.number + 1
        try:
            yield line, next(reader)
        except StopIteration:
            return
        except LineTooLong as error:
            yield line, Fault("too_large", "", str(error))
        except csv.Error as error:
            yield line, Fault("not_csv", "", str(error))


def rows_of_json(stream: BinaryIO) -> Iterator[Read]:
    """One JSON object per line; blank lines are no rows."""
    decode: Callable[[bytes], Any] = msgspec.json.Decoder().decode
    for line, text in json_lines(stream):
        if isinstance(text, Fault):
            yield line, text, b""
            continue
        try:
            row = decode(text)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            yield line, Fault("not_json", "$", str(error)), text
            continue
        if isinstance(row, dict):
            yield line, row, text
        else:
            yield line, Fault("not_an_object", "$", "a JSON line must be an object"), text


def json_lines(stream: BinaryIO) -> Iterator[tuple[int, bytes | Fault]]:
    """The lines themselves, for input that is in our own contract already."""
    lines = Lines(stream)
    while True:
        try:
            text = next(lines)
        except StopIteration:
            return
        except LineTooLong as error:
            yield lines.number, Fault("too_large", "$", str(error))
            continue
        if lines.number == 1 and text.startswith(b"\xef\xbb\xbf"):
            text = text[3:]
        text = text.strip()
        if text:
            yield lines.number, text


def rows(stream: BinaryIO, form: str, encoding: str = "utf-8", delimiter: str = ",") -> Iterator[Read]:
    """The rows of a stream; one that breaks off (a cut gzip) ends with a fault that says after which line."""
    made: Iterator[Read]
    match form:
        case "csv":
            made = rows_of_csv(stream, encoding, delimiter)
        case "jsonl":
            made = rows_of_json(stream)
        case _:
            made = rows_of_xes(stream)
    line = 0
    try:
        for line, row, raw in made:
            yield line, row, raw
    except BROKEN_STREAM as error:
        yield line, Fault("broken_file", "", f"the file breaks off after this line: {error}"), b""
