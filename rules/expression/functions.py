"""Decides what the functions and methods of expressions take, and writes them out as Python."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from rules.expression.code import NOT_CONSTANT, Code, boolean, dotted, fail
from rules.expression.kind import EMPTY, element_of, is_list, is_map, key_of, list_of, map_of, named, one_of, value_of
from rules.expression.pattern import Pattern, PatternError
from rules.expression.syntax import Call, Index, Member, Node

KEYS = ("string", "number", "bool")
UNHELD = ("fact", "text", "null", "moment", "table")
EMPTY_IS_ABSENT = ("string", "text", "strings")


class Method(Struct, frozen=True):
    """One method: the Python that answers, the kind of its target, those of its arguments, and of the answer.

    `least` is how many arguments must be written. A text is `part` of its target where it cannot be longer.
    """

    python: str
    of: str
    takes: tuple[str, ...]
    gives: str
    least: int


METHODS = {
    "startsWith": Method("begins", "string", ("string",), "bool", 1),
    "endsWith": Method("ends", "string", ("string",), "bool", 1),
    "contains": Method("holds", "string", ("string",), "bool", 1),
    "charAt": Method("character", "string", ("number",), "string", 1),
    "indexOf": Method("first_place", "string", ("string", "number"), "number", 1),
    "lastIndexOf": Method("last_place", "string", ("string", "number"), "number", 1),
    "substring": Method("substring", "string", ("number", "number"), "string", 1),
    "lowerAscii": Method("lower", "string", (), "string", 0),
    "upperAscii": Method("upper", "string", (), "string", 0),
    "trim": Method("trimmed", "string", (), "string", 0),
    "split": Method("split", "string", ("string",), "strings", 1),
    "join": Method("glued", "strings", ("string",), "string", 0),
}
CONVERSIONS = {
    "int": ("whole", ("number", "string"), "number"),
    "double": ("double", ("number", "string"), "number"),
    "string": ("written", ("number", "string", "bool"), "string"),
    "bool": ("truth", ("bool", "string"), "bool"),
}
FUNCTIONS = ("has", "blank", "size", "first", "distinct", "matches", *CONVERSIONS)
FOREIGN = {
    **dict.fromkeys(("timestamp", "duration"), "times are fields, and durations are written `24h` or `5 workdays`"),
    **dict.fromkeys(("uint", "bytes", "dyn", "type"), "everything has one type here, known when the rule is loaded"),
    **dict.fromkeys(
        ("getHours", "getMinutes", "getSeconds", "getMilliseconds", "getDate", "getDayOfWeek", "getDayOfMonth",
         "getDayOfYear", "getMonth", "getFullYear"), "what day it is depends on the region: limits count working days",
    ),
    **dict.fromkeys(
        ("format", "quote", "reverse", "replace", "sort", "slice", "flatten", "range"), "a condition rarely needs it",
    ),
    **dict.fromkeys(("optMap", "optFlatMap", "orValue", "hasValue", "value"), "ask has() first"),
}  # fmt: skip
"""What CEL or its extensions have and this language has not, and what to do instead."""


def unheld(kind: str) -> bool:
    """Whether neither a list nor a map can hold this: it is no value of its own."""
    return kind in UNHELD or kind.startswith("row:")


def has(node: Call, of: Code) -> Code:
    """Whether something is there; an empty text or list is not."""
    path = of.needs or dotted(node.args[0])
    if not path and of.kind != "fact" and not of.absent:
        fail(node, "arguments", "has() asks for a field or an earlier fact")
    proved = frozenset({path} if path else ())
    if of.constant is not NOT_CONSTANT:
        there = of.constant is not None and of.constant != ""
        return Code(text=repr(there), kind="bool", constant=there, if_true=proved)
    test = f"(not not {of.text})" if of.kind in EMPTY_IS_ABSENT else f"({of.text} is not None)"
    return Code(text=test, kind="bool", if_true=proved)


def blank(node: Call, of: Code) -> Code:
    if of.kind not in ("string", "text"):
        fail(node, "type", f"blank() takes a text, not {named(of.kind)}")
    return boolean(f"blank({of.text})")


def size(node: Call, of: Code) -> Code:
    if of.kind != "string" and not is_list(of.kind) and not is_map(of.kind):
        fail(node, "type", f"size() takes a list, a map or a string, not {named(of.kind)}")
    return Code(text=f"size({of.text})", kind="number", absent=of.absent)


def distinct(node: Call, of: Code) -> Code:
    if not is_list(of.kind) or is_list(element_of(of.kind)) or is_map(element_of(of.kind)):
        fail(node, "type", f"distinct() takes a list of single values, not {named(of.kind)}")
    return Code(text=f"distinct({of.text})", kind=of.kind, most=of.most, each=of.each)


def converted(node: Call, of: Code) -> Code:
    """`int(x)`, `double(x)`, `string(x)`, `bool(x)`: absent where the value says no such thing."""
    python, takes, gives = CONVERSIONS[node.name]
    if of.kind not in takes:
        fail(node, "type", f"{node.name}() takes {' or '.join(map(named, takes))}, not {named(of.kind)}")
    return Code(text=f"{python}({of.text})", kind=gives, absent=True, most=of.most)


def foreign(node: Call, known: Sequence[str], what: str) -> None:
    """Ends with a fault for a function that is not here."""
    if node.name in FOREIGN:
        fail(node, "not-supported", f"`{node.name}` of CEL is not here", hint=FOREIGN[node.name])
    fail(node, "unknown-function", f"there is no {what} `{node.name}`", known, node.name)


def method(node: Call, of: Code, args: Sequence[Code]) -> Code:
    """`target.name(arguments)` of the table above."""
    row = METHODS[node.name]
    if not row.least <= len(args) <= len(row.takes):
        counts = sorted({row.least, len(row.takes)})
        fail(node, "arguments", f"{node.name}() takes {' or '.join(map(str, counts))} argument(s)")
    if not one_of((of.kind, row.of)):
        fail(node, "type", f"{node.name}() is for {row.of if row.of == 'strings' else 'strings'}, not {named(of.kind)}")
    for part, code, kind in zip(node.args, args, row.takes, strict=False):
        if code.kind != kind:
            fail(part, "type", f"{node.name}() takes {named(kind)} here, not {named(code.kind)}")
    text = f"{row.python}({', '.join(code.text for code in (of, *args))})"
    if row.gives == "bool":
        return boolean(text)
    most = of.most
    if node.name == "join":
        most = of.most * (of.each + (args[0].most if args else 0))
    return Code(text=text, kind=row.gives, absent=True, most=most, each=of.most)


def pattern(node: Call, of: Code, written: Code) -> Pattern:
    """The pattern of `text.matches('…')`, which the rule writes out."""
    place = node.args[-1]
    if of.kind != "string":
        fail(node, "type", f"matches() is for strings, not {named(of.kind)}")
    if not isinstance(written.constant, str):
        fail(place, "not-a-pattern", "a pattern is written out in the rule", hint="write text.matches('^[0-9]+$')")
    try:
        return Pattern(written.constant)
    except PatternError as error:
        return fail(place, "not-a-pattern", f"{error} (character {error.at + 1} of the pattern)")


def entry(node: Index, of: Code, key: Code) -> Code:
    """The value under a key of a map, or at a place of a list; absent where there is none."""
    if is_list(of.kind):
        if key.kind != "number":
            fail(node.key, "type", f"a list is looked up by a number from 0 on, not {named(key.kind)}")
        return Code(text=f"element({of.text}, {key.text})", kind=element_of(of.kind), absent=True, most=of.each)
    if not is_map(of.kind):
        fail(node, "type", f"{named(of.kind)} cannot be indexed")
    if not one_of((key.kind, key_of(of.kind))):
        fail(node.key, "type", f"this map is looked up by {named(key_of(of.kind))}, not {named(key.kind)}")
    return Code(text=f"entry({of.text}, {key.text})", kind=value_of(of.kind), absent=True, most=of.each)


def member(node: Member, of: Code) -> Code:
    """`map.key`, the same as `map['key']`."""
    if key_of(of.kind) not in ("string", EMPTY):
        fail(node, "type", f"{named(of.kind)} has no field `{node.name}`")
    return Code(text=f"entry({of.text}, {node.name!a})", kind=value_of(of.kind), absent=True, most=of.each)


def listed(node: Node, parts: Sequence[tuple[Node, Code]]) -> Code:
    """`[a, b]`: what is absent is not in the list."""
    kind = one_of(code.kind for _, code in parts)
    if not kind:
        fail(node, "type", f"a list is of one type, this is of {', '.join(sorted({code.kind for _, code in parts}))}")
    if unheld(kind):
        fail(parts[0][0], "type", f"a list cannot hold {named(kind)}")
    texts = [code.text for _, code in parts]
    each = max((code.most for _, code in parts), default=0)
    made = Code(text=f"present({', '.join(texts)})", kind=list_of(kind), most=len(parts), each=each)
    if all(isinstance(code.constant, str | int | float) for _, code in parts):
        return Code(text=f"({''.join(f'{text}, ' for text in texts)})", kind=made.kind, most=made.most, each=each)
    return made


def mapped(node: Node, pairs: Sequence[tuple[tuple[Node, Node], Code, Code]]) -> Code:
    """`{key: value}`: what is absent is not in the map."""
    keys, values = one_of(key.kind for _, key, _ in pairs), one_of(value.kind for _, _, value in pairs)
    if not keys or not values:
        fail(node, "type", "the keys of a map are of one type, and so are its values")
    if pairs and keys not in KEYS:
        fail(pairs[0][0][0], "type", f"the key of a map is a string, a number or true or false, not {named(keys)}")
    if unheld(values):
        fail(pairs[0][0][1], "type", f"a map cannot hold {named(values)}")
    met: set[object] = set()
    for (place, _), key, _ in pairs:
        if key.constant in met:
            fail(place, "duplicate-key", "this key stands in the map twice")
        met |= set() if key.constant is NOT_CONSTANT else {key.constant}
    text = ", ".join(f"({key.text}, {value.text})" for _, key, value in pairs)
    each = max((value.most for _, _, value in pairs), default=0)
    return Code(text=f"entries({text})", kind=map_of(keys, values), most=len(pairs), each=each)
