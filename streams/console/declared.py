"""Decides what is known of a region and of a rule beside its alerts: zone, calendar, colours, names."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path

from rules.language import Book, BookErrors, load_book
from rules.model.times import iso
from rules.tables import Closure, Tables, load_tables

UNKNOWN_COLOUR = "#595959"

log = logging.getLogger(__name__)


class Declared:
    """The declared tables of the book, as the console asks them."""

    def __init__(self, tables: Tables, rule_names: Mapping[str, Mapping[str, str]]) -> None:
        self._tables = tables
        self._rule_names = rule_names

    def take(self, book: Book) -> None:
        """Knows what another book declares, from now on."""
        self._tables, self._rule_names = book.tables, names_of(book)

    def zone(self, region: str) -> str:
        return self._tables.regions.zone(region)

    def works(self, region: str) -> Callable[[date], bool]:
        """Whether offices of the region work on a day."""
        return self._tables.calendar(region).is_working_day

    def closed(self, region: str, organ: str) -> tuple[Closure, ...]:
        """The declared closures that pause the clocks of an organ in a region."""
        return tuple(each for each in self._tables.closures.of(region) if each.organ in ("", organ))

    def colour(self, region: str, severity: str) -> str:
        return self._tables.regions.of(region).palette.get(severity, UNKNOWN_COLOUR)

    def region_name(self, region: str, language: str) -> str:
        """`成都市 510107`: the name of what is declared, with the code that was given."""
        found = self._tables.regions.of(region)
        name = found.name_zh if language == "zh" else found.name_en
        return f"{name} {region}".strip()

    def rule_name(self, rule: str, language: str) -> str:
        """The name that the book gives a rule; empty for one that it does not hold."""
        return self._rule_names.get(rule, {}).get(language, "")

    def when(self, at: int | None, region: str) -> str:
        """`2026-03-19 00:00:00` in the region's zone; empty for no instant."""
        return "" if at is None else iso(at, self.zone(region))[:19].replace("T", " ")


def declared(directory: Path | None) -> Declared:
    """What the book of a folder declares; one that does not load costs the names of its rules alone.

    Raises TableErrors, all in one: without zones and calendars no time and no day could be shown.
    """
    try:
        book = load_book(directory)
    except BookErrors as fault:
        log.warning("the names of rules are missing, the book does not load:\n%s", fault)
        return Declared(load_tables(directory), {})
    return Declared(book.tables, names_of(book))


def names_of(book: Book) -> dict[str, dict[str, str]]:
    """Rule → language → its name; that of the highest version."""
    return {rule.id: {"zh": rule.name.zh, "en": rule.name.en} for rule in book.rules}
