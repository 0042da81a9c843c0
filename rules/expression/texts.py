"""Decides what the string functions of expressions answer; a place that a text does not have is absent."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

UPPER = {code: code - 32 for code in range(ord("a"), ord("z") + 1)}
LOWER = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}


def _place(place: float | None, most: int) -> int | None:
    return int(place) if place is not None and place == int(place) and 0 <= place <= most else None


def upper(text: str | None) -> str | None:
    return None if text is None else text.translate(UPPER)


def lower(text: str | None) -> str | None:
    return None if text is None else text.translate(LOWER)


def trimmed(text: str | None) -> str | None:
    return None if text is None else text.strip()


def character(text: str | None, place: float | None) -> str | None:
    """The character at a place; behind the last one there is an empty one."""
    at = None if text is None else _place(place, len(text))
    return None if text is None or at is None else text[at : at + 1]


def first_place(text: str | None, part: str | None, start: float | None = 0) -> int | None:
    """Where a part stands first, -1 if nowhere."""
    at = None if text is None else _place(start, len(text))
    return None if text is None or part is None or at is None else text.find(part, at)


def last_place(text: str | None, part: str | None, *until: float | None) -> int | None:
    """Where a part stands last, -1 if nowhere; not behind a place if one is given."""
    if text is None or part is None:
        return None
    at = _place(until[0], len(text)) if until else len(text)
    return None if at is None else text.rfind(part, 0, at + len(part))


def substring(text: str | None, start: float | None, *until: float | None) -> str | None:
    """From a place to before another, or to the end."""
    if text is None:
        return None
    first, last = _place(start, len(text)), _place(until[0], len(text)) if until else len(text)
    return None if first is None or last is None or first > last else text[first:last]


def split(text: str | None, by: str | None) -> list[str] | None:
    """The parts between separators; the characters where the separator is empty."""
    if text is None or by is None:
        return None
    return text.split(by) if by else list(text)


def glued(parts: Sequence[str] | None, by: str | None = "") -> str | None:
    return None if parts is None or by is None else by.join(parts)


TEXTS: dict[str, Callable[..., Any]] = {
    "upper": upper, "lower": lower, "trimmed": trimmed, "character": character, "first_place": first_place,
    "last_place": last_place, "substring": substring, "split": split, "glued": glued,
}  # fmt: skip
