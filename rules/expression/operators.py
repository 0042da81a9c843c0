"""Decides which operators are defined for which kinds, and writes them out as Python."""

from __future__ import annotations

from rules.expression.code import EXACT, NOT_CONSTANT, Code, boolean, fail, written
from rules.expression.kind import EMPTY, element_of, is_list, is_map, named, one_of
from rules.expression.numbers import NUMBERS
from rules.expression.syntax import Binary, Choice, Node

SIGNS = {"<": "less", "<=": "at_most", "==": "equal", "!=": "unequal"}
NUMERIC = {"+": "plus", "-": "minus", "*": "times", "/": "over", "%": "rest"}
TURNED = {">": "<", ">=": "<="}
ARITHMETIC = {
    ("time", "-", "time"): (EXACT, "minus"), ("time", "-", EXACT): ("time", "minus"),
    ("time", "+", EXACT): ("time", "plus"),
    (EXACT, "+", EXACT): (EXACT, "plus"), (EXACT, "-", EXACT): (EXACT, "minus"),
    (EXACT, "*", "number"): (EXACT, "longer"), ("number", "*", EXACT): (EXACT, "longer"),
    (EXACT, "/", "number"): (EXACT, "shorter"), (EXACT, "/", EXACT): ("number", "share"),
    **{("number", sign, "number"): ("number", name) for sign, name in NUMERIC.items()},
}  # fmt: skip
"""What an operator makes of two kinds: a kind, and the function that says so."""
LENGTHS = {("time", "-"), ("time", "+"), (EXACT, "+"), (EXACT, "-")}
"""Where times are counted with, no result is too large."""
ORDERED = ("number", "string", "time", EXACT, "bool")


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
    """Whether something is in a list, or is a key of a map."""
    of = element_of(right.kind)
    if not of or not one_of((left.kind, of)) or left.kind not in (*ORDERED, EMPTY):
        message = f"`in` asks whether a list holds something of its kind, not {named(left.kind)} in {named(right.kind)}"
        fail(node, "type", message)
    return boolean(f"({left.text} in ({right.text} or ()))" if right.absent else f"({left.text} in {right.text})")


def comparison(node: Binary, left: Code, right: Code) -> Code:
    left, right = _instant(left), _instant(right)
    if "text" in (left.kind, right.kind):
        fail(node, "free-text", "free text is kept only as blank or not: ask blank() or has()")
    kind = one_of((left.kind, right.kind))
    if not kind:
        fail(node, "type", f"{named(left.kind)} cannot be compared with {named(right.kind)}", hint=_meant(left, right))
    equality = node.op in ("==", "!=")
    if is_list(kind) or is_map(kind):
        if not equality:
            fail(node, "type", f"{named(kind)} has no order")
        return boolean(f"{'alike' if node.op == '==' else 'unlike'}({left.text}, {right.text})")
    if not equality and kind not in ORDERED:
        fail(node, "type", f"{named(kind)} has no order")
    if kind not in (*ORDERED, "span", EMPTY):
        fail(node, "type", f"{named(kind)} cannot be compared")
    return _compared(node.op, left, right)


def _compared(op: str, left: Code, right: Code) -> Code:
    if left.constant is not NOT_CONSTANT and right.constant is not NOT_CONSTANT and op in ("==", "!="):
        there = left.constant is not None and right.constant is not None
        truth = there and (left.constant == right.constant) == (op == "==")
        return Code(text=repr(truth), kind="bool", constant=truth)
    if op in TURNED:
        left, right = right, left
    sign = TURNED.get(op, op)
    if left.absent or right.absent:
        return boolean(f"{SIGNS[sign]}({left.text}, {right.text})")
    return boolean(f"({left.text} {sign} {right.text})")


def _meant(left: Code, right: Code) -> str:
    """How the two sides could be compared after all."""
    if {left.kind, right.kind} == {"number", "string"}:
        return "write the number without quotes, or double(…) of the text"
    if {left.kind, right.kind} == {"span", EXACT}:
        return "working days and days have no length in hours: compare like with like"
    return ""


def arithmetic(node: Binary, left: Code, right: Code) -> Code:
    """What is counted from a whole day counts from its 24:00 (CLOCKS.md 4)."""
    left, right = _instant(left), _day_end(_instant(right)) if node.op == "-" else _instant(right)
    if node.op == "+" and (left.kind == right.kind == "string" or is_list(left.kind)):
        return _joined(node, left, right)
    found = ARITHMETIC.get((left.kind, node.op, right.kind))
    if found is None:
        fail(node, "type", f"`{node.op}` is not defined for {named(left.kind)} and {named(right.kind)}")
    kind, function = found
    if kind == left.kind == "number" and left.constant is not NOT_CONSTANT and right.constant is not NOT_CONSTANT:
        return written(NUMBERS[function](left.constant, right.constant), "", kind)
    if (left.kind, node.op) in LENGTHS and not (left.absent or right.absent):
        return Code(text=f"({left.text} {node.op} {right.text})", kind=kind)
    if function == "longer" and left.kind == "number":
        left, right = right, left
    return Code(text=f"{function}({left.text}, {right.text})", kind=kind, absent=True)


def _joined(node: Binary, left: Code, right: Code) -> Code:
    kind = one_of((left.kind, right.kind))
    if not kind:
        fail(node, "type", f"{named(left.kind)} and {named(right.kind)} do not make one list")
    text = f"joined({left.text}, {right.text})"
    each = max(left.each, right.each)
    return Code(text=text, kind=kind, absent=left.absent or right.absent, most=left.most + right.most, each=each)


def negative(node: Node, of: Code) -> Code:
    if of.kind not in ("number", EXACT):
        fail(node, "type", f"`-` needs a number, not {named(of.kind)}")
    if of.kind == "number" and of.constant is not NOT_CONSTANT:
        return written(NUMBERS["minus"](0, of.constant), "", of.kind)
    return Code(text=f"minus(0, {of.text})", kind=of.kind, absent=True)


def choice(node: Choice, test: Code, then: Code, other: Code) -> Code:
    """`test ? then : other`; a branch may be null, and days may stand beside hours."""
    kinds = {then.kind, other.kind} - {"null"}
    if kinds == {"span", EXACT}:
        then, other = _span(then), _span(other)
        kinds = {"span"}
    if kinds == {"moment", "time"}:
        then, other = _instant(then), _instant(other)
        kinds = {"time"}
    kind = one_of(kinds) if kinds else "null"
    if not kind:
        fail(node, "type", f"both branches must be of one type, not {named(then.kind)} and {named(other.kind)}")
    text = f"({then.text} if {test.text} else {other.text})"
    most, each = max(then.most, other.most), max(then.each, other.each)
    return Code(text=text, kind=kind, absent=then.absent or other.absent, most=most, each=each)


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
