"""Decides how `mingjing rules lint` speaks: every error at once, for people or as JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console

from rules.language import Book, BookErrors, load_book
from rules.language.errors import BookError
from rules.testing.lint import lint

BOOK = "规则目录，缺省为随附规则 · folder of rules; the shipped book without it"
AS_JSON = "以 JSON 输出全部错误 · prints the errors as one JSON array"
Folder = Annotated[Path | None, typer.Option("--book", help=BOOK, exists=True)]
AsJson = Annotated[bool, typer.Option("--json", help=AS_JSON)]
BEFORE = "此前的规则目录：判定已改须升版本 · the book before: what judges otherwise needs a higher version"
Against = Annotated[Path | None, typer.Option("--against", help=BEFORE, exists=True)]
PAGES = "docs/errors/{code}.md"
out, err = Console(highlight=False), Console(stderr=True, highlight=False)


def command(book: Folder = None, as_json: AsJson = False, against: Against = None) -> None:
    """一次列出所有规则文件的全部错误 · every error of every file, as file:line:col with a caret; examples must hold.

    Each code is explained in docs/errors/<code>.md.

    例 · Example: mingjing rules lint --book examples/boston311/rules
    """
    report = lint(book, _before(against))
    if as_json:
        print(json.dumps([_plain(error) for error in report.errors], ensure_ascii=False, indent=2))
    else:
        _tell(report.errors)
    if report.errors:
        raise typer.Exit(1)
    if not as_json:
        out.print(f"{report.rules} rules, no errors")


def _before(folder: Path | None) -> Book | None:
    """The book that was before; its own errors are told as such."""
    if folder is None:
        return None
    try:
        return load_book(folder)
    except BookErrors as error:
        _tell(tuple(error.errors))
        raise typer.Exit(1) from None


def _tell(errors: tuple[BookError, ...]) -> None:
    for each in errors:
        err.print(str(each), markup=False, soft_wrap=True)
    if errors:
        pages = ", ".join(dict.fromkeys(PAGES.format(code=each.code) for each in errors))
        err.print(f"{len(errors)} error(s); see {pages}", markup=False, soft_wrap=True)


def _plain(error: BookError) -> dict[str, object]:
    """An error as tools read it; `page` explains its code."""
    plain: dict[str, object] = msgspec.to_builtins(error)
    return plain | {"page": PAGES.format(code=error.code)}
