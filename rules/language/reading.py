"""Decides how expressions, event selectors, lengths of time and numbers of a rule are read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, get_args, get_type_hints

from msgspec import Struct

from rules.expression import Compiled, ExpressionError, Scope, Value, compile_expression, parse
from rules.judging.selector import Clause, Selector
from rules.language.words import flag, known, literal, missing, suggest
from rules.language.yaml import Node
from rules.model.events import BY_RANK, TYPES, EventType
from rules.model.spans import Span
from rules.tables import Item, Tables

ITEM = re.compile(r"\bitem\.")
SELECTOR_KEYS = ("event", "when")
CLOCK_KEYS = ("per", "at", "in_time")
"""What only a clock asks of a selector."""
BARE_SPAN = re.compile(r"\d+\s*[A-Za-z]+")
DECLARED = re.compile(r"\bdeclared\.")
PARAMETER = re.compile(r"\bparams\.(\w+)")
KIND_OF_COLUMN: dict[Any, str] = {
    str: "string", bool: "bool", int: "number", Span: "span",
    tuple[str, ...]: "strings", dict[str, Span]: "map:span",
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


class Head(Struct, frozen=True):
    """What the body of a rule needs of the rule around it."""

    rule: str
    stream: str
    severity: str
    when: Node | None
    clocks: Mapping[str, Node]
    escalate: Node | None = None


class Reading:
    """What one rule file is read with: parameters, subject, and what its `when` has proved present."""

    def __init__(
        self, subject: str, params: Mapping[str, Value], streams: Iterable[str], tables: Tables | None = None
    ) -> None:
        self.params, self.subject, self.streams = params, subject, tuple(streams)
        self.declared = None if tables is None else {each.name: (each.kinds(), each.value) for each in tables.declared}
        self.rosters = None if tables is None else frozenset(tables.rosters)
        self.proved: frozenset[str] = frozenset()
        self.of_clock = False

    def expression(
        self,
        node: Node | None,
        types: Iterable[EventType],
        kinds: tuple[str, ...],
        may_be_absent: bool = False,
    ) -> Compiled | None:
        """An expression compiled for these event types; None (and a fault) when it is wrong."""
        if node is None:
            return None
        if node.is_map or node.is_list or node.value is None:
            node.fault("type", f"an expression is written as text, not as {node.shown}")
            return None
        text = str(node.value).lower() if isinstance(node.value, bool) else str(node.value)
        if BARE_SPAN.fullmatch(text.strip()) and literal(node) is None:
            return None
        found = tuple(sorted(types, key=lambda kind: kind.rank))
        scope = Scope(self.params, COLUMNS, self.subject, self.proved, self.declared or {})
        try:
            if not found or self._rests_on_a_fault(text):  # which is told already; what else is wrong here is told too
                parse(text)
                return None
            return compile_expression(text, scope, found, kinds, may_be_absent)
        except ExpressionError as error:
            node.fault_in(error)
        except RecursionError:
            node.fault("too-costly", "this is nested too deeply")
        return None

    def _rests_on_a_fault(self, text: str) -> bool:
        if self.declared is None and DECLARED.search(text):
            return True
        return any(name in self.params and self.params[name] is None for name in PARAMETER.findall(text))

    def selector(self, node: Node | None, also: tuple[str, ...] = (), each: tuple[str, ...] = ()) -> Selector:
        """`case.decided`, `case.*`, a list of alternatives, or {event, when, per, at, in_time}.

        `also` are the further keys that a selector may have where it stands, when it is one mapping; `each` those that
        every alternative may have.
        """
        if node is None:
            return Selector()
        if not node.elements():
            node.fault("empty", "this selects no event")
        clauses: list[Clause] = []
        for position, part in enumerate(node.elements()):
            clauses += self._clauses(part, position, (*each, *(also if part is node else ())))
        return Selector(tuple(clauses))

    def required(self, node: Node, key: str, why: str = "is required") -> Selector:
        """The selector under a key; a fault where there is none."""
        if node.get(key) is None:
            missing(node, key, why)
        return self.selector(node.get(key))

    def _clauses(self, node: Node, position: int, also: tuple[str, ...] = ()) -> list[Clause]:
        if not node.is_map:
            ranks = self._ranks(node)
            return [Clause(ranks, position)] if ranks else []
        known(node, (*SELECTOR_KEYS, *(CLOCK_KEYS if self.of_clock else ()), *also))
        inner = node.get("event")
        if inner is None:
            node.fault("missing-key", "a selector needs `event`")
            return []
        return [
            self._narrowed(base, node, position) for part in inner.elements() for base in self._clauses(part, position)
        ]

    def _narrowed(self, base: Clause, node: Node, position: int) -> Clause:
        types = [BY_RANK[rank] for rank in base.ranks]
        per = node.get("per")
        every = per is not None and per.value == "*"
        return Clause(
            base.ranks,
            position,
            self.expression(node.get("when"), types, ("bool",)) or base.when,
            None if every else self.expression(per, types, ("string",)) or base.per,
            every,
            self.expression(node.get("at"), types, ("moment", "time"), True) or base.at,
            flag(node.get("in_time")) or base.in_time,
            node.get("final") is None or flag(node.get("final")),
        )

    def _ranks(self, node: Node) -> frozenset[int]:
        name = node.value
        if not isinstance(name, str):
            node.fault("type", f"an event type is a word such as `case.decided`, not {node.shown}")
            return frozenset()
        usable = [kind for kind in TYPES.values() if kind.stream in self.streams]
        stem = name[:-1] if name.endswith(".*") else None
        ranks = frozenset(
            kind.rank for kind in usable if (kind.name.startswith(stem) if stem is not None else kind.name == name)
        )
        if not ranks and name in TYPES:
            node.fault("wrong-stream", f"`{name}` is on the stream {TYPES[name].stream}, not on this rule's")
        elif not ranks:
            node.fault("unknown-event", f"{node.shown} is not an event type", suggest(name, TYPES))
        return ranks

    def span(self, node: Node | None) -> Span | None:
        """`5 workdays`, or the name of a parameter."""
        if node is None:
            return None
        value, told = self._value(node)
        if isinstance(value, Span):
            return value
        if not told:
            hint = "write `5 workdays`, `30 days` or `24h`"
            node.fault("not-a-duration", f"{node.shown} is not a duration", hint)
        return None

    def exact(self, node: Node | None) -> int:
        """An exact length of time in microseconds; 0 where there is none."""
        span = self.span(node)
        if span is None or node is None:
            return 0
        if span.unit != "exact":
            node.fault("not-exact", f"{node.shown}: this takes hours, minutes or seconds")
        return span.amount

    def number(self, node: Node | None) -> float | None:
        if node is None:
            return None
        value, told = self._value(node)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return value
        if not told:
            node.fault("not-a-number", f"{node.shown} is not a number")
        return None

    def text(self, node: Node) -> str | None:
        """A text, or the parameter that says it; None for a fault that is told already."""
        value, told = self._value(node)
        return None if told and value is None else str(value)

    def _value(self, node: Node) -> tuple[Value, bool]:
        """A literal, a span, or what `params.<name>` stands for; and whether its fault is told already."""
        if isinstance(node.value, str) and node.value.startswith("params."):
            name = node.value.removeprefix("params.")
            if name not in self.params:
                hint = suggest(name, self.params)
                node.fault("unknown-param", f"the rule has no parameter `{name}`", hint)
                return None, True
            return self.params[name], self.params[name] is None
        value = literal(node)
        return value, value is None


def types_of(*selectors: Selector) -> list[EventType]:
    """The event types that selectors may take."""
    return [BY_RANK[rank] for rank in sorted({rank for selector in selectors for rank in selector.ranks})]


def asks_for_the_case(compiled: Compiled) -> bool:
    """Whether an expression looks beyond the event: at other facts of its subject, or at the item."""
    return bool(compiled.reads or ITEM.search(compiled.text))


def asks_for_tables(compiled: Compiled) -> bool:
    """Whether an expression looks at what is declared, which another book may declare otherwise."""
    return bool(ITEM.search(compiled.text) or DECLARED.search(compiled.text))


def written(node: Node) -> str:
    """How a rule writes a selector, without its conditions."""
    inner = node.get("event") if node.is_map else node
    return ", ".join(part.shown.strip("`") for part in inner.elements()) if inner is not None else ""
