"""Decides how many conditions on one event are asked at once: one function, what they share computed once.

A condition stays on its own where it raises: then each is asked alone, and only the one that raised has no answer.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from rules.expression.compiler import Compiled
from rules.expression.source import Function, Source, made, tree_of


class Fused(Struct, frozen=True):
    """Conditions on events of one type. Bit `slot` of an answer says whether the condition of that slot holds."""

    function: Function
    conditions: tuple[tuple[int, Function], ...]

    def judge(self, fact: Any, context: Any) -> tuple[int, dict[int, Exception]]:
        """Which conditions hold of a fact, and what those raised that could not be asked."""
        try:
            return self.function(fact, context), {}
        except Exception:
            return self.alone(fact, context)

    def alone(self, fact: Any, context: Any) -> tuple[int, dict[int, Exception]]:
        """The same answer, each condition asked by itself."""
        mask, raised = 0, dict[int, Exception]()
        for slot, function in self.conditions:
            try:
                mask |= bool(function(fact, context)) << slot
            except Exception as error:
                raised[slot] = error
        return mask, raised


def fuse(conditions: Iterable[tuple[int, Compiled]], rank: int) -> Fused:
    """One function for the conditions that can be asked of events of that rank; the slots need not be dense."""
    here = [(slot, each) for slot, each in conditions if rank in each.sources]
    function = made(*_body([(slot, each.sources[rank]) for slot, each in here]))
    return Fused(function, tuple((slot, each.functions[rank]) for slot, each in here))


def fuse_all(conditions: Sequence[tuple[int, Compiled]]) -> Mapping[int, Fused]:
    """One fused function for every event type that one of these conditions can be asked of."""
    ranks = sorted({rank for _, each in conditions for rank in each.sources})
    return {rank: fuse(conditions, rank) for rank in ranks}


class _Term:
    """A piece of Python that may stand in several conditions; `strict` where one of them always computes it."""

    __slots__ = ("node", "parents", "parts", "strict", "written")

    def __init__(self, node: ast.expr, parts: list[tuple[str, int | None, _Term]]) -> None:
        self.node, self.parts = node, parts
        self.parents = 0
        self.strict = False
        self.written: ast.expr | None = None


def _body(conditions: Sequence[tuple[int, Source]]) -> tuple[str, dict[str, Any]]:
    """The body of the fused function, and the values of its constants."""
    terms: dict[str, _Term] = {}
    constants: dict[str, Any] = {}
    roots = [(slot, _shared(_renamed(source, constants), terms)) for slot, source in conditions]
    for _, root in roots:
        root.parents += 1
        _mark(root)
    lines: list[str] = []
    tests: list[str] = ["m = 0"]
    for slot, root in roots:
        tests.append(f"if {ast.unparse(_written(root, lines))}: m |= {1 << slot}")
    return "\n".join([*lines, *tests, "return m"]), constants


def _renamed(source: Source, constants: dict[str, Any]) -> ast.expr:
    """The tree of a condition, its constants under names that no other condition has; equal ones share a name."""
    names: dict[str, str] = {}
    for name, value in source.constants:
        known = (other for other, there in constants.items() if type(there) is type(value) and there == value)
        names[name] = next(known, f"k{len(constants)}")
        constants[names[name]] = value
    tree = tree_of(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            node.id = names.get(node.id, node.id)
    return tree


def _shared(node: ast.expr, terms: dict[str, _Term]) -> _Term:
    """The one term for every place where this stands; a loop is one piece, as its parts stand under its names."""
    key = ast.dump(node)
    if key not in terms:
        parts = [
            (field, place, _shared(part, terms))
            for field, place, part in _parts(node)
            if not isinstance(part, ast.Name | ast.Constant)
        ]
        terms[key] = _Term(node, parts)
        for _, _, part in parts:
            part.parents += 1
    return terms[key]


def _parts(node: ast.expr) -> Iterable[tuple[str, int | None, ast.expr]]:
    if isinstance(node, ast.ListComp):
        return
    for field, value in ast.iter_fields(node):
        if isinstance(value, ast.expr):
            yield field, None, value
        elif isinstance(value, list):
            yield from ((field, place, each) for place, each in enumerate(value) if isinstance(each, ast.expr))


def _mark(term: _Term) -> None:
    """Marks what is computed whenever this is: not what stands behind `and`, `or` or in a branch."""
    if term.strict:
        return
    term.strict = True
    for field, place, part in term.parts:
        behind = isinstance(term.node, ast.BoolOp) and place != 0
        branch = isinstance(term.node, ast.IfExp) and field != "test"
        if not behind and not branch:
            _mark(part)


def _written(term: _Term, lines: list[str]) -> ast.expr:
    """The Python of a term where it is used; what is shared is computed before, once."""
    if term.written is None:
        for field, place, part in term.parts:
            if place is None:
                setattr(term.node, field, _written(part, lines))
            else:
                getattr(term.node, field)[place] = _written(part, lines)
        term.written = term.node
        if term.parents > 1 and term.strict:
            term.written = ast.Name(f"v{len(lines)}", ast.Load())
            lines.append(f"v{len(lines)} = {ast.unparse(term.node)}")
    return term.written
