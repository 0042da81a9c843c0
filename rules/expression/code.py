"""Decides what is known of a piece of an expression once it is typed: its Python, kind and proofs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any, NoReturn

from msgspec import Struct

from rules.expression.syntax import Member, Name, Node
from rules.expression.tokens import ExpressionError
from rules.model.fields import LONGEST_WORD, MOST_ELEMENTS
from rules.model.spans import Span

EXACT = "exact"
NOT_CONSTANT: Any = ...
NOTHING: frozenset[str] = frozenset()
Value = str | float | bool | Span | None


class Code(Struct, frozen=True, kw_only=True):
    """Python for one node.

    `absent`: it may be None. `needs`: the path that `has()` must have proved before it may be read.
    `moment_of`: the fact whose time this is. `if_true` and `if_false`: the paths proved present by this
    being true, or false.
    """

    text: str
    kind: str
    absent: bool = False
    needs: str = ""
    moment_of: str = ""
    constant: Any = NOT_CONSTANT
    if_true: frozenset[str] = NOTHING
    if_false: frozenset[str] = NOTHING
    most: int = MOST_ELEMENTS
    each: int = LONGEST_WORD


class Scope(Struct, frozen=True):
    """What an expression may name: parameters, columns of the item catalogue, the name of the subject.

    `declared`: the declared tables, each with the kinds of its columns and the column that is its one value, if any.
    """

    params: Mapping[str, Value]
    item: Mapping[str, tuple[str, bool]]
    subject: str
    proved: frozenset[str] = NOTHING
    declared: Mapping[str, tuple[Mapping[str, str], str]] = {}


def fail(node: Node, code: str, message: str, known: Iterable[str] = (), word: str = "", hint: str = "") -> NoReturn:
    """Ends the typing with a fault at this node, and suggests what may have been meant."""
    close = get_close_matches(word, sorted(known), 1, 0.6) if word else []
    raise ExpressionError(code, message, node.start, node.end, f"did you mean `{close[0]}`?" if close else hint)


def dotted(node: Node) -> str:
    """The dotted name that a chain of members spells; empty when it is something else."""
    if isinstance(node, Name):
        return node.name
    if isinstance(node, Member):
        head = dotted(node.of)
        return f"{head}.{node.name}" if head else ""
    return ""


def boolean(text: str) -> Code:
    return Code(text=text, kind="bool")


def written(value: Value, name: str, absent: str = "null") -> Code:
    """A value that the rule writes out; one that is not a Python literal stands under a name."""
    if value is None:
        return Code(text="None", kind=absent, absent=True, constant=None)
    if isinstance(value, bool):
        return Code(text=repr(value), kind="bool", constant=value)
    if isinstance(value, str):
        return Code(text=ascii(value), kind="string", constant=value, most=len(value))
    if isinstance(value, Span):
        if value.unit == EXACT:
            return Code(text=repr(value.amount), kind=EXACT, constant=value.amount)
        return Code(text=name, kind="span")
    return Code(text=f"({value!r})", kind="number", constant=value)
