"""Decides how YAML 1.2 core is read into nodes that know their place; duplicate keys are refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode

from rules.expression import ExpressionError
from rules.language.errors import BookError

MOST_BYTES = 1_000_000


class Node:
    """One value of a YAML file and where it stands; `value` is a str, int, float, bool, None, dict or list of nodes."""

    __slots__ = ("col", "keys", "line", "quoted", "source", "value", "width")

    def __init__(self, source: Source, line: int, col: int, width: int, value: Any, quoted: bool = False) -> None:
        self.source, self.line, self.col, self.width = source, line, col, width
        self.value, self.quoted = value, quoted
        self.keys: dict[str, Node] = {}

    @property
    def is_map(self) -> bool:
        return isinstance(self.value, dict)

    @property
    def is_list(self) -> bool:
        return isinstance(self.value, list)

    def get(self, key: str) -> Node | None:
        """The value under a key of a mapping."""
        return self.value.get(key) if isinstance(self.value, dict) else None

    def items(self) -> Iterator[tuple[str, Node]]:
        if isinstance(self.value, dict):
            yield from self.value.items()

    def elements(self) -> list[Node]:
        """The elements of a list; a single value stands for a list of one."""
        return self.value if isinstance(self.value, list) else [self]

    def fault(self, code: str, message: str, hint: str = "") -> None:
        self.source.fault(self.line, self.col, code, message, self.width, hint)

    def fault_in(self, error: ExpressionError) -> None:
        """A fault inside this value, at the place that the expression names."""
        shift = self.col + error.start + (1 if self.quoted else 0)
        self.source.fault(self.line, shift, error.code, error.message, max(error.end - error.start, 1), error.hint)

    def plain(self) -> Any:
        """The value without places."""
        if isinstance(self.value, dict):
            return {key: node.plain() for key, node in self.value.items()}
        if isinstance(self.value, list):
            return [node.plain() for node in self.value]
        return self.value


class Source:
    """One file, its lines, and the faults found in it."""

    def __init__(self, path: Path, shown: str, faults: list[BookError]) -> None:
        self.path, self.shown, self.faults = path, shown, faults
        self.lines: list[str] = []
        self.text = ""

    def fault(self, line: int, col: int, code: str, message: str, width: int = 1, hint: str = "") -> None:
        text = self.lines[line - 1] if 0 < line <= len(self.lines) else ""
        width = min(width, max(len(text) - col + 1, 1))
        self.faults.append(BookError(self.shown, line, col, code, message, text, width, hint))

    def read(self) -> Node | None:
        """The root of the file's one document; None (and a fault) when it cannot be read."""
        try:
            raw = self.path.read_bytes()
            if len(raw) > MOST_BYTES:
                self.fault(1, 1, "too-large", f"{len(raw)} bytes; a rule file has at most {MOST_BYTES}")
                return None
            self.text = raw.decode("utf-8-sig")
        except OSError as error:
            self.fault(1, 1, "unreadable", error.strerror or str(error))
            return None
        except UnicodeDecodeError as error:
            self.fault(1, 1, "not-utf-8", f"byte {error.start} is not UTF-8")
            return None
        self.lines = self.text.splitlines()
        try:
            root = YAML(typ="safe", pure=True).compose(self.text)
        except MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line, col = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
            self.fault(line, col, "not-yaml", str(error.problem or error.context or "cannot be read"))
            return None
        except (RecursionError, ValueError) as error:
            self.fault(1, 1, "not-yaml", str(error) or "nested too deeply")
            return None
        if root is None:
            self.fault(1, 1, "empty", "the file says nothing")
            return None
        return self._node(root, 0)

    def _node(self, node: Any, depth: int) -> Node:
        line, col = node.start_mark.line + 1, node.start_mark.column + 1
        same = node.end_mark.line == node.start_mark.line
        width = node.end_mark.column - node.start_mark.column if same else 1
        if depth > 40:
            self.fault(line, col, "not-yaml", "nested too deeply")
            return Node(self, line, col, width, None)
        if isinstance(node, MappingNode):
            made = Node(self, line, col, width, {})
            for key_node, value_node in node.value:
                key = self._node(key_node, depth + 1)
                if not isinstance(key_node, ScalarNode):
                    key.fault("not-yaml", "a key must be a word")
                    continue
                name = str(key_node.value)
                if name in made.value:
                    key.fault("duplicate-key", f"`{name}` stands here twice")
                    continue
                made.value[name] = self._node(value_node, depth + 1)
                made.keys[name] = key
            return made
        if isinstance(node, SequenceNode):
            return Node(self, line, col, width, [self._node(child, depth + 1) for child in node.value])
        quoted = node.style in ("'", '"')
        return Node(self, line, col, width, _scalar(node), quoted)


def _scalar(node: Any) -> str | int | float | bool | None:
    tag, text = str(node.tag), str(node.value)
    if node.style in ("'", '"', "|", ">"):
        return text
    if tag.endswith(":int") and text.lstrip("+-").isdigit() and (text.lstrip("+-")[0] != "0" or len(text) == 1):
        return int(text)
    if tag.endswith(":float"):
        try:
            return float(text)
        except ValueError:
            return text
    if tag.endswith(":bool") and text.lower() in ("true", "false"):
        return text.lower() == "true"
    if tag.endswith(":null"):
        return None
    return text
