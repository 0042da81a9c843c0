"""Decides what the item catalogue (事项目录) says: the version of an item in force on a day."""

from __future__ import annotations

import csv
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from difflib import get_close_matches
from hashlib import blake2b
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from rules.model.spans import Span, parse_span
from rules.tables.faults import Fault, Text


class Item(Struct, frozen=True, kw_only=True):
    """One version of an item. An absent limit is None: no clock; `expires` is the last day in force."""

    task_code: str
    effective: date = date.min
    expires: date | None = None
    name_zh: str = ""
    name_en: str = ""
    type: str = ""
    level: str = ""
    joint: bool = False
    legal_limit: Span | None = None
    promised_limit: Span | None = None
    extension_limit: Span | None = None
    required_stages: tuple[str, ...] = ()
    stage_limits: dict[str, Span] = {}
    special_procedures: tuple[str, ...] = ()
    has_certificate: bool = False
    max_visits: int | None = None
    online: bool = False
    offices: tuple[str, ...] = ()
    basis: str = ""


def _text(raw: Any) -> str:
    if isinstance(raw, str):
        return raw.strip()
    raise ValueError(f"`{raw}` is not a text")


def _date(raw: Any) -> date:
    if isinstance(raw, date):
        return raw
    try:
        if len(_text(raw)) == 10:
            return date.fromisoformat(_text(raw))
    except ValueError:
        pass
    raise ValueError(f"`{raw}` is not a date (YYYY-MM-DD)")


def _flag(raw: Any) -> bool:
    if isinstance(raw, bool):
        return raw
    if raw not in ("true", "false"):
        raise ValueError(f"`{raw}` is neither true nor false")
    return bool(raw == "true")


def _whole(raw: Any) -> int:
    if isinstance(raw, bool) or not str(raw).strip().isdigit():
        raise ValueError(f"`{raw}` is not a whole number")
    return int(raw)


def _words(raw: Any) -> tuple[str, ...]:
    parts = raw if isinstance(raw, list | tuple) else _text(raw).split(";")
    found = tuple(_text(part) for part in parts)
    if "" in found or len(set(found)) < len(found):
        raise ValueError(f"`{raw}` has an empty or a repeated part")
    return found


def _limit(raw: Any) -> Span:
    span = parse_span(_text(raw))
    if span.amount == 0:
        raise ValueError(f"`{raw}`: leave a limit of nothing out")
    return span


def _limits(raw: Any) -> dict[str, Span]:
    if isinstance(raw, Mapping):
        return {_text(stage): _limit(span) for stage, span in raw.items()}
    found: dict[str, Span] = {}
    for part in _words(raw):
        stage, sign, span = part.partition("=")
        if not sign or stage.strip() in found:
            raise ValueError(f"`{part}` is not one `stage=5 workdays`")
        found[stage.strip()] = _limit(span)
    return found


READ: dict[str, Callable[[Any], Any]] = {
    "task_code": _text,
    "effective": _date,
    "expires": _date,
    "name_zh": _text,
    "name_en": _text,
    "type": _text,
    "level": _text,
    "joint": _flag,
    "legal_limit": _limit,
    "promised_limit": _limit,
    "extension_limit": _limit,
    "required_stages": _words,
    "stage_limits": _limits,
    "special_procedures": _words,
    "has_certificate": _flag,
    "max_visits": _whole,
    "online": _flag,
    "offices": _words,
    "basis": _text,
}
"""Every column of the catalogue and how it is read; an empty cell is an absent value."""


class ExampleFault(ValueError):
    """A wrong value in the `items` of an example; `path` says where: (task code,) or (task code, field)."""

    def __init__(self, path: tuple[str, ...], code: str, message: str) -> None:
        super().__init__(message)
        self.path, self.code, self.message = path, code, message


class ExampleFaults(ValueError):
    """All wrong values in the `items` of one example."""

    def __init__(self, errors: list[ExampleFault]) -> None:
        super().__init__("; ".join(f"{'.'.join(error.path)}: {error}" for error in errors))
        self.errors = errors


class Items:
    """The catalogue: versions by task code. Frozen."""

    __slots__ = ("_days", "_versions", "hash")

    def __init__(self, versions: Iterable[Item]) -> None:
        self._versions: dict[str, tuple[Item, ...]] = {}
        for item in sorted(versions, key=lambda each: (each.task_code, each.effective)):
            self._versions[item.task_code] = (*self._versions.get(item.task_code, ()), item)
        self._days = {code: [each.effective for each in found] for code, found in self._versions.items()}
        self.hash = blake2b(msgspec.msgpack.encode(self._versions, order="sorted"), digest_size=16).hexdigest()

    def __iter__(self) -> Iterator[Item]:
        return (item for found in self._versions.values() for item in found)

    def lookup(self, task_code: str, on: date) -> Item | None:
        """The version in force on that day; None for an unknown item and on a day that no version covers."""
        days = self._days.get(task_code)
        if days is None:
            return None
        position = bisect_right(days, on)
        if position == 0:
            return None
        found = self._versions[task_code][position - 1]
        return None if found.expires is not None and found.expires < on else found

    def with_examples(self, mapping: Mapping[str, Mapping[str, Any]]) -> Items:
        """The catalogue with an example's items in place of those codes, on all days; or ExampleFaults."""
        errors: list[ExampleFault] = []
        made = [_example(str(code), fields, errors) for code, fields in mapping.items()]
        if errors:
            raise ExampleFaults(errors)
        return Items([*(each for each in self if each.task_code not in mapping), *made])


def _example(code: str, fields: object, errors: list[ExampleFault]) -> Item:
    values: dict[str, Any] = {"task_code": code}
    if not isinstance(fields, Mapping):
        errors.append(ExampleFault((code,), "not-an-item", "an item is a mapping of catalogue columns"))
        return Item(task_code=code)
    for field, raw in fields.items():
        if field not in READ:
            errors.append(ExampleFault((code, str(field)), "unknown-column", unknown_column(str(field))))
        elif raw is not None:
            try:
                values[field] = READ[field](raw)
            except ValueError as error:
                errors.append(ExampleFault((code, field), "bad-value", str(error)))
    return Item(**values)


def unknown_column(name: str) -> str:
    near = get_close_matches(name, READ, n=1)
    return f"`{name}` is not a column of the catalogue" + (f"; did you mean `{near[0]}`?" if near else "")


def load_items(directory: Path, faults: list[Fault]) -> Items:
    """Every `*.csv` of the folder → the catalogue; errors are added to `faults`, the rest is still read."""
    rows: list[tuple[Item, Text, int]] = []
    for path in sorted(directory.glob("*.csv")):
        rows.extend(_file(Text(path, faults)))
    rows.sort(key=lambda row: (row[0].task_code, row[0].effective))
    for (before, _, line), (after, text, at) in pairwise(rows):
        if before.task_code != after.task_code:
            continue
        if before.effective == after.effective:
            text.fault(
                at,
                1,
                "duplicate-version",
                f"`{after.task_code}` from {after.effective} stands in line {line} too",
            )
        elif before.expires is not None and before.expires >= after.effective:
            text.fault(at, 1, "overlapping-version", f"the version of line {line} is in force until {before.expires}")
    return Items(item for item, _, _ in rows)


def _file(text: Text) -> list[tuple[Item, Text, int]]:
    columns = _header(text)
    found: list[tuple[Item, Text, int]] = []
    for line, written in enumerate(text.lines[1:], 2):
        if written.strip() and not written.startswith("#"):
            item = _row(text, line, columns)
            if item is not None:
                found.append((item, text, line))
    return found


def _header(text: Text) -> list[str]:
    if not text.lines:
        text.fault(1, 1, "empty-file", "a catalogue begins with its column names")
        return []
    columns = [name.strip() for name, _ in cells(text.lines[0])]
    for name, col in cells(text.lines[0]):
        if name.strip() not in READ:
            text.fault(1, col, "unknown-column", unknown_column(name.strip()))
        elif columns.count(name.strip()) > 1:
            text.fault(1, col, "repeated-column", f"`{name.strip()}` stands more than once")
    for name in ("task_code", "effective"):
        if name not in columns:
            text.fault(1, 1, "missing-column", f"the column `{name}` is required")
    return columns


def _row(text: Text, line: int, columns: list[str]) -> Item | None:
    found = cells(text.lines[line - 1])
    if len(found) != len(columns):
        text.fault(line, 1, "ragged-row", f"{len(found)} cells under {len(columns)} columns")
        return None
    values: dict[str, Any] = {}
    for name, (cell, col) in zip(columns, found, strict=True):
        if cell.strip() and name in READ:
            try:
                values[name] = READ[name](cell)
            except ValueError as error:
                text.fault(line, col, "bad-value", f"{name}: {error}")
    for name in ("task_code", "effective"):
        if name not in values:
            if name in columns and not found[columns.index(name)][0].strip():
                text.fault(line, found[columns.index(name)][1], "missing-value", f"`{name}` is empty")
            return None
    return Item(**values)


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
