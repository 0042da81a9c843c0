"""Decides how an error in a declared table is told: its place, a stable code and what is wrong."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path

from msgspec import Struct
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import MarkedYAMLError


class Fault(Struct, frozen=True, order=True):
    """One error of one file; line and column count from 1."""

    file: str
    line: int
    col: int
    code: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.col}: error[{self.code}]: {self.message}"


class TableErrors(Exception):
    """Everything that is wrong in the declared tables, at once."""

    exit_status = 1

    def __init__(self, errors: Iterable[Fault]) -> None:
        self.errors = sorted(errors)
        super().__init__("\n".join(str(error) for error in self.errors))


class Text:
    """One file as text, with the errors found in it."""

    def __init__(self, path: Path, faults: list[Fault]) -> None:
        self.path, self.faults = path, faults
        self.lines: list[str] = []
        try:
            self.text = path.read_text(encoding="utf-8-sig")
        except OSError as error:
            self.text = ""
            self.fault(1, 1, "unreadable", error.strerror or str(error))
        except UnicodeDecodeError as error:
            self.text = ""
            self.fault(1, 1, "not-utf-8", f"byte {error.start} is not UTF-8")
        self.lines = self.text.splitlines()

    def fault(self, line: int, col: int, code: str, message: str) -> None:
        self.faults.append(Fault(str(self.path), line, col, code, message))

    def mapping(self, shape: str) -> CommentedMap | None:
        """The file as a YAML mapping that knows its places; None (and a fault) for anything else."""
        try:
            raw = YAML(typ="rt").load(self.text)
        except MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line, col = (mark.line, mark.column) if mark else (0, 0)
            self.fault(line + 1, col + 1, "not-yaml", str(error.problem or "not YAML"))
            return None
        if not isinstance(raw, CommentedMap):
            self.fault(1, 1, "not-a-mapping", shape)
            return None
        return raw

    def fault_at(self, words: str, code: str, message: str, after: str = "") -> None:
        """A fault where these words stand first (after others, if named), else at the first line."""
        start = max(self.text.find(after), 0) if after else 0
        position = self.text.find(words, start)
        before = self.text[: max(position, 0)]
        self.fault(before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1, code, message)


class ExampleFault(ValueError):
    """A wrong value in a table of an example; `path` says where: (task code, field), or (table, key, column)."""

    def __init__(self, path: tuple[str, ...], code: str, message: str) -> None:
        super().__init__(message)
        self.path, self.code, self.message = path, code, message


class ExampleFaults(ValueError):
    """All wrong values in the tables of one example."""

    def __init__(self, errors: list[ExampleFault]) -> None:
        super().__init__("; ".join(f"{'.'.join(error.path)}: {error}" for error in errors))
        self.errors = errors


def meant(word: object, among: Iterable[str]) -> str:
    """`; did you mean …?` after a word that is none of these; nothing where none is like it."""
    near = get_close_matches(str(word), list(among), n=1)
    return f"; did you mean `{near[0]}`?" if near else ""
