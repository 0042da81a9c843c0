"""Decides what is said of a backtest: its figures as tables for people, all of it as one JSON object."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

import msgspec
from msgspec import Struct
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from rules.language import Book
from rules.testing.backtest import Figures, Noise
from rules.testing.diff import Differences
from rules.testing.found import Found
from streams.rehearsal.wanted import Rehearsed

MOST_COLUMNS, MOST_ROWS, MOST_WEEKS = 4, 15, 60
NAMES = {"notice": "提示 notice", "yellow_card": "黄牌 yellow", "red_card": "红牌 red"}
WHO = {"officer": "经办人 officer", "department": "部门 department"}


class Side(Struct, frozen=True):
    """One book of a backtest: its hash, `rule → versions`, the figures."""

    book: str
    versions: dict[str, list[int]]
    figures: Figures


class Backtest(Struct, frozen=True, kw_only=True):
    """A finished backtest. `differences` are those from the book it stands against."""

    rule: str
    since: str
    until: str
    side: Side
    against: Side | None
    differences: Differences | None
    rehearsed: Rehearsed


def side(book: Book, found: Figures) -> Side:
    """One book and its figures."""
    versions: dict[str, list[int]] = {}
    for rule in book.rules:
        versions.setdefault(rule.id, []).append(rule.version)
    return Side(book.hash, versions, found)


def backtest_json(found: Backtest) -> str:
    """Everything in one object; alerts are listed by their fields."""
    tally = found.rehearsed.tally
    made = {
        "rule": found.rule,
        "from": found.since or None,
        "to": found.until or None,
        "events": tally.events,
        "left_out": dict(tally.left_out),
        "unjudged": tally.unjudged,
        "dead_letters": dict(tally.dead_letters),
        "seconds": found.rehearsed.seconds,
        "processes": found.rehearsed.parts,
        "counters": found.rehearsed.outcomes[0].counters,
        **_written(found.side),
        "against": None if found.against is None else _written(found.against),
    }
    if found.differences is not None:
        made["appeared"] = [named(each) for each in found.differences.appeared]
        made["vanished"] = [named(each) for each in found.differences.vanished]
        made["changed"] = [
            {"fields": each.fields, "old": named(each.old), "new": named(each.new)}
            for each in found.differences.changed
        ]
    return msgspec.json.encode(made).decode()


def _written(one: Side) -> dict[str, object]:
    return {"book": one.book, "versions": one.versions, **msgspec.structs.asdict(one.figures)}


def named(alert: Struct) -> dict[str, object]:
    """An alert or a clock with the names of its fields."""
    return {name: getattr(alert, name) for name in alert.__struct_fields__}


def print_backtest(found: Backtest, console: Console) -> None:
    """The tables that a person reads."""
    console.print(_summary(found))
    if found.side.figures.alerts:
        console.print(_weeks(found.side.figures))
        console.print(_departments(found))
        for noise in found.side.figures.noise:
            console.print(_noise(noise))
    if found.differences is not None:
        print_alert_differences(found.differences, console)
    tally = found.rehearsed.tally
    console.print(
        f"{tally.events:,} 事件 events, {found.rehearsed.seconds} s, {found.rehearsed.parts} 进程 process(es)"
    )
    print_remarks(found.rehearsed, console)


def print_remarks(rehearsed: Rehearsed, console: Console) -> None:
    """What was not judged, and why; nothing where everything was."""
    tally, counters = rehearsed.tally, Counter(rehearsed.outcomes[0].counters)
    if tally.unjudged:
        console.print(f"迟到未判 too late to judge: {tally.unjudged:,}")
    for name, count in sorted(counters.items()):
        if name.startswith("no_limit:"):
            console.print(f"无时限 no limit: {name.partition(':')[2]}: {count:,}")
    for what, count in tally.left_out.items():
        console.print(f"{what}: {count:,}")
    for reason, count in tally.dead_letters.most_common():
        console.print(f"死信 dead letters: {reason}: {count:,}")
        for example in tally.examples.get(reason, ())[:5]:
            console.print(f"    {example}", markup=False, soft_wrap=True)


def _summary(found: Backtest) -> Table:
    title = f"回测 backtest {found.rule}  {found.since or '…'} → {found.until or '…'}"
    table = Table("", title=title)
    sides = [found.side, *([found.against] if found.against is not None else [])]
    for each in sides:
        versions = ", ".join(f"v{'/'.join(map(str, numbers))}" for numbers in each.versions.values())
        table.add_column(f"{each.book[:8]}\n{versions}", justify="right")
    rows: dict[str, list[int]] = {"告警 alerts": [each.figures.alerts for each in sides]}
    rows["办件 cases"] = [each.figures.subjects for each in sides]
    for heading, name in (
        ("级别 severity", "by_severity"),
        ("状态 state", "by_state"),
        ("原因 reason", "by_reason"),
        ("规则 rule", "by_name"),
        ("方式 mode", "by_mode"),
    ):
        counted = [getattr(each.figures, name) for each in sides]
        for value in dict.fromkeys(key for each in counted for key in each):
            rows[f"{heading}: {NAMES.get(value, value)}"] = [each.get(value, 0) for each in counted]
    rows["暂定 provisional"] = [each.figures.provisional for each in sides]
    for label, numbers in rows.items():
        table.add_row(escape(label), *(f"{number:,}" for number in numbers))
    return table


def _weeks(figures: Figures) -> Table:
    """A row a week (or a month of many weeks); a column for each of the departments with the most alerts."""
    by_month = len(figures.weeks) > MOST_WEEKS
    shown = list(figures.by_department)[:MOST_COLUMNS]
    others = len(figures.by_department) > len(shown)
    counted: Counter[tuple[str, str]] = Counter()
    totals: Counter[str] = Counter()
    for line in figures.by_week:
        row = line.week.isoformat()[: 7 if by_month else 10]
        counted[row, line.department] += line.alerts
        totals[row] += line.alerts
    what = "月 month" if by_month else "周 week"
    table = Table(what, title="每周每部门 alerts per week and department" if not by_month else "每月 alerts per month")
    for name in [*shown, *(["其他 others"] if others else []), "合计 total"]:
        table.add_column(escape(name or "—"), justify="right")
    for row, total in sorted(totals.items()):
        numbers = [counted[row, name] for name in shown]
        numbers += [total - sum(numbers)] if others else []
        table.add_row(row, *(f"{number:,}" if number else "·" for number in [*numbers, total]))
    if by_month:
        table.caption = "按周一所在月；逐周见 --json · by the month of the Monday; weeks are in --json"
    return table


def _departments(found: Backtest) -> Table:
    figures = found.side.figures
    beside: Mapping[str, int] | None = None if found.against is None else found.against.figures.by_department
    table = Table("部门 department", title="部门 departments")
    for heading in ("告警 alerts", *(["对照 against"] if beside is not None else []), "%"):
        table.add_column(heading, justify="right")
    names = departments(figures, None if found.against is None else found.against.figures)
    for name in names[:MOST_ROWS]:
        number = figures.by_department.get(name, 0)
        more = [] if beside is None else [f"{beside.get(name, 0):,}"]
        table.add_row(escape(name or "—"), f"{number:,}", *more, f"{100 * number / figures.alerts:.1f}")
    left = len(names) - MOST_ROWS
    if left > 0:
        table.caption = f"另有 {left} 个部门 · {left} more"
    return table


def departments(figures: Figures, other: Figures | None) -> list[str]:
    """The departments of one book or both, those with the most alerts under either first."""
    left, right = figures.by_department, other.by_department if other is not None else {}
    return sorted({**left, **right}, key=lambda name: (-max(left.get(name, 0), right.get(name, 0)), name))


def _noise(noise: Noise) -> Table:
    who = WHO[noise.of]
    table = Table(
        f"最忙 busiest {who}", "日期 day", "告警 alerts",
        title=f"每{who} 每日 a day: {noise.mean:g} 平均 mean; 有告警之日 on days with any: "
        f"{noise.usual:,} 中位 median, {noise.heavy:,} p95",
        caption=f"{noise.who:,} × {noise.days:,} 日 days",
    )  # fmt: skip
    table.columns[2].justify = "right"
    for name, day, number in noise.busiest:
        table.add_row(escape(name), day.isoformat(), f"{number:,}")
    return table


def print_alert_differences(found: Differences, console: Console) -> None:
    """The alerts that appear, vanish or change, by case; the first of each."""
    groups: tuple[tuple[str, Iterable[tuple[Found, str]], int], ...] = (
        ("出现 appear", ((each, "") for each in found.appeared), len(found.appeared)),
        ("消失 vanish", ((each, "") for each in found.vanished), len(found.vanished)),
        ("改变 change", ((each.new, change_of(each.old, each.new, each.fields)) for each in found.changed),
         len(found.changed)),
    )  # fmt: skip
    for heading, alerts, number in groups:
        if not number:
            continue
        table = Table("办件 case", "规则 rule", "级别 severity", "部门 department", "期限 due", "", title=heading)
        for place, (each, more) in enumerate(alerts):
            if place >= MOST_ROWS:
                break
            due = each.due_date.isoformat() if each.due_date else ""
            row = (each.group or each.subject, each.name, NAMES.get(each.severity, each.severity), each.department, due)
            table.add_row(*map(escape, (*row, more)))
        table.columns[0].no_wrap = True
        if number > MOST_ROWS:
            table.caption = f"共 {number:,} · {number:,} in all; --json lists them"
        console.print(table)
    counts = (
        f"{len(found.appeared):,} 出现 appear, {len(found.vanished):,} 消失 vanish, {len(found.changed):,} 改变 change"
    )
    console.print(f"{counts}, {found.same:,} 相同 same")


def change_of(old: Found, new: Found, fields: Iterable[str]) -> str:
    """`due_date 2026-03-18 → 2026-03-19, …`; instants are left to the JSON where a date says it."""
    said = [name for name in fields if name not in ("at", "due_at", "ended_at")] or list(fields)
    return ", ".join(f"{name} {getattr(old, name)} → {getattr(new, name)}" for name in said)
