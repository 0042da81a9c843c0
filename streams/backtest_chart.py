"""Decides how a backtest is drawn: alerts a week by severity, departments below, the other book as a line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from math import log10

from jinja2 import Environment, PackageLoader, StrictUndefined
from msgspec import Struct

from rules.model.alerts import SEVERITIES
from rules.testing.backtest import Figures
from streams.backtest_report import NAMES, Backtest, departments

WIDTH, LEFT, RIGHT, TOP, BASE = 1000, 64, 976, 92, 340
ROWS_TOP, ROW_LEFT, ROW_RIGHT, ROW = 396, 200, 860, 24
MOST_ROWS, LONGEST_NAME = 12, 14
MOST_TICKS = 12
WEEK = timedelta(days=7)


class Bar(Struct, frozen=True):
    """One severity of one week."""

    x: float
    y: float
    width: float
    height: float
    colour: str
    says: str


class Mark(Struct, frozen=True):
    """A label at a place of an axis."""

    text: str
    x: float = 0
    y: float = 0


class Key(Struct, frozen=True):
    """One entry of the legend."""

    text: str
    colour: str
    x: float
    y: float = 78
    hollow: bool = False


class Row(Struct, frozen=True):
    """One department: its bar, where the other book's would end, where the figure stands."""

    name: str
    y: float
    width: float
    beside: float | None
    label: float
    text: str


class Picture(Struct, frozen=True, kw_only=True):
    """Everything that the template draws."""

    title: str
    subtitle: str
    legend: tuple[Key, ...]
    grid: tuple[Mark, ...]
    bars: tuple[Bar, ...]
    beside: str
    ticks: tuple[Mark, ...]
    rows: tuple[Row, ...]
    rows_title: str
    height: int
    width: int = WIDTH
    left: int = LEFT
    right: int = RIGHT
    base: int = BASE
    rows_top: int = ROWS_TOP
    row_left: int = ROW_LEFT


def chart(found: Backtest, palette: Mapping[str, str]) -> str:
    """The picture as SVG; `palette` gives each severity its colour."""
    environment = Environment(loader=PackageLoader("streams"), autoescape=True, undefined=StrictUndefined)
    return environment.get_template("backtest.svg").render(c=_picture(found, palette))


def _picture(found: Backtest, palette: Mapping[str, str]) -> Picture:
    figures, other = found.side.figures, found.against.figures if found.against is not None else None
    weeks = _all_weeks([figures, *([other] if other is not None else [])])
    totals = [sum(each.weeks.get(week, {}).values()) for each in (figures, other) if each for week in weeks]
    top, step = _scale(max(totals, default=0))
    each = (RIGHT - LEFT) / max(len(weeks), 1)
    rows = _rows(figures, other)
    return Picture(
        title=f"回测 Backtest {found.rule}",
        subtitle=f"{found.since[:10] or '…'} – {found.until[:10] or '…'} · {figures.alerts:,} 告警 alerts"
        + (f" · 对照 against {other.alerts:,}" if other is not None else ""),
        legend=_legend(figures, palette, other is not None),
        grid=tuple(Mark(f"{n:,}", y=BASE - n * (BASE - TOP) / top) for n in range(0, top + 1, step)),
        bars=tuple(_bars(figures, weeks, palette, each, top)),
        beside=_outline(other, weeks, each, top) if other is not None else "",
        ticks=_ticks(weeks, each),
        rows=rows,
        rows_title="部门 Departments",
        height=ROWS_TOP + 16 + ROW * max(len(rows), 1) + 16,
    )


def _all_weeks(sides: Sequence[Figures]) -> list[str]:
    """Every week from the first to the last, those without an alert too."""
    known = sorted(date.fromisoformat(week) for side in sides for week in side.weeks)
    if not known:
        return []
    return [(known[0] + n * WEEK).isoformat() for n in range((known[-1] - known[0]).days // 7 + 1)]


def _scale(most: int) -> tuple[int, int]:
    """The top of the axis and its step, in round numbers; about five lines."""
    step = max(10 ** int(log10(most / 5)), 1) if most >= 5 else 1
    step *= next(times for times in (1, 2, 5, 10) if step * times * 5 >= most)
    return max(-(-most // step), 1) * step, step


def _bars(figures: Figures, weeks: Sequence[str], palette: Mapping[str, str], each: float, top: int) -> list[Bar]:
    made: list[Bar] = []
    for place, week in enumerate(weeks):
        y = float(BASE)
        for severity in SEVERITIES:
            number = figures.weeks.get(week, {}).get(severity, 0)
            if not number:
                continue
            height = number * (BASE - TOP) / top
            y -= height
            says = f"{week}: {NAMES[severity]} {number:,}"
            x, width = LEFT + place * each + each * 0.1, each * 0.8
            made.append(Bar(round(x, 2), round(y, 2), round(width, 2), round(height, 2), palette[severity], says))
    return made


def _outline(other: Figures, weeks: Sequence[str], each: float, top: int) -> str:
    """The other book's totals as steps."""
    points: list[str] = []
    for place, week in enumerate(weeks):
        y = BASE - sum(other.weeks.get(week, {}).values()) * (BASE - TOP) / top
        points += [f"{LEFT + place * each:.1f},{y:.1f}", f"{LEFT + (place + 1) * each:.1f},{y:.1f}"]
    return "M" + " L".join(points) if points else ""


def _ticks(weeks: Sequence[str], each: float) -> tuple[Mark, ...]:
    every = -(-len(weeks) // MOST_TICKS) or 1
    return tuple(Mark(week, x=round(LEFT + (n + 0.5) * each, 1)) for n, week in enumerate(weeks) if n % every == 0)


def _legend(figures: Figures, palette: Mapping[str, str], against: bool) -> tuple[Key, ...]:
    keys: list[Key] = []
    x = 24.0
    for severity in SEVERITIES:
        if severity in figures.by_severity:
            keys.append(Key(f"{NAMES[severity]} {figures.by_severity[severity]:,}", palette[severity], x))
            x += 150
    if against:
        keys.append(Key("对照 against", "#ffffff", x, hollow=True))
    return tuple(keys)


def _rows(figures: Figures, other: Figures | None) -> tuple[Row, ...]:
    names = departments(figures, other)[:MOST_ROWS]
    numbers = [(figures.by_department.get(n, 0), other.by_department.get(n, 0) if other else 0) for n in names]
    scale = (ROW_RIGHT - ROW_LEFT) / max((max(pair) for pair in numbers), default=1)
    made: list[Row] = []
    for place, (name, (number, beside)) in enumerate(zip(names, numbers, strict=True)):
        shown = name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"
        text = f"{number:,}" + (f" ({beside:,})" if other is not None else "")
        label = max(number, beside) * scale + 8
        at = round(beside * scale, 1) if other is not None else None
        made.append(Row(shown or "—", ROWS_TOP + 16 + place * ROW, round(number * scale, 1), at, round(label, 1), text))
    return tuple(made)
