"""Decides how the parts of a rule are read: words, spans, expressions and selectors, each fault at its place."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any, get_args, get_type_hints

from rules.expression import Compiled, ExpressionError, Scope, Value, compile_expression, parse
from rules.judging.selector import Clause, Selector
from rules.language.yaml import Node
from rules.model.events import BY_RANK, TYPES, EventType
from rules.model.spans import Span, parse_span
from rules.tables import Item

KIND_OF_COLUMN: dict[Any, str] = {
    str: "string", bool: "bool", int: "number", Span: "span", tuple[str, ...]: "strings", dict[str, Span]: "map:span",
}  # fmt: skip


def item_columns() -> dict[str, tuple[str, bool]]:
    """The columns of the catalogue that expressions may read: kind, and whether a version may lack it."""
    found: dict[str, tuple[str, bool]] = {}
    for name, hint in get_type_hints(Item).items():
        parts = [part for part in get_args(hint) if part is not type(None)]
        optional = type(None) in get_args(hint)
        kind = KIND_OF_COLUMN.get(parts[0] if optional else hint)
        if kind is not None:
            found[name] = (kind, optional)
    return found


COLUMNS = item_columns()
BARE_SPAN = re.compile(r"\d+\s*[A-Za-z]+")


class Reading:
    """What one rule file is read with: its parameters, its subject, and what its `when` has proved present."""

    def __init__(self, subject: str, params: Mapping[str, Value], streams: Iterable[str]) -> None:
        self.params, self.subject, self.streams = params, subject, tuple(streams)
        self.proved: frozenset[str] = frozenset()

    @property
    def scope(self) -> Scope:
        return Scope(self.params, COLUMNS, self.subject, self.proved)

    def expression(
        self, node: Node | None, types: Iterable[EventType], kinds: tuple[str, ...], may_be_absent: bool = False
    ) -> Compiled | None:
        """An expression compiled for these event types; None (and a fault) when it is wrong."""
        if node is None:
            return None
        text = node.value if isinstance(node.value, str) else str(node.value)
        if isinstance(node.value, bool):
            text = text.lower()
        if node.is_map or node.is_list:
            node.fault("type", "an expression is written as text")
            return None
        found = tuple(sorted(types, key=lambda kind: kind.rank))
        if BARE_SPAN.fullmatch(text) and literal(node) is None:
            return None
        try:
            if not found:  # the selector is wrong and said so; what else is wrong here is said too
                parse(text)
                return None
            return compile_expression(text, self.scope, found, kinds, may_be_absent)
        except ExpressionError as error:
            node.fault_in(error)
            return None

    def selector(self, node: Node | None) -> Selector:
        """`case.decided`, `case.*`, a list of alternatives, or {event, when, per, at, in_time}."""
        if node is None:
            return Selector()
        clauses: list[Clause] = []
        for position, part in enumerate(node.elements()):
            clauses += self._clauses(part, position)
        return Selector(tuple(clauses))

    def _clauses(self, node: Node, position: int) -> list[Clause]:
        if not node.is_map:
            ranks = self._ranks(node)
            return [Clause(ranks, position)] if ranks else []
        known(node, ("event", "when", "per", "at", "in_time", "at_most", "by", "max", "times", "before_due", "all"))
        inner = node.get("event")
        if inner is None:
            node.fault("missing-key", "a selector needs `event`")
            return []
        found: list[Clause] = []
        for base in (clause for part in inner.elements() for clause in self._clauses(part, position)):
            types = [BY_RANK[rank] for rank in base.ranks]
            per = node.get("per")
            every = per is not None and per.value == "*"
            found.append(
                Clause(
                    base.ranks,
                    position,
                    self.expression(node.get("when"), types, ("bool",)) or base.when,
                    None if every else self.expression(per, types, ("string",)) or base.per,
                    every,
                    self.expression(node.get("at"), types, ("moment", "time"), True) or base.at,
                    flag(node.get("in_time")) or base.in_time,
                )
            )
        return found

    def _ranks(self, node: Node) -> frozenset[int]:
        name = node.value
        if not isinstance(name, str):
            node.fault("type", "an event type is a word such as `case.decided`")
            return frozenset()
        usable = [kind for kind in TYPES.values() if kind.stream in self.streams]
        if name.endswith(".*"):
            ranks = frozenset(kind.rank for kind in usable if kind.name.startswith(name[:-1]))
        else:
            ranks = frozenset(kind.rank for kind in usable if kind.name == name)
        if not ranks:
            if name in TYPES:
                node.fault("wrong-stream", f"`{name}` is on the stream {TYPES[name].stream}, not on this rule's")
            else:
                node.fault("unknown-event", f"`{name}` is not an event type", suggest(name, TYPES))
        return ranks

    def span(self, node: Node | None) -> Span | None:
        """`5 workdays`, or the name of a parameter."""
        if node is None:
            return None
        value = self.value(node)
        if isinstance(value, Span):
            return value
        node.fault("not-a-duration", f"`{node.value}` is not a duration; write `5 workdays`, `30 days` or `24h`")
        return None

    def number(self, node: Node | None) -> float | None:
        if node is None:
            return None
        value = self.value(node)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return value
        node.fault("not-a-number", f"`{node.value}` is not a number")
        return None

    def value(self, node: Node) -> Value:
        """A literal, a span, or `params.<name>`."""
        if isinstance(node.value, str) and node.value.startswith("params."):
            name = node.value.removeprefix("params.")
            if name not in self.params:
                node.fault("unknown-param", f"the rule has no parameter `{name}`", suggest(name, self.params))
                return None
            return self.params[name]
        return literal(node)


def literal(node: Node) -> Value:
    """A parameter's value: a span where the text is one, else the scalar itself; a mistyped span is a fault."""
    if not isinstance(node.value, str):
        if node.is_map or node.is_list:
            node.fault("type", "a parameter is a number, a text or a duration")
            return None
        plain: Value = node.value
        return plain
    text = node.value
    if text[:1].isdigit() and not text.replace(".", "").replace("-", "").isdigit():
        try:
            return parse_span(text)
        except ValueError as error:
            message, _, hint = str(error).partition("; ")
            node.fault("not-a-duration", message, hint)
            return None
    return text


def types_of(*selectors: Selector) -> list[EventType]:
    """The event types that selectors may take."""
    return [BY_RANK[rank] for rank in sorted({rank for selector in selectors for rank in selector.ranks})]


def suggest(word: str, among: Iterable[str]) -> str:
    """`did you mean …?`, or nothing."""
    close = get_close_matches(str(word), [str(each) for each in among], 1, 0.6)
    return f"did you mean `{close[0]}`?" if close else ""


def known(node: Node, keys: Iterable[str]) -> None:
    """Unknown keys are faults: a typo must not silence a rule."""
    allowed = tuple(keys)
    if not node.is_map:
        node.fault("type", f"expected a mapping of {', '.join(allowed)}")
        return
    for key, place in node.keys.items():
        if key not in allowed:
            place.fault("unknown-key", f"`{key}` is none of {', '.join(allowed)}", suggest(key, allowed))


def flag(node: Node | None) -> bool:
    if node is None:
        return False
    if not isinstance(node.value, bool):
        node.fault("type", "this is true or false")
        return False
    return node.value


def word(parent: Node, key: str, allowed: Iterable[str] = (), default: str | None = None) -> str:
    """A text under a key; a fault when it is missing without a default, or none of the allowed ones."""
    node = parent.get(key)
    options = tuple(allowed)
    if node is None:
        if default is None:
            parent.fault("missing-key", f"`{key}` is required")
        return default or ""
    if not isinstance(node.value, str) or not node.value.strip():
        if isinstance(node.value, (int, float)) and not options:
            return str(node.value)
        node.fault("type", f"`{key}` is a text")
        return default or ""
    if options and node.value not in options:
        node.fault("unknown-word", f"`{node.value}` is none of {', '.join(options)}", suggest(node.value, options))
    return node.value


