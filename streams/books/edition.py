"""Decides what a loaded book is to the lanes: the engine that judges by it, and where it came from."""

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from streams.lane_judge import Cores

if TYPE_CHECKING:
    from rules.language import Book


@dataclass(frozen=True, slots=True)
class Edition:
    """A book that can be in force. `published_at` is empty for one that was read from a folder."""

    name: str
    hash: str
    cores: Cores
    rules: tuple[tuple[str, int, str], ...] = ()
    """(id, version, mode) of each."""
    published_at: str = ""
    by: str = ""


@dataclass(slots=True)
class InForce:
    """Which edition the lanes judge by: replaced whole, taken up by each lane between two chunks."""

    edition: Edition
    taken: int = field(default=0)
    """How often it was replaced."""

    def replace(self, edition: Edition) -> None:
        self.edition, self.taken = edition, self.taken + 1


def edition_of(book: "Book", name: str, published_at: str = "", by: str = "") -> Edition:
    """The edition of a loaded book. Raises what the engine raises on a book that it cannot lay out."""
    from rules.core import GroupCore, SubjectCore
    from rules.model.facts import decode_group_fact, encode_group_fact

    SubjectCore(book), GroupCore(book)
    cores = Cores(
        subject=partial(SubjectCore, book),
        group=partial(GroupCore, book),
        encode_fact=encode_group_fact,
        decode_fact=decode_group_fact,
        zone=book.regions.zone,
    )
    rules = tuple((rule.id, rule.version, rule.mode) for rule in book.rules)
    return Edition(name, book.hash, cores, rules, published_at, by)
