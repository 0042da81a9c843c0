"""Decides what a book covers of what is declared: the "five alls" 全要素, 全阶段, 全流程, 全视角, 全活化 (RULES.md §5).

Elements: what is declared beside the rules. Stages: event types. Flows: from a beginning to its end, under a clock.
Perspectives: by what things are grouped. Life: the judged fields that rules read and that came in lately.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from rules.expression import Compiled, ExpressionError, expressions_in, parse
from rules.expression.code import dotted
from rules.expression.syntax import Call, Member, Name
from rules.judging.selector import Selector
from rules.judging.windows import Grouped
from rules.kinds.deadline import Deadline
from rules.language import Book, Rule
from rules.model.events import BY_RANK, TYPES
from rules.tables import Item

LATELY = 90
"""Days in which a field must have come in to be alive."""
NAMES_OF_ITEMS = ("task_code", "effective", "expires", "name_zh", "name_en", "basis")
EVERYWHERE = ("task_code", "region", "organ", "department", "actor")
"""Fields that every alert takes from the events of its subject, whatever its rule reads."""
PERSPECTIVES = (
    "department", "organ", "region", "task_code", "actor", "applicant", "object_id", "project_type", "channel",
)  # fmt: skip
FLOWS: tuple[tuple[str, str], ...] = (
    ("case.received", "case.accepted"), ("case.received", "case.correction_notified"),
    ("case.correction_notified", "case.corrected"), ("case.accepted", "case.decided"),
    ("case.accepted", "case.closed"), ("case.suspended", "case.resumed"), ("case.decided", "case.published"),
    ("case.decided", "case.delivered"), ("case.hearing_notified", "case.hearing_requested"),
    ("case.hearing_requested", "case.hearing_held"), ("review.submitted", "review.verified"),
    ("review.submitted", "review.rectified"), ("complaint.filed", "complaint.answered"),
    ("complaint.dispatched", "complaint.answered"), ("data_request.filed", "data_request.answered"),
    ("incident.opened", "incident.closed"), ("check.performed", "result.recorded"),
    ("result.recorded", "result.published"), ("rectify.ordered", "rectify.rechecked"),
    ("evidence.preserved", "evidence.disposed"), ("penalty.filed", "penalty.decided"),
    ("penalty.suspended", "penalty.resumed"), ("penalty.decided", "penalty.served"),
    ("penalty.served", "penalty.executed"), ("coercion.applied", "coercion.lifted"),
    ("coercion.suspended", "coercion.resumed"),
)  # fmt: skip
"""Beginnings and ends of both life cycles (DOMAIN.md §1–§3)."""

Fields = Mapping[tuple[str, str], int]
"""(event type, field) → how often it said something lately."""


class Thing(Struct, frozen=True):
    """One declared thing and the rules that cover it; `came` counts a field's events lately, None where not asked."""

    name: str
    rules: tuple[str, ...] = ()
    came: int | None = None

    @property
    def covered(self) -> bool:
        return bool(self.rules) and self.came != 0


class Aspect(Struct, frozen=True):
    """One of the five, with everything that it is about."""

    name: str
    things: tuple[Thing, ...]

    @property
    def covered(self) -> int:
        return sum(each.covered for each in self.things)

    @property
    def missing(self) -> tuple[Thing, ...]:
        return tuple(each for each in self.things if not each.covered)


def coverage(book: Book, clocks: Iterable[str], came: Fields | None = None) -> list[Aspect]:
    """The five aspects of a book; `clocks` are the shared ones by name, `came` the fields of the last 90 days."""
    read = [(rule, _Reading(rule)) for rule in book.rules]
    return [
        Aspect("elements", tuple(_elements(book, clocks, read))),
        Aspect("stages", tuple(_stages(read))),
        Aspect("flows", tuple(_flows(book.rules))),
        Aspect("perspectives", tuple(_perspectives(book.rules))),
        Aspect("life", tuple(_life(read, came))),
    ]


class _Reading:
    """What one rule reads: event types, fields of them, columns of items, declared tables."""

    def __init__(self, rule: Rule) -> None:
        self.types: set[str] = {BY_RANK[rank].name for rank in rule.body.ranks}
        self.fields: set[tuple[str, str]] = {
            (name, field) for name in self.types for field in EVERYWHERE if field in TYPES[name].judged
        }
        self.columns: set[str] = set()
        self.tables: set[str] = set()
        for compiled in expressions_in(rule.body):
            self._expression(compiled)

    def _expression(self, compiled: Compiled) -> None:
        self.types |= {BY_RANK[rank].name for rank in compiled.reads}
        own = [BY_RANK[rank].name for rank in compiled.functions if rank in BY_RANK]
        try:
            tree = parse(compiled.text)
        except ExpressionError:
            return
        for name in _names(tree):
            self._name(name.split("."), own)

    def _name(self, words: list[str], own: list[str]) -> None:
        kind = TYPES.get(".".join(words[:2]))
        if words[0] == "item" and len(words) > 1:
            self.columns.add(words[1])
        elif words[0] == "declared" and len(words) > 1:
            self.tables.add(words[1])
        elif kind is not None and len(words) > 2:
            self.fields |= {(kind.name, words[2])} if words[2] in kind.judged else set()
        else:
            field = words[1] if words[0] == "event" and len(words) > 1 else words[0]
            self.fields |= {(name, field) for name in own if field in TYPES[name].judged}


def _names(node: Any) -> Iterator[str]:
    """The dotted names of an expression; `first(case.x).field` is `case.x.field`."""
    if isinstance(node, Name | Member) and dotted(node):
        yield dotted(node)
    elif isinstance(node, Member) and isinstance(node.of, Call) and node.of.name == "first" and node.of.args:
        yield f"{dotted(node.of.args[0])}.{node.name}"
    elif isinstance(node, msgspec.Struct):
        for field in node.__struct_fields__:
            yield from _names(getattr(node, field))
    elif isinstance(node, tuple):
        for each in node:
            yield from _names(each)


Read = list[tuple[Rule, _Reading]]


def _who(rules: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(rules)))


def _elements(book: Book, clocks: Iterable[str], read: Read) -> Iterator[Thing]:
    for clock in sorted(clocks):
        bodies = ((rule.id, rule.body) for rule in book.rules)
        yield Thing(f"clock {clock}", _who(r for r, b in bodies if isinstance(b, Deadline) and b.ladder.clock == clock))
    for column in Item.__struct_fields__:
        if column not in NAMES_OF_ITEMS:
            yield Thing(f"item.{column}", _who(rule.id for rule, each in read if column in each.columns))
    for table in sorted(each.name for each in book.tables.declared):
        yield Thing(f"declared.{table}", _who(rule.id for rule, each in read if table in each.tables))
    if any(True for _ in book.tables.rosters):
        yield Thing("rosters", _who(rule.id for rule in book.rules if rule.kind == "roster"))


def _stages(read: Read) -> Iterator[Thing]:
    for name in TYPES:
        yield Thing(name, _who(rule.id for rule, each in read if name in each.types))


def _flows(rules: Iterable[Rule]) -> Iterator[Thing]:
    bodies = [(rule.id, rule.body) for rule in rules if isinstance(rule.body, Deadline)]
    for first, last in FLOWS:
        yield Thing(f"{first} → {last}", _who(rule for rule, body in bodies if _spans(body, first, last)))


def _spans(body: Deadline, first: str, last: str) -> bool:
    """Whether a clock runs, is stopped or is paused from one event to the other."""
    begins, ends = TYPES[first].rank, TYPES[last].rank
    pairs: tuple[tuple[tuple[Selector, ...], Selector], ...] = (
        ((body.start, body.restart, body.deemed_from), body.stop),
        ((body.deemed_from,), body.deemed_unless),
        ((body.pause,), body.resume),
    )
    return any(any(begins in each.ranks for each in starts) and ends in stop.ranks for starts, stop in pairs)


def _perspectives(rules: Iterable[Rule]) -> Iterator[Thing]:
    by: dict[str, set[str]] = {}
    for rule in rules:
        if isinstance(rule.body, Grouped) and rule.body.grouping is not None:
            for part in rule.body.grouping.parts:
                by.setdefault(part.text.removeprefix("event."), set()).add(rule.id)
    for name in (*PERSPECTIVES, *sorted(by.keys() - set(PERSPECTIVES))):
        yield Thing(name, _who(by.get(name, ())))


def _life(read: Read, came: Fields | None) -> Iterator[Thing]:
    for kind in TYPES.values():
        for field in kind.judged:
            rules = _who(rule.id for rule, each in read if (kind.name, field) in each.fields)
            number = None if came is None else came.get((kind.name, field), 0)
            yield Thing(f"{kind.name}.{field}", rules, number)
