"""Decides how single words of a rule are read: keys, texts, durations, days; each fault at its place."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from difflib import get_close_matches

from rules.expression import Value
from rules.language.yaml import Node
from rules.model.alerts import Text
from rules.model.spans import parse_span

LIKE = 0.6


def suggest(word: object, among: Iterable[str]) -> str:
    """`did you mean …?`, or nothing."""
    close = get_close_matches(str(word), sorted(among), 1, LIKE)
    return f"did you mean `{close[0]}`?" if close else ""


def known(node: Node, keys: Iterable[str]) -> bool:
    """Whether this is a mapping; unknown keys are faults: a typo must not silence a rule."""
    allowed = tuple(keys)
    if not node.is_map:
        node.fault("type", f"expected a mapping of {', '.join(allowed)}, not {node.shown}")
        return False
    for key, place in node.keys.items():
        if key not in allowed:
            hint = suggest(key, allowed)
            others = "" if hint else f"; there are {', '.join(allowed)}"
            place.fault("unknown-key", f"{place.shown} is not a key here{others}", hint)
            node.mistyped.update(get_close_matches(key, allowed, 1, LIKE))
    return True


def missing(node: Node, key: str, why: str = "is required") -> None:
    """A fault for a key that is not there, unless it is there with a typo, which is told already."""
    if key not in node.mistyped:
        node.fault("missing-key", f"`{key}` {why}")


def flag(node: Node | None) -> bool:
    if node is None:
        return False
    if not isinstance(node.value, bool):
        node.fault("type", f"this is true or false, not {node.shown}")
        return False
    return node.value


def must_be_true(node: Node | None, why: str) -> None:
    """A key that may only be written to say what holds anyway."""
    if node is not None and node.value is not True:
        node.fault("unknown-word", why)


def word(parent: Node, key: str, allowed: Iterable[str] = (), default: str | None = None) -> str:
    """A text under a key; a fault when it is missing without a default, or none of the allowed ones."""
    node = parent.get(key)
    options = tuple(allowed)
    if node is None:
        if default is None:
            missing(parent, key)
        return default or ""
    if isinstance(node.value, (int, float)) and not isinstance(node.value, bool) and not options:
        return str(node.value)
    if not isinstance(node.value, str) or not node.value.strip():
        node.fault("type", f"`{key}` is a text, not {node.shown}")
        return default or ""
    if options and node.value not in options:
        node.fault("unknown-word", f"{node.shown} is none of {', '.join(options)}", suggest(node.value, options))
        return default or ""
    return node.value


def text(parent: Node, key: str) -> Text:
    """The same words in Chinese and English under a key."""
    node = parent.get(key)
    if node is None:
        missing(parent, key, "is required, in zh and en")
        return Text("", "")
    return Text(word(node, "zh"), word(node, "en")) if known(node, ("zh", "en")) else Text("", "")


def day(node: Node | None) -> date | None:
    if node is None:
        return None
    try:
        return date.fromisoformat(str(node.value))
    except ValueError:
        node.fault("not-a-date", f"{node.shown} is not a date (YYYY-MM-DD)")
        return None


def time(node: Node | None) -> str:
    """A written time, or a date; a fault where it is neither."""
    if node is None:
        return ""
    try:
        datetime.fromisoformat(str(node.value))
    except ValueError:
        node.fault("not-a-time", f"{node.shown} is neither a time nor a date", "write `2026-03-02T09:00`")
    return str(node.value)


def literal(node: Node) -> Value:
    """A parameter's value: a span where the text is one, else the scalar; a mistyped span is a fault."""
    if not isinstance(node.value, str):
        if node.is_map or node.is_list or node.value is None:
            node.fault("type", f"expected a number, a text or a duration, not {node.shown}")
            return None
        plain: Value = node.value
        return plain
    written = node.value
    if not written[:1].isdigit() or written.removesuffix("%").replace(".", "").replace("-", "").isdigit():
        return written
    try:
        span = parse_span(written)
    except ValueError as error:
        message, _, hint = str(error).partition("; ")
        node.fault("not-a-duration", message, hint)
        return None
    if span.amount == 0:
        node.fault("impossible-duration", f"{node.shown} is no time at all")
        return None
    return span
