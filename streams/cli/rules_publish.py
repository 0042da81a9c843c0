"""`mingjing rules publish` and `mingjing rules books`: a book for running workers, and which ones there were."""

from __future__ import annotations

import asyncio
import getpass
import socket
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from rules.language import Book, load_book
from rules.testing.lint import lint
from streams import clock, topics
from streams.books import history
from streams.books.changes import changes, unversioned
from streams.books.published import Published, encode_published, pack
from streams.books.shelf import Refused, read_back
from streams.books.topic import publish as send
from streams.settings import Settings, settings

NAME = "规则集名称，缺省为 MINGJING_BOOK_NAME · name of the book, MINGJING_BOOK_NAME without it"
Folder = Annotated[Path | None, typer.Option("--book", help="规则目录，缺省为随附规则 · folder of rules", exists=True)]
Name = Annotated[str, typer.Option("--name", help=NAME)]
By = Annotated[str, typer.Option("--by", help="发布人 · who publishes; the user at this machine without it")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="只检查，不发布 · checks and compares, publishes nothing")]
BACK = "重新发布以前的规则集：散列或其开头，或 previous · publishes a former book again: its hash, or `previous`"
Rollback = Annotated[str, typer.Option("--rollback", metavar="HASH|previous", help=BACK)]
out, err = Console(highlight=False), Console(stderr=True, highlight=False)


def publish(
    book: Folder = None, name: Name = "", by: By = "", rollback: Rollback = "", dry_run: DryRun = False
) -> None:
    """发布规则集：检查、运行示例、打包，运行中的判定进程 30 秒内全部换用 · Lints a book, runs its examples and sends
    it to the topic `books`: running workers take it within 30 s, all of it or nothing. Any fault: nothing is sent.

    例 · Example: mingjing rules publish --book my-rules --by "wang.l"
    """
    here = settings()
    topics.ensure(here)
    past = history.of(here, name or here.book_name)
    if rollback:
        chosen = history.one_of(past, rollback)
        made, loaded = _again(chosen, by or _who()), _read(chosen)
    else:
        loaded = _checked(book)
        made = pack(book, name or here.book_name, loaded.hash, by or _who(), clock.now_us())
        _read(made)  # what the workers will read, not only what stands here
    _tell(past, made, loaded)
    if dry_run:
        out.print("未发布 · nothing was published")
        return
    _send(here, made)


def books(name: Name = "") -> None:
    """列出已发布的规则集，以及各判定进程正在使用的 · Lists what was published, and what each worker judges by.

    例 · Example: mingjing rules books
    """
    here = settings()
    topics.ensure(here)
    past = history.of(here, name or here.book_name)
    table = Table("散列 · hash", "发布时间 · published at", "发布人 · by", "文件 · files")
    for each in past:
        table.add_row(each.hash, each.published_at, each.by, str(len(each.files)))
    out.print(table)
    workers = Table(
        "判定进程 · worker", "规则集 · book", "散列 · hash", "规则 · rules", "待重判 · to judge again", "拒绝 · refused"
    )
    for report in asyncio.run(history.reports(here)):
        refused = f"{report.refused.hash}\n{report.refused.faults[0]}" if report.refused else ""
        shown = (report.worker, report.name, report.hash, str(len(report.rules)), str(report.outdated), refused)
        workers.add_row(*shown)
    out.print(workers)


def _who() -> str:
    return f"{getpass.getuser()}@{socket.gethostname()}"


def _checked(directory: Path | None) -> Book:
    """The book of a folder, its examples run; every fault is told."""
    report = lint(directory)
    for each in report.errors:
        err.print(str(each), markup=False, soft_wrap=True)
    if report.errors:
        err.print(f"{len(report.errors)} error(s)，未发布 · nothing was published")
        raise typer.Exit(1)
    return load_book(directory)


def _read(made: Published) -> Book:
    try:
        return read_back(made)
    except Refused as fault:
        err.print(str(fault), markup=False, soft_wrap=True)
        err.print("判定进程会拒绝此规则集，未发布 · workers would refuse this book, nothing was published")
        raise typer.Exit(1) from None


def _again(former: Published, by: str) -> Published:
    return history.again(former, by, clock.now_us())


def _tell(past: list[Published], made: Published, loaded: Book) -> None:
    before = _or_none(past[0]) if past else None
    lines = changes(before, loaded)
    for line in lines:
        out.print(line, markup=False, soft_wrap=True)
    for rule in unversioned(before, loaded):
        err.print(f"! {rule}: 内容已变而版本未变 · changed under the same version", markup=False)
    size = len(encode_published(made))
    said = f"{made.name} {made.hash}: {len(loaded.rules)} rules, {len(made.files)} files, {size:,} bytes"
    out.print(said if lines else f"{said}，与上次发布相同 · the same as published last", markup=False, soft_wrap=True)


def _or_none(published: Published) -> Book | None:
    """The book published last; None where this version of the program cannot read it."""
    try:
        return read_back(published)
    except Refused:
        return None


def _send(here: Settings, made: Published) -> None:
    asyncio.run(send(here, made))
    out.print(f"已发布 · published {made.hash}")
