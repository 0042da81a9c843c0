"""Decides what is said of two books that differ: moved clocks by region, department and date, all of it as JSON."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date

import msgspec
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from rules.model.times import iso
from rules.testing.diff import Differences, Moved, moves
from rules.testing.found import FoundClock
from streams.backtest_report import MOST_ROWS, named
from streams.rehearsal.wanted import Rehearsed


def print_clock_differences(found: Differences, console: Console) -> None:
    """Clocks whose due date moved: by place, by dates, then the first of them by case."""
    if found.moved:
        for table in (_places(found.moved), _dates(found.moved), _cases(found.moved)):
            console.print(table)
    counts = (
        f"{len(found.moved):,} 期限变动 changed, {sum(m.became_firm for m in found.moved):,} 转为确定 became firm",
        f"{len(found.clocks_appeared):,} 新时钟 new clocks",
        f"{len(found.clocks_vanished):,} 消失的时钟 clocks gone",
    )
    console.print("时钟 clocks: " + ", ".join(counts))


def _places(moved: Sequence[Moved]) -> Table:
    """By region and department: how many clocks, by how many days at most either way, how many became firm."""
    places: dict[tuple[str, str], list[Moved]] = {}
    for each in moved:
        places.setdefault((each.new.region, each.new.department), []).append(each)
    table = Table("地区 region", "部门 department", title="期限变动 due dates that changed")
    for heading in ("移动 moved", "日 days", "转为确定 firm"):
        table.add_column(heading, justify="right")
    rows = sorted(places.items(), key=lambda each: (-len(each[1]), each[0]))
    for (region, department), clocks in rows[:MOST_ROWS]:
        days = [each.days for each in clocks if each.days]
        by = f"{min(days):+d} … {max(days):+d}" if days else ""
        firm = sum(each.became_firm for each in clocks)
        table.add_row(escape(region or "—"), escape(department or "—"), f"{len(days):,}", by, f"{firm:,}")
    return _cut(table, len(rows))


def _dates(moved: Sequence[Moved]) -> Table:
    """From which date to which, and how many clocks."""
    counted = Counter((each.old.due_date, each.new.due_date) for each in moved if each.days != 0)
    table = Table("原 was", "现 is", title="从哪天到哪天 from which date to which")
    table.add_column("时钟 clocks", justify="right")
    rows = sorted(counted.items(), key=lambda each: (-each[1], str(each[0])))
    for (was, due), clocks in rows[:MOST_ROWS]:
        table.add_row(_day(was), _day(due), f"{clocks:,}")
    return _cut(table, len(rows))


def _cases(moved: Sequence[Moved]) -> Table:
    table = Table("办件 case", "规则 rule", "原 was", "现 is", "日 days", title="其中 the first of them")
    for each in moved[:MOST_ROWS]:
        days = "" if each.days is None else f"{each.days:+d}"
        table.add_row(*map(escape, (each.new.subject, each.new.rule, _due(each.old), _due(each.new), days)))
    table.columns[0].no_wrap = True
    table.caption = "? 暂定 provisional"
    return table


def _cut(table: Table, rows: int) -> Table:
    if rows > MOST_ROWS:
        table.caption = f"另有 {rows - MOST_ROWS:,} 行，见 --json · more; --json lists them"
    return table


def _day(day: date | None) -> str:
    return "—" if day is None else day.isoformat()


def _due(clock: FoundClock) -> str:
    return _day(clock.due_date) + ("?" if clock.provisional else "")


def differences_json(found: Differences, books: Sequence[str], done: Rehearsed, zone: str) -> str:
    """Everything in one object."""
    made = {
        "old": books[0],
        "new": books[1],
        "to": None if done.now is None else iso(done.now, zone),
        "events": done.tally.events,
        "same": found.same,
        "appeared": [named(each) for each in found.appeared],
        "vanished": [named(each) for each in found.vanished],
        "changed": [{"fields": each.fields, "old": named(each.old), "new": named(each.new)} for each in found.changed],
        "moves": moves(found.moved),
        "moved": [
            {"old": named(each.old), "new": named(each.new), "days": each.days, "became_firm": each.became_firm}
            for each in found.moved
        ],
        "clocks_appeared": [named(each) for each in found.clocks_appeared],
        "clocks_vanished": [named(each) for each in found.clocks_vanished],
    }
    return msgspec.json.encode(made).decode()
