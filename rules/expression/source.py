"""Decides which Python may be made of a typed expression: our templates, their constants, and nothing else.

The text of a rule never gets here as text: names are declared fields, literals are written with `repr`. Should a
template ever let more through, it is refused before it is compiled.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from functools import lru_cache
from typing import Any
from warnings import catch_warnings, simplefilter

from msgspec import Struct

from rules.expression.absence import RUNTIME

Function = Callable[[Any, Any], Any]

ALLOWED = (
    ast.Expression, ast.Constant, ast.Name, ast.Load, ast.Store, ast.Attribute, ast.Call, ast.BoolOp, ast.And, ast.Or,
    ast.UnaryOp, ast.Not, ast.USub, ast.BinOp, ast.Add, ast.Sub, ast.Mult, ast.Compare, ast.Eq, ast.NotEq, ast.Lt,
    ast.LtE, ast.Gt, ast.GtE, ast.Is, ast.IsNot, ast.In, ast.IfExp, ast.Tuple, ast.List, ast.Dict, ast.ListComp,
    ast.comprehension, ast.Starred,
)  # fmt: skip
OPERANDS = frozenset({"e", "c"})
"""What a condition is asked of: the event and what is known of its subject."""


class Source(Struct, frozen=True):
    """The Python of one expression for one event type, and the values that its names k0, k1, … stand for."""

    text: str
    constants: tuple[tuple[str, Any], ...] = ()


def tree_of(source: Source) -> ast.expr:
    """The tree of an expression's Python. Raises AssertionError for anything that no template writes."""
    with catch_warnings():
        simplefilter("ignore", SyntaxWarning)  # Python's hints on constants are not for authors of rules
        tree = ast.parse(source.text, "<expression>", "eval")
    bound = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    known = OPERANDS | RUNTIME.keys() | {name for name, _ in source.constants} | bound
    for node in ast.walk(tree):
        named = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
        if not isinstance(node, ALLOWED) or named.startswith("_"):
            raise AssertionError(f"no template writes {ast.dump(node)}")
        if isinstance(node, ast.Name) and named not in known:
            raise AssertionError(f"no template names {named}")
    return tree.body


@lru_cache(maxsize=4096)
def function_of(source: Source) -> Function:
    """The function of a typed expression.

    The same source is the same function, so that rules which say the same can be told to do so.
    """
    return made(ast.unparse(ast.Return(tree_of(source))), dict(source.constants))


def made(body: str, constants: dict[str, Any]) -> Function:
    """A function of the event and its context with this body, which may call what RUNTIME has."""
    names = RUNTIME | constants
    lines = "\n".join(f" {line}" for line in body.splitlines())
    with catch_warnings():
        simplefilter("ignore", SyntaxWarning)
        exec(compile(f"def judged(e, c):\n{lines}\n", "<expression>", "exec"), names)
    function: Function = names["judged"]
    return function
