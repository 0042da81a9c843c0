"""Decides what the commands that judge a history by books understand alike: the history, the books, the progress."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from msgspec import Struct
from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    SpinnerColumn,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from rules.language import Book
from streams.cli.histories import folder_of, horizon_of, zone_of
from streams.cli.inputs import checked, hasher_for, mapping_of
from streams.rehearsal.lines import size_of
from streams.rehearsal.run import rehearse
from streams.rehearsal.wanted import BookAt, Rehearsed, Wanted, book_at
from streams.replay import Horizon
from streams.settings import settings
from streams.sources.faults import DeadLetters, say
from streams.sources.history import History
from streams.sources.mapping import Mapping

INTERRUPTED = 130

Histories = Annotated[
    list[str] | None,
    typer.Argument(metavar="[INPUT]...", help="历史文件，同 replay · histories as `replay` reads them"),
]
Stored = Annotated[bool, typer.Option("--warehouse", help="历史取自数据仓库 · the history is the warehouse's")]
BookFolder = Annotated[
    Path | None,
    typer.Option(
        "--book", exists=True, file_okay=False, help="规则目录；默认用映射里的，再默认用内置 · folder of rules"
    ),
]
Until = Annotated[str, typer.Option("--to", help="到此为止；只写日期即该日 24:00 · the end; a date means its 24:00")]
Jobs = Annotated[int, typer.Option(min=0, max=64, help="进程数，0 为自动 · processes; 0 chooses")]
AsJson = Annotated[bool, typer.Option("--json", help="输出 JSON · JSON")]


class Past(Struct, frozen=True):
    """A history as the command line names it, and the part of it that is taken."""

    inputs: tuple[str, ...]
    mapping: Mapping | None
    warehouse: bool
    horizon: Horizon

    @property
    def zone(self) -> str:
        return zone_of(self.mapping)

    def book(self, folder: Path | None, rules: Sequence[str] = ()) -> BookAt:
        """A book of this history: that of the folder, of the mapping, else the one of the settings."""
        return book_at(folder_of(folder, self.mapping), tuple(rules), self.mapping)


def past(inputs: list[str] | None, mapping: Path | None, warehouse: bool, until: str, known_at: str) -> Past:
    """The history that a command was given. Raises BadParameter."""
    source = mapping_of(mapping)
    if bool(inputs) == warehouse:
        raise typer.BadParameter("给出 INPUT 或 --warehouse 之一 · give INPUT or --warehouse, one of them")
    if warehouse and source is not None:
        raise typer.BadParameter("数据仓库不用映射 · the warehouse needs no mapping", param_hint="--mapping")
    taken = horizon_of(until, known_at, source)
    return Past(tuple(checked(inputs or [])), source, warehouse, taken)


def judged(past: Past, books: Sequence[BookAt], loaded: Sequence[Book], jobs: int, clocks: bool) -> Rehearsed:
    """The history judged by all the books. Ctrl-C ends it with status 130, and nothing is left behind."""
    url = settings().clickhouse_url if past.warehouse else ""
    wanted = Wanted(books=tuple(books), horizon=past.horizon, inputs=past.inputs, url=url, clocks=clocks)
    dead_letters = DeadLetters()
    mapped: History | None = None
    if past.mapping is not None or "-" in past.inputs:
        mapped = History(past.inputs, past.mapping, hasher_for(past.mapping, trial=True), dead_letters, say)
    try:
        with _progress(wanted, mapped is not None) as advance:
            done = rehearse(wanted, loaded, advance, jobs, mapped)
    except KeyboardInterrupt:
        say("中断：没有结果，什么也没有留下 · interrupted: no result, and nothing is left behind")
        raise typer.Exit(INTERRUPTED) from None
    done.tally.dead_letters += dead_letters.reasons
    for reason, places in dead_letters.examples.items():
        done.tally.examples.setdefault(reason, []).extend(places)
    return done


def load_all(books: Sequence[BookAt]) -> list[Book]:
    """Every book, before anything is read. Raises BookErrors and NoSuchRule."""
    return [book.load() for book in books]


@contextmanager
def _progress(wanted: Wanted, is_mapped: bool) -> Iterator[Callable[[int], None]]:
    """A bar on a terminal: of bytes of files, of rows of the warehouse; a mapping only counts its events."""
    if not sys.stderr.isatty():
        yield lambda more: None
        return
    total: int | None = None if is_mapped else size_of(wanted.inputs)
    if wanted.url:
        from warehouse.reader import Reader

        total = Reader(wanted.url).count_events()
    shown = TextColumn("{task.completed:,.0f} 事件 events") if total is None else TaskProgressColumn()
    columns = (SpinnerColumn(), BarColumn(), shown, TimeElapsedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("history", total=total)
        yield lambda more: bar.advance(task, more)
