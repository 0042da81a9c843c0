"""Decides which events a rule means: types, a condition, a key, and whether only those in time count."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from rules.expression import Compiled
from rules.judging.context import Context
from rules.model.events import RANK_OF, Fact

ALL_KEYS = "*"


class Clause(Struct, frozen=True):
    """One alternative of a selector; `position` is its place in the list that was written.

    A stop that is not `final` lets a later start open a clock of its own.
    """

    ranks: frozenset[int]
    position: int = 0
    when: Compiled | None = None
    per: Compiled | None = None
    every_key: bool = False
    at: Compiled | None = None
    in_time: bool = False
    final: bool = True

    def takes(self, fact: Fact, context: Context) -> bool:
        rank = RANK_OF[type(fact)]
        return rank in self.ranks and (self.when is None or bool(self.when.functions[rank](fact, context)))


class Selector(Struct, frozen=True):
    """Alternatives in the order in which they were written; the first that takes an event speaks for it."""

    clauses: tuple[Clause, ...] = ()

    @property
    def ranks(self) -> frozenset[int]:
        return frozenset(rank for clause in self.clauses for rank in clause.ranks)

    @property
    def has_in_time(self) -> bool:
        return any(clause.in_time for clause in self.clauses)

    @property
    def lets_start_again(self) -> bool:
        return any(not clause.final for clause in self.clauses)

    def is_plain(self, rank: int) -> bool:
        """True when every event of that type is taken, by one clause that says nothing else."""
        clauses = [clause for clause in self.clauses if rank in clause.ranks]
        return len(clauses) == 1 and clauses[0] == Clause(clauses[0].ranks, clauses[0].position)

    def clause_of(self, fact: Fact, context: Context) -> Clause | None:
        """The alternative that takes this event, if one does."""
        for clause in self.clauses:
            if clause.takes(fact, context):
                return clause
        return None


def text_of(compiled: Compiled | None, fact: Fact, context: Context) -> str | None:
    """The text of a field whose values are told apart, an empty one where none is; None where an event has none."""
    if compiled is None:
        return ""
    value = read(compiled, fact, context)
    return None if value is None or value == "" else str(value)


def read(compiled: Compiled | None, fact: Fact, context: Context) -> Any:
    """The value of an expression for a fact; None where there is no expression, or none for its type."""
    if compiled is None:
        return None
    function = compiled.functions.get(RANK_OF[type(fact)])
    return function(fact, context) if function is not None else None
