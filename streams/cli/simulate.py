"""Decides where a simulated month goes: a file with its truth beside it, or Kafka."""

from __future__ import annotations

import gzip
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Annotated, BinaryIO, cast

import msgspec
import typer

from rules.language import load_book
from rules.model.times import iso
from streams.simulate import START, Simulation, simulate, truth_json

Seed = Annotated[int, typer.Option(help="种子：相同参数得到相同字节 · the same arguments give the same bytes")]
Days = Annotated[int, typer.Option(min=1, max=366, help="天数 · how many days")]
Cases = Annotated[int, typer.Option(min=1, help="办件数；检查约为其四分之一 · service cases; a quarter as many checks")]
Disorder = Annotated[
    float, typer.Option(min=0, help="到达最多推迟的小时数 · a message arrives up to so many hours late")
]
Start = Annotated[str, typer.Option(help="第一天 · the first day")]
Out = Annotated[
    str,
    typer.Option(help="写入文件（.gz 压缩）· a file of CloudEvents in the order of arrival; .gz packs it"),
]
Truth = Annotated[str, typer.Option(help="真值文件，默认与输出同名 · the truth file; beside the output by default")]
Kafka = Annotated[bool, typer.Option("--kafka", help="送进 Kafka，带时钟标记 · into Kafka, with clock marks")]
Speed = Annotated[float, typer.Option(min=0, help="历史时间的倍速（Kafka）· times as fast as it went (Kafka)")]
BookFolder = Annotated[
    Path | None,
    typer.Option(
        "--book",
        help="取其声明的表，默认用随附的 · whose declared tables the town has; the shipped ones without it",
        exists=True,
        file_okay=False,
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="摘要用 JSON · the summary in JSON")]


def command(
    seed: Seed = 1,
    days: Days = 30,
    cases: Cases = 1_000,
    disorder: Disorder = 0.0,
    start: Start = START.isoformat(),
    out: Out = "",
    truth: Truth = "",
    kafka: Kafka = False,
    speed: Speed = 0.0,
    json: AsJson = False,
    book: BookFolder = None,
) -> None:
    """可重复的模拟月份：埋入的问题全部列在真值文件 · a deterministic month with planted faults.

    例 · Example: mingjing simulate --seed 7 --days 30 --cases 1000 --disorder 6 --out month.jsonl

    例 · Example: mingjing simulate --seed 7 --cases 5000 --kafka --truth month.truth.jsonl
    """
    if not out and not kafka:
        raise typer.BadParameter("请给出 --out 或 --kafka · give --out FILE, --kafka, or both")
    try:
        made = simulate(seed, days, cases, _day(start), disorder, load_book(book).tables if book else None)
    except ValueError as fault:
        raise typer.BadParameter(str(fault)) from fault
    beside = truth or (truth_beside(out) if out and out != "-" else "")
    if out:
        with _opened(out) as file:
            for message in made.messages:
                file.write(message.value + b"\n")
    if beside:
        with _opened(beside) as file:
            file.writelines(truth_json(each) + b"\n" for each in made.truth)
    if kafka:
        _send(made, speed)
    _tell(made, beside, json)


def truth_beside(out: str) -> str:
    """month.jsonl.gz → month.truth.jsonl"""
    path = Path(out)
    for suffix in (".gz", ".jsonl", ".json"):
        path = path.with_suffix("") if path.suffix == suffix else path
    return str(path.with_name(f"{path.name}.truth.jsonl"))


@contextmanager
def _opened(name: str) -> Iterator[BinaryIO]:
    if name == "-":
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
    elif name.endswith(".gz"):
        with open(name, "wb") as raw, gzip.GzipFile("", "wb", fileobj=raw, mtime=0) as packed:
            yield cast("BinaryIO", packed)
    else:
        with open(name, "wb") as file:
            yield file


def _send(made: Simulation, speed: float) -> None:
    from streams.settings import settings
    from streams.simulate.sending import send
    from streams.sources.faults import DeadLetters

    bad = DeadLetters()
    send(made, settings(), speed, bad)
    for reason, examples in bad.examples.items():
        typer.echo(f"mingjing: {reason}: {examples[0]}", err=True)


def _tell(made: Simulation, beside: str, as_json: bool) -> None:
    rules = dict(sorted(Counter(each.rule for each in made.truth).items()))
    now = iso(made.now, "Asia/Shanghai")
    if as_json:
        said = {"messages": len(made.messages), "alerts": len(made.truth), "rules": rules, "now": now}
        typer.echo(msgspec.json.encode(said | {"truth": beside}), err=True)
        return
    listed = ", ".join(f"{rule} {number}" for rule, number in rules.items())
    typer.echo(f"{len(made.messages):,} 消息 messages, now {now}", err=True)
    typer.echo(f"{len(made.truth):,} 预警 alerts expected: {listed}", err=True)
    if beside:
        typer.echo(f"真值 truth: {beside}", err=True)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"`{text}` 不是日期 · is not a date (YYYY-MM-DD)") from None
