"""Decides how expressions count: whole numbers of 64 bits and doubles; what has no answer is absent."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from math import fmod, isfinite
from typing import Any

from rules.expression.tokens import LEAST_WHOLE, MOST_WHOLE

LONGEST_WRITTEN = 40
TRUTH = {"true": True, "True": True, "TRUE": True, "t": True, "1": True} | {
    "false": False, "False": False, "FALSE": False, "f": False, "0": False,
}  # fmt: skip


def counted(number: Any) -> Any:
    """The number itself; absent where 64 bits do not hold it, and where it is infinite or none."""
    if isinstance(number, float):
        return number if isfinite(number) else None
    return number if LEAST_WHOLE <= number <= MOST_WHOLE else None


def plus(a: Any, b: Any) -> Any:
    return None if a is None or b is None else counted(a + b)


def minus(a: Any, b: Any) -> Any:
    return None if a is None or b is None else counted(a - b)


def times(a: Any, b: Any) -> Any:
    return None if a is None or b is None else counted(a * b)


def over(a: Any, b: Any) -> Any:
    """A quotient, without its rest where both are whole; one by zero is absent."""
    if a is None or not b:
        return None
    if isinstance(a, int) and isinstance(b, int):
        whole = abs(a) // abs(b)
        return counted(whole if (a < 0) == (b < 0) else -whole)
    return counted(a / b)


def rest(a: Any, b: Any) -> Any:
    """What a division leaves; it has the sign of what is divided."""
    if a is None or not b:
        return None
    if isinstance(a, int) and isinstance(b, int):
        left = abs(a) % abs(b)
        return -left if a < 0 else left
    return counted(fmod(a, b))


def share(a: int | None, b: int | None) -> float | None:
    """What part one length of time is of another."""
    return None if a is None or not b else a / b


def longer(length: int | None, by: float | None) -> int | None:
    """So many times a length of time, in whole microseconds."""
    return whole(times(length, by))


def shorter(length: int | None, by: float | None) -> int | None:
    """That part of a length of time, in whole microseconds."""
    return None if length is None or not by else whole(length / by)


def whole(value: float | str | None) -> int | None:
    """A number without what follows its point, or the whole number that a text spells."""
    if isinstance(value, str):
        digits = value[1:] if value[:1] in ("-", "+") else value
        if not (digits.isascii() and digits.isdecimal()) or len(digits) > LONGEST_WRITTEN:
            return None
        value = int(value)
    if isinstance(value, float):
        value = int(value) if isfinite(value) else None
    return None if value is None else counted(value)


def double(value: float | str | None) -> float | None:
    """A number as a double, or the number that a text spells."""
    try:
        number = None if value is None or (isinstance(value, str) and "_" in value) else float(value)
    except ValueError:
        return None
    return None if number is None else counted(number)


def written(value: float | str | bool | None) -> str | None:
    """A value as a text, numbers without exponent."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        text = format(Decimal(repr(value)), "f")
        return text.rstrip("0").rstrip(".") if "." in text else text
    return None if value is None else str(value)


def truth(value: str | bool | None) -> bool | None:
    """What a text such as `true` says; absent for one that says neither."""
    return TRUTH.get(value) if isinstance(value, str) else value


NUMBERS: dict[str, Callable[..., Any]] = {
    "plus": plus, "minus": minus, "times": times, "over": over, "rest": rest, "share": share, "longer": longer,
    "shorter": shorter, "whole": whole, "double": double, "written": written, "truth": truth,
}  # fmt: skip
