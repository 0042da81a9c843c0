"""Decides how a value of an event is read from a row: a template of columns, hashed where personal, typed."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from msgspec import Struct

from streams.sources.faults import RowFault, shown
from streams.sources.readers import Row
from streams.sources.written_times import LocalTimes

Getter: TypeAlias = Callable[[Row], Any]
"""Row → value, or None where the row says nothing. Raises RowFault."""

PLACEHOLDER = re.compile(r"\{\{|\}\}|\{([^{}]+)\}|[{}]")
ROW_NUMBER, FILE_NAME = "@row", "@file"
YES = frozenset({"true", "t", "yes", "y", "1", "是"})
NO = frozenset({"false", "f", "no", "n", "0", "否"})


class Template(Struct, frozen=True):
    """A text with columns in braces. `parts` alternate: literal, column, literal, …, literal."""

    text: str
    parts: tuple[str, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        return self.parts[1::2]


def parse_template(text: str) -> Template:
    """`{case}:closed` → its parts; `{{` is a brace. Raises ValueError for a brace that stands alone."""
    parts, literal, last = [], "", 0
    for match in PLACEHOLDER.finditer(text):
        literal += text[last : match.start()]
        last = match.end()
        found = match.group()
        if match[1] is not None:
            parts += [literal, match[1].strip()]
            literal = ""
        elif found in ("{{", "}}"):
            literal += found[0]
        else:
            raise ValueError(f"the brace at character {match.start() + 1} stands alone (write {found * 2} for a brace)")
    parts.append(literal + text[last:])
    return Template(text, tuple(parts))


class Value(Struct, frozen=True):
    """How a field is read: a template, perhaps a code table with its default, the separator of a list."""

    template: Template
    table: str = ""
    otherwise: Any = None
    separator: str = ";"


class Columns:
    """Compiles values for the rows of one source: nested JSON by dotted names, personal columns hashed."""

    def __init__(
        self,
        nested: bool,
        personal: frozenset[str],
        hashed: Callable[[str], str],
        times: LocalTimes,
        tables: Mapping[str, Mapping[str, Any]],
        blank: Mapping[str, frozenset[str]],
    ) -> None:
        self.nested, self.personal, self.hashed, self.times, self.tables = (
            nested,
            personal,
            hashed,
            times,
            tables,
        )
        self.blank = blank

    def raw(self, column: str) -> Getter:
        """The cell as the reader gave it; an empty text and a word that is declared blank are nothing."""
        found, blank = self._raw(column), self.blank.get(column)
        if blank is None:
            return found

        def filled(row: Row) -> Any:
            value = found(row)
            return None if value is None or as_text(value, column).strip() in blank else value

        return filled

    def _raw(self, column: str) -> Getter:
        if not self.nested or "." not in column:

            def flat(row: Row) -> Any:
                value = row.get(column)
                return None if value == "" else value

            return flat
        path = column.split(".")

        def deep(row: Row) -> Any:
            value: Any = row
            for step in path:
                if not isinstance(value, dict):
                    return None
                value = value.get(step)
            return None if value == "" else value

        return deep

    def cell(self, column: str) -> Getter:
        """The cell as text, hashed where the column is personal."""
        hashed = self.hashed
        flat = column not in self.blank and not (self.nested and "." in column)
        text = _flat_text(column) if flat else _text_of(self.raw(column), column)
        if column not in self.personal:
            return text

        def hidden(row: Row) -> str | None:
            value = text(row)
            return None if value is None else hashed(value)

        return hidden

    def text(self, template: Template) -> Getter:
        """The text of a template; None where it has columns and all of them are empty."""
        parts = template.parts
        if len(parts) == 1:
            constant = parts[0]
            return lambda row: constant
        if len(parts) == 3 and not parts[0] and not parts[2]:
            return self.cell(parts[1])
        cells = [self.cell(column) for column in template.columns]
        literals = parts[0::2]

        def joined(row: Row) -> str | None:
            values = [cell(row) for cell in cells]
            if not any(values):
                return None
            return literals[0] + "".join([(v or "") + rest for v, rest in zip(values, literals[1:], strict=True)])

        return joined

    def required(self, template: Template, what: str) -> Getter:
        """The text of a template whose columns must all be there: an id or a subject."""
        cells = [(column, self.cell(column)) for column in template.columns]
        literals = template.parts[0::2]
        if len(cells) == 1 and literals == ("", ""):
            ((only, alone),) = cells

            def single(row: Row) -> str:
                value: str | None = alone(row)
                if value is None:
                    raise _missing(what, only)
                return value.strip()

            return single

        def joined(row: Row) -> str:
            text = literals[0]
            for (column, cell), rest in zip(cells, literals[1:], strict=True):
                value = cell(row)
                if value is None:
                    raise _missing(what, column)
                text += value.strip() + rest
            return text

        return joined

    def value(self, value: Value, kind: str) -> Getter:
        """A value in the type that the contract gives its field (`kind` as in rules.model.fields)."""
        if value.table:
            return self._looked_up(value)
        column = ", ".join(value.template.columns)
        personal = any(name in self.personal for name in value.template.columns)
        text = self.text(value.template)
        if kind == "strings":
            return self._list(value)
        convert = {"number": as_number, "bool": as_flag, "moment": self._moment}.get(kind)
        if convert is None:
            return text

        def converted(row: Row) -> Any:
            found = text(row)
            if found is None:
                return None
            try:
                return convert(found.strip())
            except ValueError:
                raise RowFault(f"not_a_{kind}", column, f"{shown(found, personal)} is not a {kind}") from None

        return converted

    def _moment(self, text: str) -> str:
        return self.times.day(text) if self.times.is_day(text) else self.times.moment(text)

    def _looked_up(self, value: Value) -> Getter:
        text, table, otherwise = self.text(value.template), self.tables[value.table], value.otherwise
        column = ", ".join(value.template.columns)

        def looked_up(row: Row) -> Any:
            code = text(row)
            if code is None:
                return otherwise
            found = table.get(code, otherwise)
            if found is None and code not in table:
                raise RowFault("not_in_table", column, f"{shown(code)} is not in the table `{value.table}`")
            return found

        return looked_up

    def _list(self, value: Value) -> Getter:
        columns = value.template.columns
        if len(columns) != 1:
            text = self.text(value.template)
            return lambda row: None if (found := text(row)) is None else [found]
        raw, column, separator = self.raw(columns[0]), columns[0], value.separator
        hide: Callable[[str], str] = self.hashed if column in self.personal else str

        def listed(row: Row) -> list[str] | None:
            found = raw(row)
            if found is None:
                return None
            items = found if isinstance(found, list) else str(found).split(separator)
            return [hide(as_text(item, column).strip()) for item in items if item not in ("", None)]

        return listed


def _flat_text(column: str) -> Getter:
    """The text of a cell at the top of the row: the way of nearly all cells, so it takes one call."""

    def text(row: Row) -> str | None:
        value = row.get(column)
        if type(value) is str:
            return value or None
        return None if value is None else as_text(value, column)

    return text


def _text_of(raw: Getter, column: str) -> Getter:
    def text(row: Row) -> str | None:
        value = raw(row)
        return value if value is None or type(value) is str else as_text(value, column)

    return text


def _missing(what: str, column: str) -> RowFault:
    return RowFault(f"missing_{what}", column, f"the {what} needs this column, which is empty")


def as_text(value: Any, column: str) -> str:
    """A JSON scalar as text. Raises RowFault for an object or a list."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, (int, float)):
        return str(value)
    raise RowFault("not_a_text", column, "an object or a list where a text or a number is needed")


def as_number(text: str) -> int | float:
    """A whole number stays whole. Raises ValueError, also for what is not finite."""
    number = float(text)
    if number - number != 0:
        raise ValueError(text)
    return int(number) if number.is_integer() and abs(number) < 1 << 53 else number


def as_flag(text: str) -> bool:
    """Yes or no in the words of sources. Raises ValueError."""
    word = text.strip().lower()
    if word in YES:
        return True
    if word in NO:
        return False
    raise ValueError(text)
