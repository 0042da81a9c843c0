"""Decides how a new or changed calendar is reported: the clocks and alerts of a history whose due date it moves."""

from __future__ import annotations

from datetime import date
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
    BookFolder,
    Histories,
    Jobs,
    Stored,
    Until,
    judged,
    load_all,
    past,
)
from streams.diff_report import differences_json, print_clock_differences
from streams.rehearsal.wanted import BookAt

WHICH = "日历目录，或一个日期：当日已公布的日历 · a folder of calendars, or a day: the calendars announced by then"
Old = Annotated[str, typer.Argument(help=WHICH)]
New = Annotated[str, typer.Argument(help=WHICH)]


def command(
    old: Old,
    new: New,
    inputs: Histories = None,
    until: Until = "",
    mapping: MappingFile = None,
    warehouse: Stored = False,
    book: BookFolder = None,
    known_at: KnownAt = "",
    jobs: Jobs = 0,
    json: AsJson = False,
) -> None:
    """日历新公布或改动后，哪些期限移动 · which due dates a newly announced or changed calendar moves.

    按地区、部门列出从哪天移到哪天，哪些由暂定转为确定；有移动时退出码为 1。
    By region and department: from which date to which, and what became firm; status 1 when anything moved.

    例 · Example: mingjing calendar moved 2025-11-03 2025-11-04 --warehouse

    例 · Example: mingjing calendar moved rules/calendars new-calendars --book rules/book month.jsonl
    """
    history = past(inputs, mapping, warehouse, until, known_at)
    books = [_with_calendars(history.book(book), each) for each in (old, new)]
    loaded = load_all(books)
    done = judged(history, books, loaded, jobs, clocks=True)
    before, after = done.outcomes
    found = differences(before.alerts, after.alerts, before.clocks, after.clocks)
    if json:
        print(differences_json(found, [each.tables.hash for each in loaded], done, history.zone))
    else:
        console = Console()
        print_clock_differences(found, console)
        print_alert_differences(found, console)
        print_remarks(done, console)
    if found:
        raise typer.Exit(1)


def _with_calendars(book: BookAt, which: str) -> BookAt:
    if Path(which).is_dir():
        return msgspec.structs.replace(book, calendars=Path(which))
    try:
        return msgspec.structs.replace(book, announced_by=date.fromisoformat(which))
    except ValueError:
        raise typer.BadParameter(f"`{which}` 既非目录也非日期 · is neither a folder nor a day") from None
