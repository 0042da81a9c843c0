"""Decides how the coverage of a book is told on the command line: five aspects, and what is left out by name."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table
from ruamel.yaml import YAML

from rules.language.loader import BOOK
from rules.model.events import BY_RANK, RANK_OF, Fact
from rules.model.times import local_day
from rules.testing.coverage import LATELY, Aspect, Fields, coverage
from streams.cli.histories import ZONE
from streams.cli.inputs import MappingFile, hasher_for
from streams.cli.rehearsals import (
    AsJson,
    BookFolder,
    Histories,
    Past,
    Stored,
    past,
)
from streams.clock import now_us
from streams.rehearsal.wanted import BookAt
from streams.replay import Admission
from streams.settings import settings
from streams.sources.faults import DeadLetters, print_dead_letters, say
from streams.sources.history import History

NAMES = {
    "elements": "全要素 elements",
    "stages": "全阶段 stages",
    "flows": "全流程 flows",
    "perspectives": "全视角 perspectives",
    "life": "全活化 life",
}
MEANS = {
    "elements": "有规则用到的要素 · declared elements that a rule uses",
    "stages": "有规则判定的事件类型 · event types that a rule judges",
    "flows": "有时钟的起止 · beginnings and ends under a clock",
    "perspectives": "规则按其分组 · what rules group by",
    "life": f"规则读到且 {LATELY} 天内有值 · judged fields that rules read and that came in within {LATELY} days",
}
All = Annotated[bool, typer.Option("--all", help="列出全部未覆盖的字段 · every field that is not covered, by name")]


def command(
    inputs: Histories = None,
    mapping: MappingFile = None,
    warehouse: Stored = False,
    book: BookFolder = None,
    whole: All = False,
    json: AsJson = False,
) -> None:
    """五全：声明的要素、阶段、流程、视角、字段，哪些有规则 · what of all that is declared the rules cover.

    给出 INPUT 或 --warehouse，还看字段在最近 90 天内是否有值。
    With INPUT or --warehouse a field also has to have come in within the last 90 days.

    例 · Example: mingjing rules coverage --warehouse
    """
    history = past(inputs, mapping, warehouse, "", "") if inputs or warehouse else None
    folder = book or (history.mapping.book if history and history.mapping else None) or settings().book or BOOK
    loaded = BookAt(folder).load()
    came = None if history is None else _stored() if warehouse else _read(history)
    found = coverage(loaded, _clocks(folder), came)
    if json:
        made = [
            {"aspect": each.name, "all": len(each.things), "covered": each.covered, "things": each.things}
            for each in found
        ]
        print(msgspec.json.encode(made).decode())
    else:
        _print(found, Console(), whole)


def _clocks(folder: Path) -> list[str]:
    """The names of the shared clocks that hold in a book."""
    file = folder / "clocks.yaml" if (folder / "clocks.yaml").exists() else BOOK / "clocks.yaml"
    return list(YAML(typ="safe", pure=True).load(file.read_text(encoding="utf-8"))["clocks"])


def _stored() -> Fields:
    from warehouse.reader import Reader

    since = local_day(now_us(), ZONE) - timedelta(days=LATELY)
    return Reader(settings().clickhouse_url).filled_fields(since)


def _read(history: Past) -> Fields:
    """The fields of the last 90 days of files, up to their last event."""
    dead_letters = DeadLetters()
    admit = Admission(history.horizon, dead_letters, Counter())
    hasher = hasher_for(history.mapping, trial=True)
    by_day: dict[date, Counter[tuple[str, str]]] = {}
    for message in History(history.inputs, history.mapping, hasher, dead_letters, say):
        event = admit(message.value, message.place)
        if event is not None and type(event.fact) is not Fact:
            counted = by_day.setdefault(local_day(event.fact.occurred_at, history.zone), Counter())
            kind = BY_RANK[RANK_OF[type(event.fact)]]
            counted.update((kind.name, field) for field in kind.judged if getattr(event.fact, field) not in EMPTY)
    print_dead_letters(dead_letters, Console(stderr=True))
    since = max(by_day, default=date.max) - timedelta(days=LATELY)
    came: Counter[tuple[str, str]] = Counter()
    for day, counted in by_day.items():
        if day >= since:
            came += counted
    return came


EMPTY: tuple[object, ...] = (None, "", [], False)
MOST_NAMED = 40


def _print(found: list[Aspect], console: Console, whole: bool) -> None:
    table = Table("", "", title="五全 coverage")
    for heading in ("已覆盖 covered", "全部 all", "%"):
        table.add_column(heading, justify="right")
    for each in found:
        share = f"{100 * each.covered / len(each.things):.0f}" if each.things else "—"
        table.add_row(NAMES[each.name], MEANS[each.name], f"{each.covered:,}", f"{len(each.things):,}", share)
    console.print(table)
    for each in found:
        names = [f"{thing.name} (0)" if thing.rules else thing.name for thing in each.missing]
        shown = names if whole else names[:MOST_NAMED]
        if names:
            note = "；(0) 有规则读但没有值 · read by rules, but nothing came" if each.name == "life" else ""
            console.print(f"[bold]{NAMES[each.name]}[/bold] 未覆盖 not covered: {len(names):,}{note}")
            console.print("  " + ", ".join(shown), markup=False, highlight=False, soft_wrap=False)
        if len(shown) < len(names):
            console.print(f"  … {len(names) - len(shown):,} 更多，见 --all · more with --all")
