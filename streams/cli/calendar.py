"""Decides how working days are asked for on the command line."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from datetime import date
from typing import Annotated

import typer

from rules.calendar import FIRST, LAST, Calendar
from rules.tables import load_tables
from streams.cli import calendar_moved

app = typer.Typer(no_args_is_help=True)

START = typer.Argument(
    help="起算日（不计入），或 `-` 从标准输入读 · the day that is not counted, or `-` for standard input"
)
N = typer.Argument(help="工作日数 · how many working days", min=0)


@app.callback()
def group() -> None:
    """工作日计算：以国务院办公厅公布的放假和调休安排为准 · counts days as announced.

    例 · Example: mingjing calendar due 2026-02-12 5
    """


@app.command()
def due(
    start: Annotated[str, START],
    n: Annotated[int | None, N] = None,
    calendar: Annotated[str, typer.Option(help="日历 · which calendar")] = "cn",
    known_at: Annotated[str, typer.Option(help="按该日已公布的安排 · as announced by that day")] = "",
) -> None:
    """START 之后第 N 个工作日 · The date N working days after START.

    例 · Example: mingjing calendar due 2026-02-12 5

    例 · Example: printf '2026-02-12,5' | mingjing calendar due -
    """
    days = _calendar(calendar, known_at)
    if start != "-":
        if n is None:
            raise typer.BadParameter("缺少 N · N is missing")
        try:
            typer.echo(due_day(days, _day(start), n).isoformat())
        except ValueError as beyond:
            raise typer.BadParameter(str(beyond)) from None
        return
    faults = 0
    for answer, fault in answers(sys.stdin, days):
        faults += bool(fault)
        typer.echo(answer)
        if fault:
            typer.echo(fault, err=True)
    if faults:
        raise typer.Exit(1)


def due_day(calendar: Calendar, start: date, n: int) -> date:
    """The nth working day after a day. Raises ValueError beyond the days that a calendar knows."""
    found = calendar.add_working_days(start, n)
    if not FIRST <= start <= LAST or found >= LAST:
        raise ValueError(f"{start} + {n}: 日历只到 · a calendar ends on {LAST}")
    return found


def answers(lines: Iterable[str], calendar: Calendar) -> Iterator[tuple[str, str]]:
    """`start,n` lines → (date, ""), one a line; ("", what is wrong) for a bad one; no heading."""
    for number, line in enumerate(lines, 1):
        cells = [cell.strip() for cell in line.split(",")]
        if number == 1 and cells[0] == "start":
            continue
        try:
            if len(cells) < 2 or not cells[1].isdigit():
                raise ValueError(f"`{line.strip()}` is not `start,n`")
            yield due_day(calendar, date.fromisoformat(cells[0]), int(cells[1])).isoformat(), ""
        except (ValueError, OverflowError) as fault:
            yield "", f"-:{number}:1: {fault}"


def _calendar(name: str, known_at: str) -> Calendar:
    found = load_tables().calendars
    if name not in found:
        raise typer.BadParameter(f"没有日历 · there is no calendar `{name}`; known are {', '.join(sorted(found))}")
    return found[name].known_at(_day(known_at)) if known_at else found[name]


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"`{text}` 不是日期 · is not a date (YYYY-MM-DD)") from None


app.command("moved")(calendar_moved.command)
