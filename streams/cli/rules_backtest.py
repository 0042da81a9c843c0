"""Decides how a rule is tried on the past from the command line: what it would have raised, where, for whom."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console

from rules.model.times import iso
from rules.testing.backtest import Period, figures
from rules.testing.diff import Differences, differences
from streams.backtest_report import Backtest, backtest_json, print_backtest, side
from streams.books import history as published
from streams.cli.histories import KnownAt
from streams.cli.inputs import MappingFile
from streams.cli.rehearsals import (
    AsJson,
    BookFolder,
    Histories,
    Jobs,
    Past,
    Stored,
    Until,
    judged,
    load_all,
    past,
)
from streams.rehearsal.wanted import BookAt, Outcome
from streams.replay import beginning
from streams.settings import settings

VERSION = re.compile(r"\d{1,5}")
PUBLISHED = re.compile(r"published|previous|[0-9a-f]{6,32}")

Rule = Annotated[str, typer.Argument(help="规则编号，连同其子规则 · a rule's id; T03 takes T03.penalty with it")]
From = Annotated[str, typer.Option("--from", help="从此时起的告警才计入 · alerts from then on are counted")]
Against = Annotated[
    str,
    typer.Option(
        help="对照：规则目录，本规则的版本号，或已发布的规则集 · beside it: another folder of rules, a version of this"
        " rule, or what was published: `published`, `previous`, the beginning of a hash"
    ),
]
Plot = Annotated[Path | None, typer.Option(help="画成 SVG 图 · draws it as an SVG file")]


def command(
    rule: Rule,
    inputs: Histories = None,
    since: From = "",
    until: Until = "",
    against: Against = "",
    mapping: MappingFile = None,
    warehouse: Stored = False,
    book: BookFolder = None,
    known_at: KnownAt = "",
    plot: Plot = None,
    jobs: Jobs = 0,
    json: AsJson = False,
) -> None:
    """用生产引擎在历史上试规则 · a rule over the past, through the production core.

    读到 --to 为止的全部历史（--from 之前受理、仍未办结的办件也算），统计 [--from, --to] 内的告警。
    Everything up to --to is read, so that cases open at --from are there; alerts since --from are counted.

    例 · Example: mingjing rules backtest overdue --mapping examples/boston311/mapping.yaml requests_2011.csv.gz

    例 · Example: mingjing rules backtest T03 --warehouse --from 2026-01-01 --to 2026-06-30 --against 2 --plot T03.svg
    """
    history = past(inputs, mapping, warehouse, until, known_at)
    period = Period(_first(since, history.zone), history.horizon.now)
    books = [history.book(book, [rule])]
    if against:
        books.append(_against(against, history, book, rule))
    loaded = load_all(books)
    done = judged(history, books, loaded, jobs, clocks=False)
    sides = [
        side(book, figures(outcome.alerts, period, book.regions.zone))
        for book, outcome in zip(loaded, done.outcomes, strict=True)
    ]
    found = Backtest(
        rule=rule,
        since="" if period.first is None else iso(period.first, history.zone),
        until="" if done.now is None else iso(done.now, history.zone),
        side=sides[0],
        against=sides[1] if against else None,
        differences=_compared(done.outcomes, period) if against else None,
        rehearsed=done,
    )
    if plot is not None:
        from streams.backtest_chart import chart

        plot.write_text(chart(found, loaded[0].regions.default.palette), encoding="utf-8")
    if json:
        print(backtest_json(found))
    else:
        print_backtest(found, Console())


def _first(since: str, zone: str) -> int | None:
    """When the counted part begins; a date means its 00:00."""
    if not since:
        return None
    try:
        return beginning(since, zone)
    except ValueError as error:
        raise typer.BadParameter(f"不是时间 · not a time: {error}", param_hint="--from") from error


def _against(text: str, history: Past, book: Path | None, rule: str) -> BookAt:
    """Another folder with the same rule, a published book, or the book as it was when the rule had that version."""
    if Path(text).is_dir():
        return history.book(Path(text), [rule])
    if VERSION.fullmatch(text):
        return msgspec.structs.replace(history.book(book, [rule]), version=int(text))
    if not PUBLISHED.fullmatch(text):
        said = "既非目录、版本号，也非已发布的规则集 · is no folder, no version and no published book"
        raise typer.BadParameter(f"`{text}` {said}", param_hint="--against")
    here = settings()
    former = published.one_of(published.of(here, here.book_name), text)
    at = history.book(published.folder_of(here, former), [rule])
    return msgspec.structs.replace(at, lenient=True)  # of a rule that was not published yet every alert appears


def _compared(outcomes: Sequence[Outcome], period: Period) -> Differences:
    new, old = ([alert for alert in outcome.alerts if period.holds(alert.at)] for outcome in outcomes)
    return differences(old, new)
