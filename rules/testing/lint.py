"""Decides what is wrong with a book as a whole: every fault of every file, and every example that does not hold."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from rules.language.errors import BookError
from rules.language.loader import placed, read_book
from rules.language.rule import Book, Rule
from rules.language.succession import unversioned
from rules.testing.examples import Difference, run

FAILS = "example-fails"


class Report(Struct, frozen=True):
    """What a lint found in a folder: its sound rules, and its errors in the order of files and lines."""

    rules: int
    errors: tuple[BookError, ...]


def lint(directory: Path | None = None, before: Book | None = None) -> Report:
    """Everything that is wrong in one run: a fault in one file hides nothing in another, examples included.

    With the book that was `before`, a rule that judges otherwise under the same version is an error too.
    """
    survey = read_book(directory)
    errors = set(survey.faults)
    if survey.tables is not None:
        book = Book(tuple(survey.rules), survey.tables, "", survey.regional)
        errors |= {_told(difference) for rule in survey.rules for difference in run(book, rule)}
        errors |= {_changed(rule) for rule in unversioned(before, book)} if before is not None else set()
    return Report(len(survey.rules), tuple(sorted(errors)))


def _changed(rule: Rule) -> BookError:
    lines = Path(rule.file).read_text(encoding="utf-8-sig").splitlines()
    line = next((number for number, line in enumerate(lines, 1) if line.startswith("version:")), 1)
    said = f"version {rule.version} of `{rule.id}` judges otherwise than it did: give it a higher `version`"
    return placed(Path(rule.file), line, 1, "same-version", said)


def _told(difference: Difference) -> BookError:
    said = [f"expected and absent: {each}" for each in difference.missing]
    said += [f"not expected: {each}" for each in difference.extra]
    message = f"{difference.rule}: {difference.example}: {'; '.join(said)}"
    return placed(Path(difference.file), difference.line, difference.col, FAILS, message)
