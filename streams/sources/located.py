"""Decides how a fault in a mapping is shown: `file:line:col: error[code]: message`, the line, a caret."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError


class MappingErrors(Exception):
    """Every fault of a mapping file; `errors` are the texts, one per fault."""

    exit_status = 1

    def __init__(self, errors: list[str]) -> None:
        super().__init__("\n".join(errors))
        self.errors = errors


class Document:
    """A YAML file with its lines, and the faults found in it so far."""

    def __init__(self, path: Path, text: str) -> None:
        self.path, self.lines = path, text.splitlines()
        self.errors: list[str] = []

    def fault(self, line: int, column: int, code: str, message: str, hint: str = "") -> None:
        """Notes a fault at a line and a column that count from 0."""
        shown = self.lines[line] if line < len(self.lines) else ""
        number = str(line + 1)
        caret = " " * (len(number) + 3 + column) + "^" + (f"  {hint}" if hint else "")
        place = f"{self.path}:{line + 1}:{column + 1}"
        self.errors.append(f"{place}: error[{code}]: {message}\n  {number} | {shown}\n  {caret}")

    def root(self, text: str) -> CommentedMap:
        """The top level of the file. Raises MappingErrors where it is no YAML mapping."""
        try:
            loaded = YAML(typ="rt", pure=True).load(text)
        except MarkedYAMLError as error:
            mark = error.problem_mark
            self.fault(mark.line if mark else 0, mark.column if mark else 0, "yaml", str(error.problem))
        except YAMLError as error:
            self.fault(0, 0, "yaml", str(error))
        else:
            if isinstance(loaded, CommentedMap):
                return loaded
            self.fault(0, 0, "not-a-mapping", "the file must be a YAML mapping")
        raise MappingErrors(self.errors)


class Section:
    """One mapping inside the file, read key by key; what was not asked for is an unknown key."""

    def __init__(self, document: Document, node: CommentedMap) -> None:
        self.document, self.node = document, node
        self._asked: set[str] = set()

    def at_key(self, key: str, code: str, message: str, hint: str = "") -> None:
        line, column = self.node.lc.key(key)
        self.document.fault(line, column, code, message, hint)

    def at_value(self, key: str, code: str, message: str, hint: str = "") -> None:
        line, column = self.node.lc.value(key)
        self.document.fault(line, column, code, message, hint)

    def at_top(self, code: str, message: str) -> None:
        self.document.fault(self.node.lc.line, self.node.lc.col, code, message)

    def take(self, key: str) -> Any:
        """The raw value of a key, None where it is absent."""
        self._asked.add(key)
        return self.node.get(key)

    def text(self, key: str, default: str | None = None) -> str:
        """A text; a fault where it is required (no default) and absent, or is no scalar."""
        value = self.take(key)
        if value is None:
            if default is None:
                self.at_top("missing-key", f"`{key}` is required")
            return default or ""
        if isinstance(value, (CommentedMap, CommentedSeq)):
            self.at_value(key, "not-a-text", f"`{key}` must be a text")
            return default or ""
        return str(value)

    def choice(self, key: str, allowed: Iterable[str], default: str | None = None) -> str:
        options = tuple(allowed)
        value = self.text(key, default)
        if self.node.get(key) is not None and value not in options:
            self.at_value(
                key, "unknown-value", f"`{value}` is none of {', '.join(options)}", suggestion(value, options)
            )
        return value

    def flag(self, key: str) -> bool:
        value = self.take(key)
        if value is not None and not isinstance(value, bool):
            self.at_value(key, "not-a-flag", f"`{key}` must be true or false")
        return value is True

    def section(self, key: str) -> Section | None:
        value = self.take(key)
        if value is None:
            return None
        if not isinstance(value, CommentedMap):
            self.at_value(key, "not-a-mapping", f"`{key}` must be a mapping")
            return None
        return Section(self.document, value)

    def sections(self, key: str) -> list[Section]:
        """A list of mappings."""
        value = self.take(key)
        if value is None:
            return []
        if not isinstance(value, CommentedSeq):
            self.at_value(key, "not-a-list", f"`{key}` must be a list of mappings")
            return []
        found = []
        for index, item in enumerate(value):
            if isinstance(item, CommentedMap):
                found.append(Section(self.document, item))
            else:
                line, column = value.lc.item(index)
                self.document.fault(line, column, "not-a-mapping", f"an entry of `{key}` must be a mapping")
        return found

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts; a single one needs no list."""
        value = self.take(key)
        if value is None:
            return ()
        if isinstance(value, CommentedMap):
            self.at_value(key, "not-a-list", f"`{key}` must be a list of texts")
            return ()
        return tuple(str(item) for item in value) if isinstance(value, CommentedSeq) else (str(value),)

    def names(self) -> list[str]:
        """The keys of a free mapping (columns, fields): all of them count as asked for."""
        self._asked.update(str(key) for key in self.node)
        return [str(key) for key in self.node]

    def finish(self) -> None:
        """Reports the keys that nobody asked for."""
        for key in self.node:
            if key not in self._asked:
                self.at_key(key, "unknown-key", f"`{key}` is not a key here", suggestion(str(key), self._asked))


def suggestion(word: str, known: Iterable[str]) -> str:
    near = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"did you mean `{near[0]}`?" if near else ""
