"""Decides whether an event of a mapping applies to a row: what a column must be, or must not be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import Struct

from streams.sources.located import Section
from streams.sources.readers import Row
from streams.sources.values import Columns, as_text


class Condition(Struct, frozen=True):
    """What a column must be: present, or one of `words` (an absent column is the empty word); or not that."""

    column: str
    words: frozenset[str] | None
    negated: bool = False


def read_condition(section: Section, column: str) -> Condition:
    """`present`, `absent`, a word, a list of words, or {not: …}."""
    test, negated = section.node[column], False
    if isinstance(test, dict):
        if list(test) != ["not"]:
            section.at_value(
                column,
                "condition",
                "a condition is `present`, `absent`, a word, a list of words, or {not: …}",
            )
            return Condition(column, None)
        test, negated = test["not"], True
    if test == "present":
        return Condition(column, None, negated)
    if test == "absent":
        return Condition(column, None, not negated)
    words = frozenset(_word(each) for each in (test if isinstance(test, list) else [test]))
    return Condition(column, words, negated)


def _word(value: Any) -> str:
    """A YAML scalar as sources write it: an absent column is the empty word."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def holds(condition: Condition, columns: Columns) -> Callable[[Row], bool]:
    """The condition compiled for the rows of one source."""
    raw, column, words, negated = (
        columns.raw(condition.column),
        condition.column,
        condition.words,
        condition.negated,
    )
    if words is None:
        return (lambda row: raw(row) is None) if negated else (lambda row: raw(row) is not None)
    if len(words) == 1 and not negated:
        (word,) = words
        if word:
            return lambda row: (
                (found := raw(row)) == word or (type(found) not in (str, type(None)) and as_text(found, column) == word)
            )
    known = words

    def one_of(row: Row) -> bool:
        found = raw(row)
        text = "" if found is None else found if type(found) is str else as_text(found, column)
        return (text in known) is not negated

    return one_of
