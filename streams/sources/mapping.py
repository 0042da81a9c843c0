"""Decides what a mapping file says: which events each row becomes, or every fault of the file at once."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from msgspec import Struct

from rules.model.events import TYPES
from rules.model.fields import Mark
from rules.model.times import DAY, HOUR, MINUTE, SECOND, zone_of
from streams.sources.conditions import Condition, read_condition
from streams.sources.located import Document, MappingErrors, Section, suggestion
from streams.sources.values import FILE_NAME, ROW_NUMBER, Template, Value, parse_template

FORMATS = ("csv", "jsonl", "xes")
ENCODINGS = ("utf-8", "gb18030", "latin-1")
ORDERS = ("file", "time")
PRECISIONS = ("second", "day")
SPAN = re.compile(r"(\d+)\s*(s|m|h|d|days?)")
UNITS = {"s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY}
DEFAULT_LATENESS = 15 * MINUTE


class Emission(Struct, frozen=True, kw_only=True):
    """One event that a row may become."""

    type: str
    id: Template
    time: Template
    subject: Template
    whole_day: bool
    once: bool
    when: tuple[Condition, ...]
    data: dict[str, Value]
    recordedat: Template | None = None
    receivedat: Template | None = None
    operation: Value | None = None


class Mapping(Struct, frozen=True, kw_only=True):
    """A source as its mapping declares it. `lateness` in microseconds; `book` is the folder of its rules."""

    path: Path
    source: str
    zone: str
    format: str
    encoding: str
    delimiter: str
    order: str
    lateness: int
    book: Path | None
    personal: frozenset[str]
    ignored: frozenset[str]
    tables: dict[str, dict[str, Any]]
    blank: dict[str, frozenset[str]]
    skip: tuple[Condition, ...]
    events: tuple[Emission, ...]

    @property
    def columns(self) -> frozenset[str]:
        """Every column that the mapping reads."""
        found = {condition.column for condition in self.skip}
        for event in self.events:
            found |= {condition.column for condition in event.when}
            for template in (event.id, event.time, event.subject, event.recordedat, event.receivedat):
                found.update(template.columns if template else ())
            for value in (*event.data.values(), *((event.operation,) if event.operation else ())):
                found.update(value.template.columns)
        return frozenset(found - {ROW_NUMBER, FILE_NAME})


def load_mapping(path: Path) -> Mapping:
    """The mapping of a file. Raises MappingErrors with every fault, OSError where it cannot be read."""
    text = path.read_text(encoding="utf-8")
    document = Document(path, text)
    mapping = _Loader(Section(document, document.root(text)), path).mapping()
    if document.errors or mapping is None:
        raise MappingErrors(document.errors)
    return mapping


class _Loader:
    def __init__(self, top: Section, path: Path) -> None:
        self.top, self.path = top, path
        self.tables: dict[str, dict[str, Any]] = {}
        self.personal: frozenset[str] = frozenset()

    def mapping(self) -> Mapping:
        top = self.top
        self.tables = self._tables()
        self.personal = frozenset(top.texts("personal"))
        book = top.text("book", "")
        made = Mapping(
            path=self.path,
            source=top.text("source"),
            zone=self._zone(),
            format=top.choice("format", FORMATS),
            encoding=top.choice("encoding", ENCODINGS, "utf-8"),
            delimiter=self._delimiter(),
            order=top.choice("order", ORDERS, "file"),
            lateness=self._lateness(),
            book=(self.path.parent / book).resolve() if book else None,
            personal=self.personal,
            ignored=frozenset(top.texts("ignore")),
            tables=self.tables,
            blank=self._blank(),
            skip=self._conditions(top, "skip"),
            events=self._events(),
        )
        top.finish()
        return made

    def _zone(self) -> str:
        name = self.top.text("zone")
        try:
            zone_of(name)
        except ValueError:
            if name:
                self.top.at_value(
                    "zone", "unknown-zone", f"`{name}` is not a time zone", "an IANA name, as Asia/Shanghai"
                )
        return name

    def _delimiter(self) -> str:
        delimiter = self.top.text("delimiter", ",")
        if len(delimiter) != 1:
            self.top.at_value("delimiter", "not-a-character", "`delimiter` must be one character")
        return delimiter

    def _lateness(self) -> int:
        text = self.top.text("lateness", "")
        if not text:
            return DEFAULT_LATENESS
        found = SPAN.fullmatch(text)
        if found is None:
            self.top.at_value("lateness", "not-a-duration", f"`{text}` is not a duration", "as 15m, 24h, 3 days")
            return DEFAULT_LATENESS
        return int(found[1]) * UNITS[found[2][0]]

    def _tables(self) -> dict[str, dict[str, Any]]:
        section = self.top.section("tables")
        tables: dict[str, dict[str, Any]] = {}
        for name in section.names() if section else ():
            table = section.section(name) if section else None
            if table is not None:
                tables[name] = {key: table.node[raw] for key, raw in zip(table.names(), table.node, strict=True)}
        return tables

    def _blank(self) -> dict[str, frozenset[str]]:
        section = self.top.section("blank")
        return {column: frozenset(section.texts(column)) for column in section.names()} if section else {}

    def _events(self) -> tuple[Emission, ...]:
        shared = self.top.section("data")
        sections = self.top.sections("events")
        if not sections:
            self.top.at_top("no-events", "`events` must list at least one event")
        subject = self.top.text("subject", "")
        made = tuple(self._emission(section, shared, subject) for section in sections)
        if shared is not None:
            self._check_shared(shared, [event.type for event in made])
        return made

    def _emission(self, section: Section, shared: Section | None, subject: str) -> Emission:
        kind = section.choice("type", TYPES)
        fields = TYPES[kind].fields if kind in TYPES else {}
        own_subject = section.text("subject", subject)
        if not own_subject:
            section.at_top("missing-key", "`subject` is required, here or for the whole mapping")
        data = self._data(shared, {}, fields) if shared is not None else {}
        own = section.section("data")
        if own is not None:
            self._check_fields(own, kind, fields)
            data = self._data(own, data, fields)
        made = Emission(
            type=kind,
            id=self._template(section, "id"),
            time=self._template(section, "time"),
            subject=self._parsed(section, "subject", own_subject)
            if section.node.get("subject")
            else self._parsed(self.top, "subject", own_subject),
            whole_day=section.choice("precision", PRECISIONS, "second") == "day",
            once=section.flag("once"),
            when=self._conditions(section, "when"),
            data=data,
            recordedat=self._optional(section, "recordedat"),
            receivedat=self._optional(section, "receivedat"),
            operation=self._value(section, "operation") if section.take("operation") is not None else None,
        )
        section.finish()
        return made

    def _data(self, section: Section, known: dict[str, Value], fields: dict[str, Mark]) -> dict[str, Value]:
        data = dict(known)
        for name in section.names():
            if name not in fields:
                continue
            value = self._value(section, name)
            if value is not None:
                data[name] = value
                self._check_personal(section, name, value, fields[name])
        return data

    def _check_personal(self, section: Section, name: str, value: Value, mark: Mark) -> None:
        clear = [column for column in value.template.columns if column not in self.personal]
        if mark.personal and mark.kind in ("string", "strings") and clear:
            message = f"`{name}` is personal: list its column `{clear[0]}` under `personal`, so that it is hashed"
            if not any(message in error for error in section.document.errors):
                section.at_key(name, "clear-personal-column", message)

    def _check_fields(self, section: Section, kind: str, fields: dict[str, Mark]) -> None:
        for name in section.names():
            if fields and name not in fields:
                section.at_key(name, "unknown-field", f"`{name}` is not a field of {kind}", suggestion(name, fields))

    def _check_shared(self, shared: Section, kinds: list[str]) -> None:
        known = {field for kind in kinds if kind in TYPES for field in TYPES[kind].fields}
        for name in shared.names():
            if known and name not in known:
                shared.at_key(
                    name,
                    "unknown-field",
                    f"`{name}` is a field of none of the events",
                    suggestion(name, known),
                )

    def _template(self, section: Section, key: str) -> Template:
        return self._parsed(section, key, section.text(key))

    def _optional(self, section: Section, key: str) -> Template | None:
        owner = section if section.take(key) is not None else self.top
        text = owner.text(key, "")
        return self._parsed(owner, key, text) if text else None

    def _parsed(self, section: Section, key: str, text: str) -> Template:
        try:
            return parse_template(text)
        except ValueError as error:
            section.at_value(key, "template", str(error))
            return Template(text, (text,))

    def _value(self, section: Section, key: str) -> Value | None:
        if not isinstance(section.node[key], dict):
            return Value(self._template(section, key))
        inner = section.section(key)
        assert inner is not None
        text = inner.text("from")
        table = inner.text("table", "")
        if table and table not in self.tables:
            inner.at_value("table", "unknown-table", f"there is no table `{table}`", suggestion(table, self.tables))
        otherwise, separator = inner.take("else"), inner.text("separator", ";")
        inner.finish()
        return Value(self._parsed(inner, "from", text), table if table in self.tables else "", otherwise, separator)

    def _conditions(self, section: Section, key: str) -> tuple[Condition, ...]:
        inner = section.section(key)
        if inner is None:
            return ()
        return tuple(read_condition(inner, column) for column in inner.names())
