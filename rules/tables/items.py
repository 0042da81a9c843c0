"""Decides what the item catalogue (事项目录) says: the version of an item in force on a day."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from hashlib import blake2b
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from rules.model.spans import Span
from rules.tables.cells import read_date, read_flag, read_span, read_text, read_whole, read_words, rows_of
from rules.tables.faults import ExampleFault, ExampleFaults, Fault, Text, meant


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
    review_limit: Span | None = None
    required_stages: tuple[str, ...] = ()
    stage_limits: dict[str, Span] = {}
    special_procedures: tuple[str, ...] = ()
    has_certificate: bool = False
    max_visits: int | None = None
    online: bool = False
    offices: tuple[str, ...] = ()
    roster: str = ""
    basis: str = ""


def _limits(raw: Any) -> dict[str, Span]:
    if isinstance(raw, Mapping):
        return {read_text(stage): read_span(span) for stage, span in raw.items()}
    found: dict[str, Span] = {}
    for part in read_words(raw):
        stage, sign, span = part.partition("=")
        if not sign or stage.strip() in found:
            raise ValueError(f"`{part}` is not one `stage=5 workdays`")
        found[stage.strip()] = read_span(span)
    return found


READ: dict[str, Callable[[Any], Any]] = {
    "task_code": read_text,
    "effective": read_date,
    "expires": read_date,
    "name_zh": read_text,
    "name_en": read_text,
    "type": read_text,
    "level": read_text,
    "joint": read_flag,
    "legal_limit": read_span,
    "promised_limit": read_span,
    "extension_limit": read_span,
    "review_limit": read_span,
    "required_stages": read_words,
    "stage_limits": _limits,
    "special_procedures": read_words,
    "has_certificate": read_flag,
    "max_visits": read_whole,
    "online": read_flag,
    "offices": read_words,
    "roster": read_text,
    "basis": read_text,
}
"""Every column of the catalogue and how it is read; an empty cell is an absent value."""


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
    return f"`{name}` is not a column of the catalogue{meant(name, READ)}"


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
    rows = rows_of(text, READ, ("task_code", "effective"), unknown_column)
    return [(Item(**values), text, line) for line, values in rows]
