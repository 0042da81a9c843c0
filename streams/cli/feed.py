"""Decides how a history is sent into Kafka from the command line."""

from __future__ import annotations

import asyncio
import sys
from typing import Annotated

import msgspec
import typer
from rich.console import Console

from rules.model.times import iso
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
from streams.feed import Fed, Pace, feed
from streams.settings import Settings, settings
from streams.sources.faults import DeadLetters, print_dead_letters, say
from streams.sources.history import History
from streams.topics import Names, ensure

Rate = Annotated[float, typer.Option(min=0, help="每秒事件数 · events a second")]
Speed = Annotated[float, typer.Option(min=0, help="历史时间的倍速 · times as fast as the history went")]
AsJson = Annotated[bool, typer.Option("--json", help="摘要用 JSON · the summary in JSON")]


def command(
    inputs: Inputs,
    mapping: MappingFile = None,
    rate: Rate = 0.0,
    speed: Speed = 0.0,
    dead_letters: DeadLetterFile = "",
    json: AsJson = False,
) -> None:
    """同样的历史送进 Kafka，带时钟标记 · the same histories into Kafka, with clock marks.

    例 · Example: mingjing feed --mapping examples/boston311/mapping.yaml --speed 86400 requests.csv.gz
    """
    if rate and speed:
        raise typer.BadParameter("--rate 与 --speed 只能给一个 · --rate or --speed, not both")
    checked(inputs)
    source = mapping_of(mapping)
    here = settings()
    hasher = hasher_for(source, trial=is_local(here))
    ensure(here)
    began = monotonic()
    with opened_out(dead_letters) as out:
        bad = DeadLetters(out)
        history = History(inputs, source, hasher, bad, say)
        names = Names(here.topic_prefix, here.app)
        fed = asyncio.run(feed(here.kafka_bootstrap_servers, names, history, Pace(rate, speed), bad))
    _tell(fed, bad, history.rows, monotonic() - began, json)


def is_local(here: Settings) -> bool:
    """True where the broker is on this machine: only there may the development key be used."""
    return all(host in ("127.0.0.1", "::1", "localhost") for host, _ in here.kafka_host_ports)


def _tell(fed: Fed, bad: DeadLetters, rows: int, seconds: float, as_json: bool) -> None:
    last = iso(fed.last_at, "Asia/Shanghai") if fed.events else None
    if as_json:
        made = msgspec.to_builtins(fed) | {
            "rows": rows, "last_at": last, "seconds": round(seconds, 2), "dead_letters": dict(bad.reasons),
        }  # fmt: skip
        print(msgspec.json.encode(made).decode(), file=sys.stdout)
        return
    console = Console(stderr=True)
    console.print(f"{rows:,} 行 rows → {fed.events:,} 事件 events, {fed.marks:,} 标记 marks, {seconds:.1f} s")
    print_dead_letters(bad, console)
