"""Decides what `declared.<table>…` means in an expression: dated look-ups, never an error where nothing is declared.

`declared.caps[key]` is the value of a table that is one value per key, or a row, whose columns are read as
`declared.standards[key].min`: as in force on the day of the event. `declared.officers.valid(key, at)` asks whether
anything is in force on another day, `has(declared.officers)` whether anything is declared at all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rules.expression.code import Code, boolean, dotted, fail
from rules.expression.kind import named
from rules.expression.syntax import Call, Index, Member, Name, Node

if TYPE_CHECKING:
    from rules.expression.compiler import Typing

ROOT = "declared"
VALID = "valid"
ROW = "row:"


def speaks_of(node: Node) -> bool:
    """Whether this names a declared table, asks one, or reads a column of what it says."""
    match node:
        case Name() | Member(of=Name() | Member()):
            return dotted(node).partition(".")[0] == ROOT
        case Call(target=Name() | Member() as of) | Index(of=of) | Member(of=Index(of=of)):
            return dotted(of).partition(".")[0] == ROOT
    return False


def code(node: Node, typing: Typing) -> Code:
    """The Python of a piece of an expression that asks a declared table."""
    match node:
        case Call(target=Node() as of):
            return _valid(node, of, typing)
        case Index():
            return _entry(node, typing)
        case Member(of=Index() as row):
            return _column(node, _entry(row, typing), typing)
    return Code(text=f"c.declares({_table(node, typing)!r})", kind="table", absent=True)


def _table(node: Node, typing: Typing) -> str:
    """The name of the table that a node spells."""
    known = typing.names.scope.declared
    root, _, name = dotted(node).partition(".")
    if root != ROOT or not name or "." in name:
        fail(node, "syntax", "write `declared.<table>[key]`, `declared.<table>[key].<column>` or `.valid(key, at)`")
    if name not in known:
        fail(node, "unknown-table", f"there is no declared table `{name}`", known, name)
    return name


def _key(node: Node, typing: Typing) -> Code:
    key = typing.used(node)
    if key.kind != "string":
        fail(node, "type", f"a declared table is asked by a string, not by {named(key.kind)}")
    return key


def _entry(node: Index, typing: Typing) -> Code:
    """The row under a key, or its one value."""
    table = _table(node.of, typing)
    kinds, value = typing.names.scope.declared[table]
    row = f"c.declared({table!r}, {_key(node.key, typing).text}, e.occurred_at)"
    if not value:
        return Code(text=row, kind=ROW + table, absent=True)
    return Code(text=f"entry({row}, {value!r})", kind=kinds[value], absent=True)


def _column(node: Member, row: Code, typing: Typing) -> Code:
    if not row.kind.startswith(ROW):
        fail(node, "unknown-field", f"this table is one value per key and has no `.{node.name}`")
    table = row.kind.removeprefix(ROW)
    kinds, _ = typing.names.scope.declared[table]
    if node.name not in kinds:
        fail(node, "unknown-field", f"the table `{table}` has no column `{node.name}`", kinds, node.name)
    return Code(text=f"entry({row.text}, {node.name!r})", kind=kinds[node.name], absent=True)


def _valid(node: Call, of: Node, typing: Typing) -> Code:
    table = _table(of, typing)
    if node.name != VALID:
        fail(node, "unknown-function", f"a declared table has no `{node.name}`", (VALID,), node.name)
    if len(node.args) != 2:
        fail(node, "arguments", "valid() takes a key and a time")
    key, at = _key(node.args[0], typing), typing.used(node.args[1])
    if at.kind not in ("time", "moment"):
        fail(node.args[1], "type", f"valid() asks about a time, not {named(at.kind)}")
    return boolean(f"(c.declared({table!r}, {key.text}, {at.text}) is not None)")
