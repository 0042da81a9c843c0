"""Decides which rules judge a group: those that group alike, as they read in the region of its earliest event."""

from __future__ import annotations

from collections.abc import Iterator

from rules.core.group import Group
from rules.judging.windows import Grouped, Grouping, GroupKind, grouping_named
from rules.language.rule import Book, Rule
from rules.model.facts import SEPARATOR, group_key

Judging = list[tuple[Rule, GroupKind]]


class GroupRules:
    """The rules of groups of a book, by grouping and, where a region overrides a parameter, by region."""

    __slots__ = ("_book", "_known", "regional")

    def __init__(self, book: Book) -> None:
        self._book, self.regional = book, bool(book.regional)
        self._known: dict[str, dict[str, Judging]] = {}

    def of(self, group: Group) -> Judging:
        """The rules of a group; none where its grouping has left the book."""
        return self._within(group.home if self.regional else "").get(group.grouping.name, [])

    def awaited(self) -> Iterator[str]:
        """The keys of the groups that are judged though nothing was ever told of them."""
        for name, rules in self._within("").items():
            for _, body in rules:
                yield from (group_key(name, (each,)) for each in body.awaited(self._book.tables))

    def grouping_of(self, key: str) -> Grouping:
        """By what a group came together; a bare name where no rule of this book groups so any more."""
        name = key.partition(SEPARATOR)[0]
        rules = self._within("").get(name)
        return (rules[0][1].grouping if rules else None) or grouping_named(name)

    def _within(self, region: str) -> dict[str, Judging]:
        code = self._book.tables.regions.of(region).code if self.regional else ""
        found = self._known.get(code)
        if found is None:
            found = self._known[code] = {}
            for rule in self._book.within(region).rules if self.regional else self._book.rules:
                if isinstance(rule.body, Grouped) and rule.body.grouping is not None:
                    found.setdefault(rule.body.grouping.name, []).append((rule, rule.body))
        return found
