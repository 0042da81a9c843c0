"""Decides what an expression makes of what is absent: comparisons are false, arithmetic is absent."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

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


def plus(a: Any, b: Any) -> Any:
    return None if a is None or b is None else a + b


def minus(a: Any, b: Any) -> Any:
    return None if a is None or b is None else a - b


def times(a: Any, b: Any) -> Any:
    return None if a is None or b is None else a * b


def over(a: Any, b: Any) -> Any:
    """A quotient; one by zero is absent."""
    return None if a is None or not b else a / b


def rest(a: Any, b: Any) -> Any:
    return None if a is None or not b else a % b


def entry(mapping: Mapping[str, Any] | None, key: str | None) -> Any:
    """The value under a key; absent where either is."""
    return None if mapping is None or key is None else mapping.get(key)


def size(value: Collection[Any] | None) -> int | None:
    return None if value is None else len(value)


def present(*values: str | None) -> list[str]:
    """A list as a rule writes it, without those that are absent."""
    return [value for value in values if value is not None]


def begins(text: str | None, part: str | None) -> bool:
    return text is not None and part is not None and text.startswith(part)


def ends(text: str | None, part: str | None) -> bool:
    return text is not None and part is not None and text.endswith(part)


def holds(text: str | None, part: str | None) -> bool:
    return text is not None and part is not None and part in text


def as_span(length: float | Span | None) -> Span | None:
    """A length of time as a span, where a choice mixes days with hours."""
    return length if length is None or isinstance(length, Span) else Span(int(length), "exact")


RUNTIME: dict[str, Any] = {
    "__builtins__": {}, "less": less, "at_most": at_most, "equal": equal, "unequal": unequal, "plus": plus,
    "minus": minus, "times": times, "over": over, "rest": rest, "entry": entry, "size": size,
    "present": present, "begins": begins, "ends": ends, "holds": holds, "as_span": as_span,
    "blank": is_blank, "operations": OPERATION_NAMES.get, "any": any, "all": all, "set": set, "getattr": getattr,
}  # fmt: skip
"""All that the Python of an expression may call."""
