"""Decides which operators are defined for which kinds, and writes them out as Python."""

from __future__ import annotations

from rules.expression.code import EXACT, NOT_CONSTANT, Code, boolean, fail
from rules.expression.syntax import Binary, Choice, Node

SIGNS = {
    "<": "less", "<=": "at_most", "==": "equal", "!=": "unequal",
    "+": "plus", "-": "minus", "*": "times", "/": "over", "%": "rest",
}  # fmt: skip
TURNED = {">": "<", ">=": "<="}
ARITHMETIC = {
    ("time", "-", "time"): EXACT, ("time", "-", EXACT): "time", ("time", "+", EXACT): "time",
    (EXACT, "+", EXACT): EXACT, (EXACT, "-", EXACT): EXACT, (EXACT, "*", "number"): EXACT,
    ("number", "*", EXACT): EXACT, (EXACT, "/", "number"): EXACT, (EXACT, "/", EXACT): "number",
    ("string", "+", "string"): "string",
    **{("number", sign, "number"): "number" for sign in "+-*/%"},
}  # fmt: skip
ORDERED = ("number", "string", "time", EXACT)


def null_test(node: Binary, left: Code, right: Code) -> Code:
    """`x == null`, `x != null`: the one way besides has() to ask whether something is there."""
    if node.op not in ("==", "!="):
        fail(node, "type", f"null cannot be compared with `{node.op}`")
    other = right if left.kind == "null" else left
    if other.constant is not NOT_CONSTANT:
        truth = (other.constant is None) == (node.op == "==")
        return Code(text=repr(truth), kind="bool", constant=truth)
    proved = frozenset({other.needs} if other.needs else ())
    if node.op == "==":
        return Code(text=f"({other.text} is None)", kind="bool", if_false=proved)
    return Code(text=f"({other.text} is not None)", kind="bool", if_true=proved)


def membership(node: Binary, left: Code, right: Code) -> Code:
    if right.kind != "strings" or left.kind != "string":
        fail(
            node,
            "type",
            f"`in` asks whether a string is in a list of strings, not a {left.kind} in a {right.kind}",
        )
    return boolean(f"({left.text} in ({right.text} or ()))")


def comparison(node: Binary, left: Code, right: Code) -> Code:
    left, right = _instant(left), _instant(right)
    if "text" in (left.kind, right.kind):
        fail(node, "free-text", "free text is kept only as blank or not: ask blank() or has()")
    if left.kind != right.kind:
        fail(node, "type", f"a {left.kind} cannot be compared with a {right.kind}")
    if node.op not in ("==", "!=") and left.kind not in ORDERED:
        fail(node, "type", f"a {left.kind} has no order")
    if left.kind not in (*ORDERED, "bool", "span"):
        fail(node, "type", f"a {left.kind} cannot be compared")
    if left.constant is not NOT_CONSTANT and right.constant is not NOT_CONSTANT and node.op in ("==", "!="):
        there = left.constant is not None and right.constant is not None
        truth = there and (left.constant == right.constant) == (node.op == "==")
        return Code(text=repr(truth), kind="bool", constant=truth)
    if node.op in TURNED:
        left, right = right, left
    sign = TURNED.get(node.op, node.op)
    if left.absent or right.absent:
        return boolean(f"{SIGNS[sign]}({left.text}, {right.text})")
    return boolean(f"({left.text} {sign} {right.text})")


def arithmetic(node: Binary, left: Code, right: Code) -> Code:
    """What is counted from a whole day counts from its 24:00 (CLOCKS.md 4)."""
    left, right = _instant(left), _day_end(_instant(right)) if node.op == "-" else _instant(right)
    kind = ARITHMETIC.get((left.kind, node.op, right.kind))
    if kind is None:
        fail(node, "type", f"`{node.op}` is not defined for a {left.kind} and a {right.kind}")
    if left.absent or right.absent or node.op in ("/", "%"):
        return Code(text=f"{SIGNS[node.op]}({left.text}, {right.text})", kind=kind, absent=True)
    return Code(text=f"({left.text} {node.op} {right.text})", kind=kind)


def negative(node: Node, of: Code) -> Code:
    if of.kind not in ("number", EXACT):
        fail(node, "type", f"`-` needs a number, not a {of.kind}")
    return Code(text=f"minus(0, {of.text})", kind=of.kind, absent=of.absent)


def choice(node: Choice, test: Code, then: Code, other: Code) -> Code:
    """`test ? then : other`; a branch may be null, and days may stand beside hours."""
    kinds = {then.kind, other.kind} - {"null"}
    if kinds == {"span", EXACT}:
        then, other = _span(then), _span(other)
        kinds = {"span"}
    if kinds == {"moment", "time"}:
        then, other = _instant(then), _instant(other)
        kinds = {"time"}
    if len(kinds) > 1:
        fail(node, "type", f"both branches must be of one type, not {then.kind} and {other.kind}")
    kind = next(iter(kinds), "null")
    text = f"({then.text} if {test.text} else {other.text})"
    return Code(text=text, kind=kind, absent=then.absent or other.absent)


def _span(code: Code) -> Code:
    if code.kind == EXACT:
        return Code(text=f"as_span({code.text})", kind="span", absent=code.absent)
    return code


def _instant(code: Code) -> Code:
    """A moment as an instant; a date without a time means its 24:00."""
    if code.kind == "moment":
        return Code(text=f"c.instant({code.text})", kind="time", absent=code.absent)
    return code


def _day_end(code: Code) -> Code:
    if not code.moment_of:
        return code
    text = f"c.day_end({code.moment_of})"
    if code.absent:
        text = f"(None if {code.moment_of} is None else {text})"
    return Code(text=text, kind="time", absent=code.absent)
