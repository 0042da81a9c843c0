"""Decides how the kinds of lists and maps are written, and when two kinds are one."""

from __future__ import annotations

from collections.abc import Iterable

EMPTY = "nothing"
"""The kind of what an empty list or map holds: it goes with any other."""
NAMED = {
    "bool": "a condition", "exact": "a duration", "span": "a duration in days or hours", "strings": "a list of strings",
    "moment": "a time", "text": "a free text", "fact": "an event", "null": "null", EMPTY: "nothing",
    "table": "a declared table",
}  # fmt: skip


def named(kind: str) -> str:
    """A kind as a message calls it."""
    if kind.startswith("list:"):
        return f"a list of {named(element_of(kind)).partition(' ')[2] or 'nothing'}s"
    if kind.startswith("row:"):
        return "a row of a declared table"
    return "a map" if is_map(kind) else NAMED.get(kind, f"a {kind}")


def list_of(kind: str) -> str:
    return "strings" if kind == "string" else f"list:{kind}"


def element_of(kind: str) -> str:
    """The kind of the elements of a list, or of the keys of a map; empty for anything else."""
    if kind == "strings":
        return "string"
    if kind.startswith("list:"):
        return kind.removeprefix("list:")
    return key_of(kind)


def map_of(key: str, value: str) -> str:
    return f"map:{value}" if key == "string" else f"map[{key}]:{value}"


def key_of(kind: str) -> str:
    """The kind of the keys of a map; empty for anything else."""
    if kind.startswith("map["):
        return kind[len("map[") : kind.index("]")]
    return "string" if kind.startswith("map:") else ""


def value_of(kind: str) -> str:
    """The kind of the values of a map."""
    return kind.partition(":")[2]


def is_list(kind: str) -> bool:
    return kind == "strings" or kind.startswith("list:")


def is_map(kind: str) -> bool:
    return kind.startswith(("map:", "map["))


def one_of(kinds: Iterable[str]) -> str:
    """The one kind that all of these are, where an empty list or map is one of any; empty if there is none."""
    found = EMPTY
    for kind in kinds:
        found = _both(found, kind)
        if not found:
            return ""
    return found


def _both(one: str, other: str) -> str:
    if one == other or other == EMPTY:
        return one
    if one == EMPTY:
        return other
    if is_list(one) and is_list(other):
        element = _both(element_of(one), element_of(other))
        return list_of(element) if element else ""
    if is_map(one) and is_map(other):
        key, value = _both(key_of(one), key_of(other)), _both(value_of(one), value_of(other))
        return map_of(key, value) if key and value else ""
    return ""
