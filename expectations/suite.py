"""Decides what a suite file says: which rows are doubted, by which expectations."""

from collections.abc import Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

import msgspec
from msgspec import Struct
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import MarkedYAMLError

from rules.model.alerts import Text
from rules.tables.faults import Fault
from warehouse.assessment.night_cases import ROWS

SEVERITIES = ("critical", "warning", "info")
KEYS = ("suite", "version", "rows", "name", "expectations")
EXPECTATION_KEYS = ("id", "name", "basis", "severity", "type", "kwargs", "query")
REQUIRED = ("id", "name", "basis", "severity", "type")


class Expectation(Struct, frozen=True, kw_only=True):
    """One expectation as declared; `type` is not checked here: the gate catches what is unknown."""

    id: str
    name: Text
    basis: str
    severity: str
    type: str
    kwargs: dict[str, Any] = {}


class Suite(Struct, frozen=True, kw_only=True):
    suite: str
    version: int
    rows: str
    name: Text
    expectations: tuple[Expectation, ...]


class SuiteErrors(Exception):
    """Everything that is wrong in a suite file, at once."""

    exit_status = 1

    def __init__(self, faults: list[Fault]) -> None:
        self.errors = sorted(faults)
        super().__init__("\n".join(str(fault) for fault in self.errors))


def shipped() -> Traversable:
    """The folder of the suites that come with the system."""
    return files("expectations").joinpath("suites")


def names(folder: Traversable | None = None) -> list[str]:
    """The suites of a folder, in order."""
    found = (folder or shipped()).iterdir()
    return sorted(each.name.removesuffix(".yaml") for each in found if each.name.endswith(".yaml"))


def load(name: str, folder: Traversable | None = None) -> Suite:
    """Reads one suite. Raises SuiteErrors with every fault as file:line:col."""
    place = folder or shipped()
    return _SuiteFile(place.joinpath(f"{name}.yaml"), place.joinpath(name)).read()


class _SuiteFile:
    """One file being read, with the faults found so far."""

    def __init__(self, file: Traversable, queries: Traversable) -> None:
        self.file, self.queries = file, queries
        self.faults: list[Fault] = []

    def read(self) -> Suite:
        try:
            raw = YAML(typ="rt", pure=True).load(self.file.read_text(encoding="utf-8"))
        except MarkedYAMLError as error:
            mark = error.problem_mark
            line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
            raise SuiteErrors([Fault(str(self.file), line, column, "yaml", str(error.problem))]) from error
        except OSError as error:
            raise SuiteErrors([Fault(str(self.file), 1, 1, "unreadable", error.strerror or "")]) from error
        declared = self._expectations(raw)
        self._check_head(raw)
        if self.faults:
            raise SuiteErrors(self.faults)
        return msgspec.convert(
            {**{key: raw[key] for key in KEYS if key != "expectations"}, "expectations": declared}, Suite
        )

    def _fault(self, node: Any, key: str | None, code: str, message: str) -> None:
        line, column = 0, 0
        if isinstance(node, CommentedMap):
            line, column = node.lc.key(key) if key in node else (node.lc.line, node.lc.col)
        self.faults.append(Fault(str(self.file), line + 1, column + 1, code, message))

    def _check_head(self, raw: Any) -> None:
        if not isinstance(raw, CommentedMap):
            return
        self._check_keys(raw, KEYS, KEYS)
        if raw.get("rows") not in (None, *ROWS):
            self._fault(raw, "rows", "unknown-rows", f"`{raw['rows']}` is none of {', '.join(ROWS)}")
        if not isinstance(raw.get("version", 1), int):
            self._fault(raw, "version", "not-a-number", "the version is a whole number")
        if raw.get("suite", self._stem) != self._stem:
            self._fault(raw, "suite", "misnamed", f"the file is called {self._stem}")
        self._check_name(raw)

    @property
    def _stem(self) -> str:
        return self.file.name.removesuffix(".yaml")

    def _check_keys(self, node: CommentedMap, known: tuple[str, ...], required: tuple[str, ...]) -> None:
        for key in node:
            if key not in known:
                self._fault(node, key, "unknown-key", f"`{key}` is none of {', '.join(known)}")
        for key in required:
            if key not in node:
                self._fault(node, None, "missing-key", f"`{key}` is missing")

    def _check_name(self, node: CommentedMap) -> None:
        name = node.get("name", {"zh": "-", "en": "-"})
        if not isinstance(name, Mapping) or set(name) != {"zh", "en"} or not all(name.values()):
            self._fault(node, "name", "name", "a name has `zh` and `en`")

    def _expectations(self, raw: Any) -> list[dict[str, Any]]:
        listed = raw.get("expectations") if isinstance(raw, CommentedMap) else None
        if not isinstance(listed, list) or not listed:
            self._fault(raw, "expectations", "empty", "a suite declares at least one expectation")
            return []
        made: list[dict[str, Any]] = []
        for node in listed:
            if isinstance(node, CommentedMap):
                made.append(self._expectation(node, {each["id"] for each in made}))
            else:
                self._fault(raw, "expectations", "not-a-map", f"`{node}` is not an expectation")
        return made

    def _expectation(self, node: CommentedMap, seen: set[str]) -> dict[str, Any]:
        self._check_keys(node, EXPECTATION_KEYS, REQUIRED)
        self._check_name(node)
        if node.get("severity", SEVERITIES[0]) not in SEVERITIES:
            self._fault(node, "severity", "unknown-severity", f"one of {', '.join(SEVERITIES)}")
        if node.get("id") in seen:
            self._fault(node, "id", "duplicate-id", f"`{node['id']}` is declared twice")
        kwargs = dict(node.get("kwargs", {}))
        if "query" in node:
            kwargs["unexpected_rows_query"] = self._query(node)
        return {
            **{key: str(node.get(key, "")) for key in ("id", "basis", "severity", "type")},
            "name": node.get("name"),
            "kwargs": kwargs,
        }

    def _query(self, node: CommentedMap) -> str:
        try:
            return self.queries.joinpath(node["query"]).read_text(encoding="utf-8").strip()
        except OSError:
            self._fault(node, "query", "no-query", f"{self.queries}/{node['query']} cannot be read")
            return ""
