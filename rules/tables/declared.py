"""Decides which facts are declared beside events (officers, quotas, standards): tables by key, dated, by region.

A table is two files of a folder: `<table>.yaml` says its columns, `<table>.csv` has its rows.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from hashlib import blake2b
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct
from ruamel.yaml.comments import CommentedMap

from rules.tables.cells import Read, read_date, read_flag, read_number, read_span, read_text, read_words, rows_of
from rules.tables.faults import ExampleFault, ExampleFaults, Fault, Text, meant
from rules.tables.regions import prefix_of

TYPES: dict[str, tuple[str, Read]] = {
    "text": ("string", read_text), "number": ("number", read_number), "flag": ("bool", read_flag),
    "date": ("moment", read_date), "duration": ("span", read_span), "words": ("strings", read_words),
}  # fmt: skip
"""What a column may be: the kind that expressions see, and how a cell is read."""
NAME = re.compile(r"[a-z][a-z0-9_]*\Z")
KEYS = ("name", "basis", "key", "from", "until", "region", "value", "columns")
NAMING = ("key", "from", "until", "region", "value")
"""The words of a schema that name one of its columns."""


class Row(Struct, frozen=True):
    """One declared fact, in force from `since` to the end of `until`; `region` is the prefix under which it holds."""

    values: dict[str, Any]
    since: date = date.min
    until: date = date.max
    region: str = ""

    def holds(self, on: date, region: str) -> bool:
        return self.since <= on <= self.until and _lies_under(region, self.region)


class Table(Struct, frozen=True, kw_only=True):
    """One table. `key` is the column it is asked by; `value`, where there is one, the column that is the answer."""

    name: str
    columns: dict[str, str] = {}
    key: str = ""
    begins: str = ""
    ends: str = ""
    region: str = ""
    value: str = ""
    rows: dict[str, tuple[Row, ...]] = {}

    def row(self, key: str, on: date, region: str) -> Mapping[str, Any] | None:
        """What is declared for a key on a day in a region; of several regions the narrowest speaks."""
        found = [row for row in self.rows.get(key, ()) if row.holds(on, region)]
        return max(found, key=lambda row: len(row.region)).values if found else None

    def kinds(self) -> dict[str, str]:
        """The kind of every column, as expressions see it."""
        return {name: TYPES[type_][0] for name, type_ in self.columns.items()}

    def made(self, values: dict[str, Any]) -> Row:
        region = prefix_of(values.get(self.region, "")) if self.region else ""
        return Row(values, values.get(self.begins, date.min), values.get(self.ends, date.max), region)


class Declared:
    """Every declared table, by name. Frozen."""

    __slots__ = ("_tables", "hash")

    def __init__(self, tables: Mapping[str, Table] | None = None) -> None:
        self._tables = dict(tables or {})
        self.hash = blake2b(msgspec.msgpack.encode(self._tables, order="sorted"), digest_size=16).hexdigest()

    def __iter__(self) -> Iterator[Table]:
        return iter(self._tables.values())

    def row(self, table: str, key: str, on: date, region: str) -> Mapping[str, Any] | None:
        """What is declared in a table for a key on a day in a region; None where nothing is."""
        found = self._tables.get(table)
        return found.row(key, on, region) if found is not None else None

    def says_something(self, table: str) -> bool:
        """Whether anything at all is declared in a table."""
        return table in self._tables and bool(self._tables[table].rows)

    def with_examples(self, mapping: Mapping[str, Any]) -> Declared:
        """These tables with the rows of an example in place of all rows of a table; or ExampleFaults."""
        errors: list[ExampleFault] = []
        made = dict(self._tables)
        for name, rows in mapping.items():
            if name not in made:
                hint = meant(str(name), made)
                errors.append(ExampleFault((name,), "unknown-table", f"there is no declared table `{name}`{hint}"))
            elif not isinstance(rows, Mapping):
                errors.append(ExampleFault((name,), "not-a-table", f"`{name}` maps a {made[name].key} to what it is"))
            else:
                table = made[name]
                kept = {str(key): _examples(table, str(key), said, errors) for key, said in rows.items()}
                made[name] = msgspec.structs.replace(table, rows=kept)
        if errors:
            raise ExampleFaults(errors)
        return Declared(made)


def _examples(table: Table, key: str, said: Any, errors: list[ExampleFault]) -> tuple[Row, ...]:
    """The rows of one key: one value, one mapping of columns, or a list of such mappings."""
    rows: list[Row] = []
    several = isinstance(said, list) and (not said or isinstance(said[0], Mapping))
    for position, each in enumerate(said if several else [said]):
        place = (table.name, key, str(position)) if several else (table.name, key)
        fields = each if isinstance(each, Mapping) else {table.value: each}
        values: dict[str, Any] = {table.key: key}
        for column, raw in fields.items():
            if column not in table.columns:
                message = f"`{table.name}` has no column `{column}`{meant(str(column), table.columns)}"
                errors.append(ExampleFault((*place, str(column)), "unknown-column", message))
            elif raw is not None:
                try:
                    values[column] = TYPES[table.columns[column]][1](raw)
                except ValueError as error:
                    errors.append(ExampleFault((*place, column), "bad-value", str(error)))
        rows.append(table.made(values))
    return tuple(rows)


def _lies_under(region: str, prefix: str) -> bool:
    return region.startswith(prefix) if prefix.isdigit() else prefix in ("", region)


def load_declared(directory: Path, faults: list[Fault]) -> Declared:
    """Every table of the folder; errors are added to `faults`, the rest is still read."""
    schemas = {path.stem: Text(path, faults) for path in sorted(directory.glob("*.yaml"))}
    for path in sorted(directory.glob("*.csv")):
        if path.stem not in schemas:
            message = f"`{path.stem}.yaml` is to say the columns of this table"
            faults.append(Fault(str(path), 1, 1, "no-schema", message))
    tables = {name: _table(name, text, directory / f"{name}.csv", faults) for name, text in schemas.items()}
    return Declared({name: table for name, table in tables.items() if table is not None})


def _table(name: str, text: Text, rows: Path, faults: list[Fault]) -> Table | None:
    raw = text.mapping(f"the schema of a table is {{{', '.join(KEYS)}}}")
    if raw is None or not _is_a_schema(name, text, raw):
        return None
    named = {word: str(raw.get(word) or "") for word in NAMING}
    columns = {str(column): str(type_) for column, type_ in raw["columns"].items()}
    table = Table(
        name=name, columns=columns, key=named["key"], begins=named["from"], ends=named["until"],
        region=named["region"], value=named["value"],
    )  # fmt: skip
    return _filled(table, Text(rows, faults)) if rows.exists() else table


def _is_a_schema(name: str, text: Text, raw: CommentedMap) -> bool:
    before = len(text.faults)
    if not NAME.match(name):
        text.fault(1, 1, "not-a-name", f"`{name}`: a table is named in small letters, digits and `_`")
    for key in raw:
        if key not in KEYS:
            _fault(text, raw, key, "unknown-key", f"`{key}` is not known here{meant(str(key), dict.fromkeys(KEYS))}")
    columns = raw.get("columns")
    if not isinstance(columns, CommentedMap) or not columns or not raw.get("key"):
        text.fault(1, 1, "missing-key", "a table says its `columns`, and which of them is the `key`")
        return False
    for column, type_ in columns.items():
        if not NAME.match(str(column)):
            _fault(text, columns, column, "not-a-name", f"`{column}`: small letters, digits and `_`")
        if type_ not in TYPES:
            told = f"`{type_}` is none of {', '.join(TYPES)}"
            _fault(text, columns, column, "unknown-word", told + meant(str(type_), TYPES), at_value=True)
    wanted = {"key": "text", "from": "date", "until": "date", "region": "text"}
    for word in NAMING:
        column = raw.get(word)
        if column is not None and column not in columns:
            told = f"there is no column `{column}`{meant(str(column), columns)}"
            _fault(text, raw, word, "unknown-column", told, at_value=True)
        elif column is not None and columns[column] != wanted.get(word, columns[column]):
            _fault(text, raw, word, "type", f"`{word}` is a column of type {wanted[word]}", at_value=True)
    return len(text.faults) == before


def _fault(text: Text, within: CommentedMap, key: Any, code: str, message: str, at_value: bool = False) -> None:
    line, col = within.lc.value(key) if at_value else within.lc.key(key)
    text.fault(line + 1, col + 1, code, message)


def _filled(table: Table, text: Text) -> Table:
    """The table with its rows; two that speak of one key, region and day are a fault."""
    read = {column: TYPES[type_][1] for column, type_ in table.columns.items()}
    required = [column for column in (table.key, table.value) if column]
    rows: dict[str, list[tuple[Row, int]]] = {}
    for line, values in rows_of(text, read, required, lambda name: _unknown(table, name)):
        row = table.made(values)
        if row.until < row.since:
            text.fault(line, 1, "bad-value", f"in force until {row.until}, before it begins on {row.since}")
        others = rows.setdefault(values[table.key], [])
        for other, at in others:
            if other.region == row.region and other.since <= row.until and row.since <= other.until:
                text.fault(
                    line, 1, "overlapping-rows", f"`{values[table.key]}` is declared by line {at} for days of it"
                )
        others.append((row, line))
    return msgspec.structs.replace(table, rows={key: tuple(row for row, _ in found) for key, found in rows.items()})


def _unknown(table: Table, name: str) -> str:
    return f"`{name}` is not a column of `{table.name}.yaml`{meant(name, table.columns)}"
