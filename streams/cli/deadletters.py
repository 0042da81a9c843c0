"""Decides how dead letters are listed, shown and sent again from the command line."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Column, Table

from rules.model.events import CHANNELS
from streams.clock import now_us
from streams.codec import DeadLetter, dead_letter_json
from streams.dead_letter_topic import consumer_of, letters, name_of, resend, source_bytes
from streams.settings import Settings, settings
from streams.topics import DEAD_LETTERS, Names

app = typer.Typer(no_args_is_help=True)

Reason = Annotated[str, typer.Option(help="只看这一原因 · only this reason")]
Name = Annotated[str, typer.Argument(help="主题-分区-位移 · topic-partition-offset")]
Chosen = Annotated[list[str] | None, typer.Argument(help="主题-分区-位移，可多个 · topic-partition-offset …")]


@app.callback()
def group() -> None:
    """无法解码的消息：原因、位置；原文留在来源主题里 · reasons and places; the bytes stay in their topic.

    例 · Example: mingjing deadletters list --reason not_a_time
    """


def _all(here: Settings) -> list[DeadLetter]:
    topic = Names(here.topic_prefix, here.app).of(DEAD_LETTERS)
    return asyncio.run(letters(here.kafka_bootstrap_servers, topic))


@app.command("list")
def listed(
    reason: Reason = "",
    limit: Annotated[int, typer.Option(min=1, help="最多条数（最新的） · how many, the latest")] = 50,
    json: Annotated[bool, typer.Option("--json", help="每行一条 JSON · one JSON line each")] = False,
) -> None:
    """列出死信 · Lists dead letters, the latest last.

    例 · Example: mingjing deadletters list --json
    """
    found = [letter for letter in _all(settings()) if not reason or letter.reason == reason]
    if json:
        for letter in found[-limit:]:
            typer.echo(dead_letter_json(letter).decode())
        return
    counted = Counter(letter.reason for letter in found)
    table = Table(Column("位置 place", overflow="fold"), "原因 reason", "路径 path", "说明 detail", "时间 at")
    for letter in found[-limit:]:
        table.add_row(name_of(letter), letter.reason, letter.path, letter.detail, letter.at)
    console = Console()
    if found:
        console.print(table)
    text = ", ".join(f"{name} {count:,}" for name, count in counted.most_common()) or "-"
    console.print(f"{len(found):,} 封 dead letters: {text}", markup=False)


@app.command()
def show(
    name: Name,
    bytes_too: Annotated[
        bool, typer.Option("--bytes", help="也显示原文（可能含个人信息） · the bytes too, may be personal")
    ] = False,
) -> None:
    """显示一封死信 · Shows one dead letter.

    例 · Example: mingjing deadletters show service.events-0-17
    """
    here = settings()
    chosen = _chosen(_all(here), [name])[0]
    typer.echo(dead_letter_json(chosen).decode())
    if bytes_too:
        value = asyncio.run(_bytes(here.kafka_bootstrap_servers, chosen))
        typer.echo("(原文已不在 · its record is gone)" if value is None else value.decode(errors="replace"))


async def _bytes(bootstrap: str, letter: DeadLetter) -> bytes | None:
    async with consumer_of(bootstrap) as consumer:
        return await source_bytes(consumer, letter)


@app.command("replay")
def replayed(names: Chosen = None, reason: Reason = "") -> None:
    """把现在能解码的再送一次 · Sends again what can be decoded by now; without names: all.

    退出码 1：还有不能解码的 · exit status 1 where some still cannot.

    例 · Example: mingjing deadletters replay --reason from_the_future
    """
    here = settings()
    found = [letter for letter in _all(here) if not reason or letter.reason == reason]
    chosen = _chosen(found, names) if names else _once(found)
    prefixed = Names(here.topic_prefix, here.app)
    topics = {stream: prefixed.of(topic) for stream, topic in CHANNELS.items()}
    answers = asyncio.run(resend(here.kafka_bootstrap_servers, topics, chosen, now_us()))
    for answer in answers:
        mark = "→" if answer.sent else "✗"
        typer.echo(f"{mark} {answer.name}: {answer.detail}")
    sent = sum(answer.sent for answer in answers)
    typer.echo(f"重送 sent again: {sent:,}; 仍不可用 still unusable: {len(answers) - sent:,}", err=True)
    if sent < len(answers):
        raise typer.Exit(1)


def _once(found: list[DeadLetter]) -> list[DeadLetter]:
    return list({name_of(letter): letter for letter in found}.values())


def _chosen(found: list[DeadLetter], names: list[str]) -> list[DeadLetter]:
    known = {name_of(letter): letter for letter in found}
    missing = [name for name in names if name not in known]
    if missing:
        raise typer.BadParameter(f"没有这些死信 · there are no such dead letters: {', '.join(missing)}")
    return [known[name] for name in names]
