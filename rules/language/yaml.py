"""Decides how YAML 1.2 core becomes nodes that know their place; duplicate keys and aliases are refused."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode

from rules.expression import ExpressionError
from rules.language.errors import BookError, printable

MOST_BYTES = 256_000
DEEPEST = 40
LONGEST_SHOWN = 60
BREAKS = re.compile("\r\n|[\r\n\x85\u2028\u2029]")
WHOLE = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})\Z")
DECIMAL = re.compile(r"[-+]?[0-9]{1,18}\.[0-9]{1,18}\Z")
WORDS = dict.fromkeys(("", "~", "null", "Null", "NULL"))
TRUTH = dict.fromkeys(("true", "True", "TRUE"), True) | dict.fromkeys(("false", "False", "FALSE"), False)


class Node:
    """One value of a YAML file and where it stands: a scalar, or a dict or list of nodes."""

    __slots__ = ("col", "keys", "line", "mistyped", "source", "value", "width")

    def __init__(self, source: Source, line: int, col: int, width: int, value: Any) -> None:
        self.source, self.line, self.col, self.width, self.value = source, line, col, width, value
        self.keys: dict[str, Node] = {}
        self.mistyped: set[str] = set()

    @property
    def is_map(self) -> bool:
        return isinstance(self.value, dict)

    @property
    def is_list(self) -> bool:
        return isinstance(self.value, list)

    @property
    def shown(self) -> str:
        """The value as a message shows it: short, on one line."""
        if self.is_map or self.is_list:
            return "a mapping" if self.is_map else "a list"
        text = printable(str(self.value))
        return f"`{text if len(text) <= LONGEST_SHOWN else text[:LONGEST_SHOWN] + '…'}`"

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

    def fault_within(self, start: int, end: int, code: str, message: str, hint: str = "") -> None:
        """A fault in a part of this text; at its beginning where the file writes it otherwise."""
        opening = self._opening()
        if opening is None:
            self.fault(code, message, hint)
        else:
            self.source.fault(self.line, self.col + opening + start, code, message, max(end - start, 1), hint)

    def fault_in(self, error: ExpressionError) -> None:
        """A fault inside this value, at the place that the expression names."""
        self.fault_within(error.start, error.end, error.code, error.message, error.hint)

    def _opening(self) -> int | None:
        """How many characters stand before the text: a quote or none; None where it is folded or escaped."""
        written = self.source.line(self.line)[self.col - 1 :]
        text = self.value if isinstance(self.value, str) else str(self.value)
        if written.startswith(text):
            return 0
        return 1 if written[:1] in ("'", '"') and written[1:].startswith(text) else None

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
        self.met: set[int] = set()

    def line(self, number: int) -> str:
        return self.lines[number - 1] if 0 < number <= len(self.lines) else ""

    def fault(self, line: int, col: int, code: str, message: str, width: int = 1, hint: str = "") -> None:
        text = self.line(line)
        width = min(width, max(len(text) - col + 1, 1))
        shown = (printable(message), printable(text), width, printable(hint))
        self.faults.append(BookError(self.shown, line, col, code, *shown))

    def read(self) -> Node | None:
        """The root of the file's one document; None (and a fault) when it cannot be read."""
        if not self._text():
            return None
        self.lines = BREAKS.split(self.text)
        try:
            root = YAML(typ="safe", pure=True).compose(self.text)
        except MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line, col = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
            self.fault(line, col, "not-yaml", str(error.problem or error.context or "cannot be read"))
            return None
        except RecursionError:
            self.fault(1, 1, "not-yaml", "nested too deeply")
            return None
        except (YAMLError, ValueError) as error:
            self.fault(1, 1, "not-yaml", " ".join(str(error).split()) or "cannot be read")
            return None
        if root is None:
            self.fault(1, 1, "empty", "the file says nothing")
            return None
        return self._node(root, 0)

    def _text(self) -> bool:
        try:
            if (size := self.path.stat().st_size) > MOST_BYTES:
                self.fault(1, 1, "too-large", f"{size} bytes; a rule file has at most {MOST_BYTES}")
                return False
            self.text = self.path.read_bytes().decode("utf-8-sig")
        except OSError as error:
            self.fault(1, 1, "unreadable", error.strerror or str(error))
            return False
        except UnicodeDecodeError as error:
            before = error.object[: error.start]
            line, col = before.count(b"\n") + 1, len(before) - before.rfind(b"\n")
            self.fault(line, col, "not-utf-8", f"byte {error.start} of the file is not UTF-8")
            return False
        return True

    def _node(self, node: Any, depth: int) -> Node:
        line, col = node.start_mark.line + 1, node.start_mark.column + 1
        same = node.end_mark.line == node.start_mark.line
        made = Node(self, line, col, node.end_mark.column - node.start_mark.column if same else 1, None)
        repeated = id(node) in self.met
        self.met.add(id(node))
        if depth > DEEPEST:
            made.fault("not-yaml", "nested too deeply")
        elif repeated:
            made.fault("alias", "this is written once and used again under an alias: write it out")
            made.value = _scalar(node) if isinstance(node, ScalarNode) else None
        elif isinstance(node, MappingNode):
            self._mapping(made, node, depth)
        elif isinstance(node, SequenceNode):
            made.value = [self._node(child, depth + 1) for child in node.value]
        else:
            made.value = _scalar(node)
        return made

    def _mapping(self, made: Node, node: MappingNode, depth: int) -> None:
        made.value = {}
        for key_node, value_node in node.value:
            key, value = self._node(key_node, depth + 1), self._node(value_node, depth + 1)
            name = str(key_node.value)
            if not isinstance(key_node, ScalarNode):
                key.fault("not-yaml", "a key must be a word")
            elif name in made.value:
                key.fault("duplicate-key", f"`{name}` stands here twice")
            else:
                made.value[name], made.keys[name] = value, key


def _scalar(node: Any) -> str | int | float | bool | None:
    text = str(node.value)
    if node.style in ("'", '"', "|", ">"):
        return text
    if WHOLE.match(text):
        return int(text)
    if DECIMAL.match(text):
        return float(text)
    return TRUTH.get(text, WORDS.get(text, text))
