"""Decides what a rehearsal is asked: which books, over which history, judged when; it can be sent to a process."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date
from pathlib import Path

import msgspec
from msgspec import Struct, field

from rules.language import Book, load_book
from rules.tables import Tables, calendars_in
from rules.testing.found import Found, FoundClock
from streams.replay import Horizon
from streams.sources.mapping import Mapping


class BookAt(Struct, frozen=True):
    """A book by its folder, so that every process loads its own: compiled rules cannot be sent.

    `rules` chooses rules, each with its children (T03 and T03.penalty), `version` the newest of their versions, 0 for
    any; `source` and `lateness` are those of a mapping. A `lenient` book may lack rules that are asked for.
    `calendars` is a folder of other calendars, `announced_by` the day whose calendars hold.
    """

    folder: Path | None = None
    rules: tuple[str, ...] = ()
    version: int = 0
    source: str = ""
    lateness: int = 0
    lenient: bool = False
    calendars: Path | None = None
    announced_by: date | None = None

    def load(self) -> Book:
        """The book. Raises BookErrors, and NoSuchRule where a rule is not in it."""
        book = load_book(self.folder)
        book = book.with_tables(self._tables(book.tables))
        if not self.rules:
            return book
        known = tuple(dict.fromkeys(rule.id for rule in book.rules))
        for wanted in self.rules:
            if not self.lenient and not any(_takes(wanted, each) for each in known):
                raise NoSuchRule(wanted, known)
        book = book.only(tuple(each for each in known if any(_takes(wanted, each) for wanted in self.rules)))
        return book if not self.version else self._up_to(book)

    def _tables(self, tables: Tables) -> Tables:
        """The declared tables with what is particular to this history, or to the calendars that are compared."""
        if self.source:
            tables = msgspec.structs.replace(tables, sources=tables.sources.having(self.source, self.lateness))
        if self.calendars is not None:
            tables = msgspec.structs.replace(tables, calendars=tables.calendars | calendars_in(self.calendars))
        if self.announced_by is not None:
            then = {name: each.known_at(self.announced_by) for name, each in tables.calendars.items()}
            tables = msgspec.structs.replace(tables, calendars=then)
        return tables

    def _up_to(self, book: Book) -> Book:
        """The book as it was before the versions that came after this one."""
        kept = tuple(rule for rule in book.rules if rule.version <= self.version)
        if not any(rule.version == self.version for rule in kept):
            versions = sorted({f"{rule.id} v{rule.version}" for rule in book.rules})
            raise NoSuchRule(f"{' '.join(self.rules)} v{self.version}", versions)
        return book.having(rule.key for rule in kept)


class NoSuchRule(Exception):
    """A book has no rule of that name, or none of that version."""

    exit_status = 2

    def __init__(self, rule: str, known: Iterable[str]) -> None:
        super().__init__(f"没有规则 · there is no rule `{rule}`; known are {', '.join(known)}")


def _takes(wanted: str, rule: str) -> bool:
    return rule == wanted or rule.startswith(f"{wanted}.")


def book_at(folder: Path | None, rules: tuple[str, ...], mapping: Mapping | None) -> BookAt:
    """The book of a folder as the history of a mapping is judged by it."""
    if mapping is None:
        return BookAt(folder, rules)
    return BookAt(folder, rules, source=mapping.source, lateness=mapping.lateness)


class Wanted(Struct, frozen=True, kw_only=True):
    """One rehearsal: books, the files of the history (none: the warehouse at `url`), and which part of it is taken."""

    books: tuple[BookAt, ...]
    horizon: Horizon
    inputs: tuple[str, ...] = ()
    url: str = ""
    clocks: bool = False


class Tally(Struct):
    """What was read, besides what came of it; those of several parts add up."""

    events: int = 0
    first_at: int | None = None
    last_at: int | None = None
    unjudged: int = 0
    left_out: Counter[str] = field(default_factory=Counter)
    dead_letters: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=dict)

    def add(self, other: Tally) -> None:
        self.events += other.events
        self.unjudged += other.unjudged
        self.left_out += other.left_out
        self.dead_letters += other.dead_letters
        for reason, places in other.examples.items():
            self.examples.setdefault(reason, []).extend(places)
        self.see(other.first_at, other.last_at)

    def see(self, first_at: int | None, last_at: int | None) -> None:
        """Takes in the times of some events."""
        if first_at is not None:
            self.first_at = first_at if self.first_at is None else min(self.first_at, first_at)
        if last_at is not None:
            self.last_at = last_at if self.last_at is None else max(self.last_at, last_at)


class Outcome(Struct):
    """What stands under one book at the end."""

    alerts: list[Found] = []
    clocks: list[FoundClock] = []
    counters: dict[str, int] = {}


class Rehearsed(Struct, kw_only=True):
    """A finished rehearsal: an outcome per book, in their order. `now` is None where there was no event."""

    outcomes: list[Outcome]
    tally: Tally
    now: int | None
    parts: int
    seconds: float
