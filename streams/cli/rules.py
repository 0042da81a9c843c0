"""`mingjing rules`: lint a book, and run the examples that its rules bring."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from rules.language import Book, BookErrors, Rule, load_book
from rules.testing.examples import Difference, run
from rules.testing.expected import lines
from streams.cli import (
    rules_backtest,
    rules_coverage,
    rules_diff,
    rules_explain,
    rules_lint,
    rules_new,
    rules_publish,
    rules_schema,
)

app = typer.Typer(no_args_is_help=True)
BOOK = "规则目录，缺省为随附规则 · folder of rules; the shipped book without it"
RUN = "只运行编号匹配该正则的规则 · only rules whose id matches this regular expression"
Folder = Annotated[Path | None, typer.Option("--book", help=BOOK, exists=True)]
Chosen = Annotated[str, typer.Option("--run", help=RUN)]
DIFF = "逐条对照 expect 与实际告警，可直接粘贴 · shows what `expect` says and what stands, to be pasted"
AsDiff = Annotated[bool, typer.Option("--diff", help=DIFF)]
COLOURS = {"-": "red", "+": "green"}
out, err = Console(highlight=False), Console(stderr=True, highlight=False)


@app.callback()
def group() -> None:
    """检查规则、运行规则中的示例 · lints rules and runs the examples in them.

    例 · Example: mingjing rules test --run '^T0'
    """


def _book(directory: Path | None) -> Book:
    try:
        return load_book(directory)
    except BookErrors as error:
        for each in error.errors:
            err.print(str(each), markup=False, soft_wrap=True)
        err.print(f"{len(error.errors)} error(s)")
        raise typer.Exit(1) from None


def _failing(book: Book, rules: list[Rule], as_diff: bool) -> list[Difference]:
    """The examples that do not hold, each told."""
    differences = [difference for rule in rules for difference in run(book, rule)]
    for difference in differences:
        if not as_diff:
            err.print(str(difference), markup=False, soft_wrap=True)
            continue
        for line in lines(difference):
            err.print(line, style=COLOURS.get(line[0]), markup=False, soft_wrap=True)
    return differences


@app.command()
def test(book: Folder = None, only: Chosen = "", diff: AsDiff = False) -> None:
    """用生产引擎运行规则示例 · runs the examples through the production core; status 1 when one does not hold.

    例 · Example: mingjing rules test --run '^T0'
    """
    found = _book(book)
    try:
        wanted = re.compile(only)
    except re.error as error:
        message = f"`{only}` is not a regular expression: {error}"
        raise typer.BadParameter(message, param_hint="--run") from None
    rules = [rule for rule in found.rules if wanted.search(rule.id)]
    differences = _failing(found, rules, diff)
    examples = sum(len(rule.examples) for rule in rules)
    out.print(f"{examples} examples of {len(rules)} rules, {len(differences)} do not hold")
    if differences or not rules:
        raise typer.Exit(1)


app.command("lint")(rules_lint.command)
app.command("schema")(rules_schema.command)
app.command("new")(rules_new.command)
app.command("backtest")(rules_backtest.command)
app.command("publish")(rules_publish.publish)
app.command("books")(rules_publish.books)
app.command("diff")(rules_diff.command)
app.command("explain")(rules_explain.command)
app.command("coverage")(rules_coverage.command)
