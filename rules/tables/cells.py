"""Decides how a cell of a declared table in CSV is read: texts, dates, flags, numbers, lists, lengths of time."""

from __future__ import annotations

import csv
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import date
from math import isfinite
from typing import Any

from rules.model.spans import Span, parse_span
from rules.tables.faults import Text, meant

Read = Callable[[Any], Any]


def read_text(raw: Any) -> str:
    if isinstance(raw, str):
        return raw.strip()
    raise ValueError(f"`{raw}` is not a text")


def read_date(raw: Any) -> date:
    if isinstance(raw, date):
        return raw
    try:
        if len(read_text(raw)) == 10:
            return date.fromisoformat(read_text(raw))
    except ValueError:
        pass
    raise ValueError(f"`{raw}` is not a date (YYYY-MM-DD)")


def read_flag(raw: Any) -> bool:
    if isinstance(raw, bool):
        return raw
    if raw not in ("true", "false"):
        raise ValueError(f"`{raw}` is neither true nor false")
    return bool(raw == "true")


def read_whole(raw: Any) -> int:
    if isinstance(raw, bool) or not str(raw).strip().isdigit():
        raise ValueError(f"`{raw}` is not a whole number")
    return int(raw)


def read_number(raw: Any) -> float:
    try:
        found = float("nan") if isinstance(raw, bool) else float(raw)
    except (TypeError, ValueError):
        found = float("nan")
    if not isfinite(found):
        raise ValueError(f"`{raw}` is not a number")
    return found


def read_words(raw: Any) -> tuple[str, ...]:
    parts = raw if isinstance(raw, list | tuple) else read_text(raw).split(";")
    found = tuple(read_text(part) for part in parts)
    if "" in found or len(set(found)) < len(found):
        raise ValueError(f"`{raw}` has an empty or a repeated part")
    return found


def read_span(raw: Any) -> Span:
    span = parse_span(read_text(raw))
    if span.amount == 0:
        raise ValueError(f"`{raw}`: leave a limit of nothing out")
    return span


def read_one_of(words: Collection[str]) -> Read:
    """How a cell is read that holds one of these words."""

    def read(raw: Any) -> str:
        if raw in words:
            return str(raw)
        raise ValueError(f"`{raw}` is none of {', '.join(words)}{meant(raw, words)}")

    return read


def cells(line: str) -> list[tuple[str, int]]:
    """The cells of one CSV line, each with the column at which it begins, from 1."""
    starts, quoted = [1], False
    for position, letter in enumerate(line):
        if letter == '"':
            quoted = not quoted
        elif letter == "," and not quoted:
            starts.append(position + 2)
    read = next(csv.reader([line]), [])
    return list(zip(read, starts, strict=False))


def rows_of(
    text: Text, read: Mapping[str, Read], required: Collection[str], unknown: Callable[[str], str]
) -> Iterator[tuple[int, dict[str, Any]]]:
    """The rows of a CSV table with their line; faults at their cells, and what has one is left out.

    `read` says for every column how its cells are read; an empty cell is an absent value. `unknown` says what is
    wrong with a column that is not among them.
    """
    columns = _header(text, read, required, unknown)
    for line, written in enumerate(text.lines[1:], 2):
        if written.strip() and not written.startswith("#"):
            values = _row(text, line, columns, read, required)
            if values is not None:
                yield line, values


def _header(
    text: Text, read: Mapping[str, Read], required: Collection[str], unknown: Callable[[str], str]
) -> list[str]:
    if not text.lines:
        text.fault(1, 1, "empty-file", "a table begins with its column names")
        return []
    columns = [name.strip() for name, _ in cells(text.lines[0])]
    for name, col in cells(text.lines[0]):
        if name.strip() not in read:
            text.fault(1, col, "unknown-column", unknown(name.strip()))
        elif columns.count(name.strip()) > 1:
            text.fault(1, col, "repeated-column", f"`{name.strip()}` stands more than once")
    for name in required:
        if name not in columns:
            text.fault(1, 1, "missing-column", f"the column `{name}` is required")
    return columns


def _row(
    text: Text, line: int, columns: list[str], read: Mapping[str, Read], required: Collection[str]
) -> dict[str, Any] | None:
    found = cells(text.lines[line - 1])
    if len(found) != len(columns):
        text.fault(line, 1, "ragged-row", f"{len(found)} cells under {len(columns)} columns")
        return None
    values: dict[str, Any] = {}
    for name, (cell, col) in zip(columns, found, strict=True):
        if cell.strip() and name in read:
            try:
                values[name] = read[name](cell)
            except ValueError as error:
                text.fault(line, col, "bad-value", f"{name}: {error}")
    for name in required:
        if name not in values:
            if name in columns and not found[columns.index(name)][0].strip():
                text.fault(line, found[columns.index(name)][1], "missing-value", f"`{name}` is empty")
            return None
    return values
