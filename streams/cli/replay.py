"""Decides how a history is judged from the command line: histories in, one JSON line per alert out."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import msgspec
import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from rules.core import Step
from rules.language import Book, load_book
from rules.model.alerts import alert_json, clock_json
from rules.model.events import Event
from streams.cli.histories import KnownAt, folder_of, horizon_of, zone_of
from streams.cli.inputs import (
    DeadLetterFile,
    Inputs,
    MappingFile,
    checked,
    hasher_for,
    mapping_of,
    opened_out,
)
from streams.clock import monotonic
from streams.collecting import collect_seldom
from streams.replay import Horizon, Replay
from streams.replay_report import Summary, ordered, print_summary, summarised, summary_json
from streams.settings import settings
from streams.sources.emission import Sourced
from streams.sources.faults import DeadLetters, say
from streams.sources.history import History
from streams.sources.mapping import Mapping

if TYPE_CHECKING:
    from streams.replay_landing import ReplayLanding

BookFolder = Annotated[
    Path | None,
    typer.Option("--book", help="规则目录；默认用映射里的 book，再默认用内置 · the folder of rules"),
]
Rules = Annotated[list[str] | None, typer.Option("--rule", help="只判这些规则 · only these rules, repeatable")]
Until = Annotated[
    str,
    typer.Option(
        help="now = TIME，只取此刻及以前发生的事件；只写日期即该日 24:00 · now = TIME; a date means its 24:00"
    ),
]
AlertsOut = Annotated[str, typer.Option("--alerts", help="告警写到此文件，`-` 为标准输出 · where alerts go")]
ClocksOut = Annotated[str, typer.Option("--clocks", help="时钟写到此文件 · where clocks go")]
Changes = Annotated[
    bool, typer.Option("--changes", help="逐条输出每次提出、变更、撤回 · every raise, change and withdrawal")
]
Land = Annotated[bool, typer.Option("--land", help="同时写入数据仓库 · also write the warehouse")]
AsJson = Annotated[bool, typer.Option("--json", help="摘要也用 JSON · the summary in JSON too")]


def command(
    inputs: Inputs,
    mapping: MappingFile = None,
    book: BookFolder = None,
    rule: Rules = None,
    until: Until = "",
    known_at: KnownAt = "",
    alerts: AlertsOut = "-",
    clocks: ClocksOut = "",
    changes: Changes = False,
    land: Land = False,
    json: AsJson = False,
    dead_letters: DeadLetterFile = "",
) -> None:
    """历史 → 事件 → 规则 → 告警，不需要 Kafka · histories to alerts, without Kafka.

    告警每行一条 JSON（最终状态），摘要写到标准错误。
    One JSON line per alert, in its final state; the summary goes to standard error.

    例 · Example: mingjing replay --mapping examples/receipt/mapping.yaml receipt.csv.gz
    """
    checked(inputs)
    source = mapping_of(mapping)
    taken = horizon_of(until, known_at, source)
    rules = _book(book, source, rule or [])
    with ExitStack() as stack:
        out = stack.enter_context(opened_out(alerts))
        run = _Run(inputs, source, rules, taken, stack.enter_context(opened_out(dead_letters)), land)
        if changes and out is not None:
            run.write_changes(out)
        if land:
            run.land()
        summary = run.go()
        if not changes and out is not None:
            run.write_alerts(out)
        clocks_out = stack.enter_context(opened_out(clocks))
        if clocks_out is not None:
            run.write_clocks(clocks_out)
    _tell(summary, run.dead_letters, json, aside=alerts in ("-", ""))


def _book(folder: Path | None, mapping: Mapping | None, only: list[str]) -> Book:
    folder = folder_of(folder, mapping)
    if folder is not None and not folder.is_dir():
        raise typer.BadParameter(f"没有这个规则目录 · there is no folder of rules {folder}")
    book = load_book(folder)
    unknown = set(only) - {rule.id for rule in book.rules}
    if unknown:
        raise typer.BadParameter(f"没有这些规则 · no such rules: {', '.join(sorted(unknown))}")
    if mapping is not None:
        sources = book.tables.sources.having(mapping.source, mapping.lateness)
        book = book.with_tables(msgspec.structs.replace(book.tables, sources=sources))
    return book.only(tuple(only)) if only else book


def _tell(summary: Summary, dead_letters: DeadLetters, as_json: bool, aside: bool) -> None:
    """In JSON on standard output where the alerts do not go there; else on standard error."""
    if as_json:
        print(summary_json(summary), file=sys.stderr if aside else sys.stdout)
    else:
        print_summary(summary, dead_letters, Console(stderr=True))


class _Run:
    """One replay with everything that watches it."""

    def __init__(
        self,
        inputs: list[str],
        mapping: Mapping | None,
        book: Book,
        taken: Horizon,
        dead_letters: BinaryIO | None,
        land: bool,
    ) -> None:
        self.zone = zone_of(mapping)
        self.book = book
        self.dead_letters = DeadLetters(dead_letters)
        hasher = hasher_for(mapping, trial=True)
        self.history = History(inputs, mapping, hasher, self.dead_letters, say)
        collect_seldom()
        self.replay = Replay(book, taken, self.dead_letters, tells_clocks=land)
        self._changes: BinaryIO | None = None
        self._landing: ReplayLanding | None = None

    def write_changes(self, out: BinaryIO) -> None:
        self._changes = out

    def land(self) -> None:
        from streams.replay_landing import ReplayLanding
        from warehouse.migrations import migrate
        from warehouse.writer import Writer

        url = settings().clickhouse_url
        migrate(url)
        self._landing = ReplayLanding(Writer(url))

    def go(self) -> Summary:
        began = monotonic()
        self.replay.run(_shown(self.history), self._watch)
        landed: dict[str, int] = {}
        if self._landing is not None:
            self._landing.finish()
            landed = self._landing.landed
        return summarised(
            self.replay,
            self.replay.drive.alerts(),
            self.zone,
            book=self.book.hash,
            rows=self.history.rows,
            skipped=self.history.skipped,
            seconds=monotonic() - began,
            landed=landed,
        )

    def _watch(self, messages: list[Sourced], events: list[Event], step: Step) -> None:
        if self._changes is not None:
            self._changes.writelines(alert_json(alert, self.zone) + b"\n" for alert in step.alerts)
        if self._landing is not None:
            self._landing(messages, events, step)

    def write_alerts(self, out: BinaryIO) -> None:
        out.writelines(alert_json(alert, self.zone) + b"\n" for alert in ordered(self.replay.drive.alerts()))

    def write_clocks(self, out: BinaryIO) -> None:
        made = sorted(self.replay.drive.clocks(), key=lambda c: (c.subject, c.rule, c.start_at, c.clock_id))
        out.writelines(clock_json(clock, self.zone) + b"\n" for clock in made)


def _shown(history: Iterable[Sourced]) -> Iterator[Sourced]:
    """The same messages; on a terminal their number is shown while they pass."""
    if not sys.stderr.isatty():
        yield from history
        return
    columns = (SpinnerColumn(), TextColumn("{task.completed:,.0f} 事件 events"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("replay", total=None)
        for number, message in enumerate(history, 1):
            if not number & 0x3FF:
                progress.update(task, completed=number)
            yield message
