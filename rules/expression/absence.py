"""Decides what an expression makes of what is absent: comparisons are false, arithmetic is absent."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from rules.expression.numbers import NUMBERS
from rules.expression.pattern import Pattern
from rules.expression.texts import TEXTS
from rules.model.events import OPERATIONS
from rules.model.fields import is_blank
from rules.model.spans import Span

OPERATION_NAMES = {code: name for name, code in OPERATIONS.items()}


def less(a: Any, b: Any) -> bool:
    return a is not None and b is not None and bool(a < b)


def at_most(a: Any, b: Any) -> bool:
    return a is not None and b is not None and bool(a <= b)


def equal(a: Any, b: Any) -> bool:
    return a is not None and b is not None and bool(a == b)


def unequal(a: Any, b: Any) -> bool:
    return a is not None and b is not None and bool(a != b)


def alike(a: Any, b: Any) -> bool:
    """Whether two lists or maps hold the same; what an event brings may be a list or a tuple."""
    if isinstance(a, list | tuple) and isinstance(b, list | tuple):
        return len(a) == len(b) and all(map(alike, a, b))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(alike(value, b[key]) for key, value in a.items())
    return equal(a, b)


def unlike(a: Any, b: Any) -> bool:
    return a is not None and b is not None and not alike(a, b)


def entry(mapping: Mapping[Any, Any] | None, key: Any) -> Any:
    """The value under a key; absent where either is."""
    return None if mapping is None or key is None else mapping.get(key)


def element(of: Sequence[Any] | None, place: float | None) -> Any:
    """The element at a place, from 0 on; absent where there is none."""
    if of is None or place is None or place != int(place) or not 0 <= place < len(of):
        return None
    return of[int(place)]


def size(value: Collection[Any] | None) -> int | None:
    return None if value is None else len(value)


def present(*values: Any) -> list[Any]:
    """A list as a rule writes it, without those that are absent."""
    return [value for value in values if value is not None]


def entries(*pairs: tuple[Any, Any]) -> dict[Any, Any]:
    """A map as a rule writes it, without what is absent; of a key that comes twice the first counts."""
    return {key: value for key, value in reversed(pairs) if key is not None and value is not None}


def once(tests: Sequence[Any]) -> bool:
    return sum(map(bool, tests)) == 1


def distinct(values: Iterable[Any] | None) -> list[Any]:
    """The elements of a list in their order, each once."""
    return list(dict.fromkeys(values or ()))


def joined(one: Any, other: Any) -> Any:
    """Two texts or two lists as one."""
    if one is None or other is None:
        return None
    return one + other if isinstance(one, str) else [*one, *other]


def begins(text: str | None, part: str | None) -> bool:
    return text is not None and part is not None and text.startswith(part)


def ends(text: str | None, part: str | None) -> bool:
    return text is not None and part is not None and text.endswith(part)


def holds(text: str | None, part: str | None) -> bool:
    return text is not None and part is not None and part in text


def found(text: str | None, pattern: Pattern) -> bool:
    return text is not None and pattern.is_in(text)


def as_span(length: int | Span | None) -> Span | None:
    """A length of time as a span, where a choice mixes days with hours."""
    return length if length is None or isinstance(length, Span) else Span(length, "exact")


RUNTIME: dict[str, Any] = {
    "__builtins__": {}, "less": less, "at_most": at_most, "equal": equal, "unequal": unequal, "alike": alike,
    "unlike": unlike, "entry": entry, "element": element, "size": size, "present": present, "entries": entries,
    "once": once, "distinct": distinct, "joined": joined, "begins": begins, "ends": ends, "holds": holds,
    "found": found, "as_span": as_span, "blank": is_blank, "operations": OPERATION_NAMES.get, "any": any, "all": all,
    "getattr": getattr, **NUMBERS, **TEXTS,
}  # fmt: skip
"""All that the Python of an expression may call."""
