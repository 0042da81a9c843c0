"""Decides how two books are compared on the past from the command line: what appears, vanishes, changes, moves."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console

from rules.testing.diff import differences
from streams.backtest_report import print_alert_differences, print_remarks
from streams.cli.histories import KnownAt
from streams.cli.inputs import MappingFile
from streams.cli.rehearsals import (
    AsJson,
    Histories,
    Jobs,
    Stored,
    Until,
    judged,
    load_all,
    past,
)
from streams.diff_report import differences_json, print_clock_differences

Old = Annotated[Path, typer.Argument(exists=True, file_okay=False, help="旧规则目录 · the folder of the old rules")]
New = Annotated[Path, typer.Argument(exists=True, file_okay=False, help="新规则目录 · the folder of the new rules")]
Rules = Annotated[list[str] | None, typer.Option("--rule", help="只比这些规则 · only these rules, repeatable")]
NoClocks = Annotated[bool, typer.Option("--no-clocks", help="不比时钟 · alerts alone: quicker, and takes less memory")]


def command(
    old: Old,
    new: New,
    inputs: Histories = None,
    rule: Rules = None,
    until: Until = "",
    mapping: MappingFile = None,
    warehouse: Stored = False,
    known_at: KnownAt = "",
    no_clocks: NoClocks = False,
    jobs: Jobs = 0,
    json: AsJson = False,
) -> None:
    """两本规则在同一段历史上的差别 · two books over one history: alerts and clocks that differ.

    有差别时退出码为 1。只属于一边的规则，其告警全部出现或消失。
    Status 1 when they differ. The alerts of a rule that one book alone has all appear, or vanish.

    例 · Example: mingjing rules diff rules/book new-book --rule T03 --warehouse --to 2026-06-30
    """
    history = past(inputs, mapping, warehouse, until, known_at)
    books = [history.book(old), history.book(new)]
    if rule:
        books = [msgspec.structs.replace(each, rules=tuple(rule), lenient=True) for each in books]
    loaded = load_all(books)
    if rule and not any(book.rules for book in loaded):
        raise typer.BadParameter(f"两边都没有 · neither book has {', '.join(rule)}", param_hint="--rule")
    done = judged(history, books, loaded, jobs, clocks=not no_clocks)
    before, after = done.outcomes
    found = differences(before.alerts, after.alerts, before.clocks, after.clocks)
    if json:
        print(differences_json(found, [book.hash for book in loaded], done, history.zone))
    else:
        console = Console()
        print_alert_differences(found, console)
        if not no_clocks:
            print_clock_differences(found, console)
        print_remarks(done, console)
    if found:
        raise typer.Exit(1)
