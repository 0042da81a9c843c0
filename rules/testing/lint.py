"""Decides what is wrong with a book as a whole: every fault of every file, and every example that does not hold."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from rules.language.errors import BookError
from rules.language.loader import placed, read_book
from rules.language.rule import Book
from rules.testing.examples import Difference, run

FAILS = "example-fails"


class Report(Struct, frozen=True):
    """What a lint found in a folder: its sound rules, and its errors in the order of files and lines."""

    rules: int
    errors: tuple[BookError, ...]


def lint(directory: Path | None = None) -> Report:
    """Everything that is wrong in one run: a fault in one file hides nothing in another, examples included."""
    survey = read_book(directory)
    errors = set(survey.faults)
    if survey.tables is not None:
        book = Book(tuple(survey.rules), survey.tables, "")
        errors |= {_told(difference) for rule in survey.rules for difference in run(book, rule)}
    return Report(len(survey.rules), tuple(sorted(errors)))


def _told(difference: Difference) -> BookError:
    said = [f"expected and absent: {each}" for each in difference.missing]
    said += [f"not expected: {each}" for each in difference.extra]
    message = f"{difference.rule}: {difference.example}: {'; '.join(said)}"
    return placed(Path(difference.file), difference.line, difference.col, FAILS, message)
