"""Decides how a fault in a book is told: its place, the line itself with a caret, a stable code, a hint."""

from __future__ import annotations

from collections.abc import Iterable
from unicodedata import east_asian_width

from msgspec import Struct


def columns(text: str) -> int:
    """How many columns a text takes in a terminal: Chinese characters take two."""
    return len(text) + sum(east_asian_width(each) in "WF" for each in text)


class BookError(Struct, frozen=True, order=True):
    """One fault of one file; line and column count from 1, `width` is how much of the line it covers."""

    file: str
    line: int
    col: int
    code: str
    message: str
    text: str = ""
    width: int = 1
    hint: str = ""

    def __str__(self) -> str:
        shown = f"{self.file}:{self.line}:{self.col}: error[{self.code}]: {self.message}"
        if self.text:
            gutter = f"{self.line:>4} | "
            before, marked = self.text[: self.col - 1], self.text[self.col - 1 : self.col - 1 + self.width]
            caret = " " * (len(gutter) + columns(before)) + "^" * max(columns(marked), 1)
            shown += f"\n{gutter}{self.text}\n{caret}"
            shown += f"  {self.hint}" if self.hint else ""
        elif self.hint:
            shown += f" ({self.hint})"
        return shown


def printable(text: str) -> str:
    """The same text with what a terminal cannot show written as escapes; its length stays where it can."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() else " " if each.isspace() else ascii(each)[1:-1] for each in text)


class BookErrors(Exception):
    """Everything that is wrong in a book, at once."""

    exit_status = 1

    def __init__(self, errors: Iterable[BookError]) -> None:
        self.errors = sorted(errors)
        super().__init__("\n".join(str(error) for error in self.errors))
