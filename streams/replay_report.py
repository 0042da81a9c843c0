"""Decides what is said of a finished replay: counts by rule and reason, and what was set aside."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import msgspec
from msgspec import Struct
from rich.console import Console
from rich.table import Table

from rules.model.alerts import Alert
from rules.model.times import iso
from streams.replay import Replay
from streams.sources.faults import DeadLetters, print_dead_letters


class Summary(Struct, frozen=True, kw_only=True):
    """A replay in figures; the times in ISO 8601."""

    book: str
    rows: int
    events: int
    first_at: str | None
    last_at: str | None
    now: str | None
    seconds: float
    alerts: dict[str, dict[str, int]]
    no_limit: dict[str, int]
    counters: dict[str, int]
    unjudged: int
    left_out: dict[str, int]
    skipped_rows: int
    dead_letters: dict[str, int]
    landed: dict[str, int]


def summarised(
    replay: Replay,
    alerts: Iterable[Alert],
    zone: str,
    *,
    book: str,
    rows: int,
    skipped: int,
    seconds: float,
    landed: dict[str, int],
) -> Summary:
    by_rule: dict[str, Counter[str]] = {}
    for alert in alerts:
        name = f"{alert.rule} {alert.step}".strip()
        by_rule.setdefault(name, Counter())[alert.reason] += 1
    result, counters = replay.result, replay.drive.counters
    no_limit = {name.partition(":")[2]: n for name, n in counters.items() if name.startswith("no_limit:")}
    return Summary(
        book=book,
        rows=rows,
        events=result.events,
        first_at=None if result.first_at is None else iso(result.first_at, zone),
        last_at=None if result.last_at is None else iso(result.last_at, zone),
        now=None if replay.taken.now is None and not result.events else iso(replay.drive.now, zone),
        seconds=round(seconds, 2),
        alerts={name: dict(sorted(reasons.items())) for name, reasons in sorted(by_rule.items())},
        no_limit=dict(sorted(no_limit.items())),
        counters={name: n for name, n in sorted(counters.items()) if not name.startswith("no_limit:")},
        unjudged=result.unjudged,
        left_out=dict(result.left_out),
        skipped_rows=skipped,
        dead_letters=dict(replay.dead_letters.reasons),
        landed=landed,
    )


def summary_json(summary: Summary) -> str:
    return msgspec.json.encode(summary).decode()


def print_summary(summary: Summary, dead_letters: DeadLetters, console: Console) -> None:
    """The tables that a person reads, on the console given."""
    table = Table("规则 rule", "原因 reason", "告警 alerts", title=f"回放 replay → {summary.now or '-'}")
    table.columns[2].justify = "right"
    for rule, reasons in summary.alerts.items():
        for reason, count in reasons.items():
            table.add_row(rule, reason, f"{count:,}")
    if summary.alerts:
        console.print(table)
    else:
        console.print(f"没有告警 · no alerts (now: {summary.now or '-'})")
    rate = f"{summary.events / summary.seconds:,.0f}/s" if summary.seconds else ""
    console.print(f"{summary.rows:,} 行 rows → {summary.events:,} 事件 events, {summary.seconds} s {rate}")
    for text in _remarks(summary):
        console.print(text)
    print_dead_letters(dead_letters, console)


def _remarks(summary: Summary) -> Iterable[str]:
    for rule, count in summary.no_limit.items():
        yield f"无时限 no limit: {rule}: {count:,}"
    if summary.unjudged:
        yield f"迟到未判 too late to judge: {summary.unjudged:,}"
    if summary.skipped_rows:
        yield f"映射跳过 skipped by the mapping: {summary.skipped_rows:,} 行 rows"
    for what, count in (summary.left_out | summary.counters).items():
        yield f"{what}: {count:,}"
    for table, count in summary.landed.items():
        yield f"入库 landed in {table}: {count:,}"


def ordered(alerts: Iterable[Alert]) -> list[Alert]:
    """By time, rule, subject: the order of the output, the same in every run."""
    return sorted(alerts, key=lambda alert: (alert.at, alert.rule, alert.subject, alert.step, alert.alert_id))
