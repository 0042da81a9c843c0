"""Decides what the functions and methods of expressions take, and writes them out as Python."""

from __future__ import annotations

from rules.expression.code import NOT_CONSTANT, Code, boolean, dotted, fail
from rules.expression.syntax import Call, Index

FUNCTIONS = ("has", "blank", "size", "first", "distinct")
QUANTIFIERS = {"exists": "any", "all": "all"}
MATCHES = {"startsWith": "begins", "endsWith": "ends", "contains": "holds"}
EMPTY_IS_ABSENT = ("string", "text", "strings")


def has(node: Call, of: Code) -> Code:
    """Whether something is there; an empty text or list is not."""
    path = of.needs or dotted(node.args[0])
    if not path and of.kind != "fact" and not of.absent:
        fail(node, "arguments", "has() asks for a field or an earlier fact")
    proved = frozenset({path})
    if of.constant is not NOT_CONSTANT:
        there = of.constant is not None and of.constant != ""
        return Code(text=repr(there), kind="bool", constant=there, if_true=proved)
    test = f"(not not {of.text})" if of.kind in EMPTY_IS_ABSENT else f"({of.text} is not None)"
    return Code(text=test, kind="bool", if_true=proved)


def blank(node: Call, of: Code) -> Code:
    if of.kind not in ("string", "text"):
        fail(node, "type", f"blank() takes a text, not a {of.kind}")
    return boolean(f"blank({of.text})")


def size(node: Call, of: Code) -> Code:
    if of.kind not in ("strings", "string") and not of.kind.startswith("map:"):
        fail(node, "type", f"size() takes a list or a string, not a {of.kind}")
    return Code(text=f"size({of.text})", kind="number", absent=of.absent)


def distinct(node: Call, of: Code) -> Code:
    if of.kind != "strings":
        fail(node, "type", f"distinct() takes a list of strings, not a {of.kind}")
    return Code(text=f"set({of.text} or ())", kind="strings")


def quantified(node: Call, of: Code, element: str, test: Code) -> Code:
    """`list.exists(x, test)` and `list.all(x, test)`."""
    if of.kind != "strings":
        fail(node, "type", f"{node.name}() goes through a list of strings, not a {of.kind}")
    return boolean(f"{QUANTIFIERS[node.name]}([{test.text} for {element} in ({of.text} or ())])")


def matched(node: Call, of: Code, part: Code) -> Code:
    if of.kind != "string" or part.kind != "string":
        fail(node, "type", f"{node.name}() is for strings")
    return boolean(f"{MATCHES[node.name]}({of.text}, {part.text})")


def entry(node: Index, of: Code, key: Code) -> Code:
    """The value under a key of a map; absent where there is none."""
    if not of.kind.startswith("map:"):
        fail(node, "type", f"a {of.kind} cannot be indexed")
    if key.kind != "string":
        fail(node.key, "type", f"a map is looked up by a string, not a {key.kind}")
    return Code(text=f"entry({of.text}, {key.text})", kind=of.kind.removeprefix("map:"), absent=True)
