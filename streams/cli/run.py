"""The command for a first look: everything on this machine, from nothing, until Ctrl-C."""

import asyncio
import fcntl
import logging
import os
import shutil
import signal
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer
from rich.console import Console

from streams import topics
from streams.firstlook.month import go_on, has_events, month_until_today, tell_month
from streams.firstlook.roles import Roles
from streams.firstlook.ticker import Ticker, follow
from streams.local import ports
from streams.local.broker import Broker
from streams.local.servers import HOW_TO_CHOOSE, Servers
from streams.logs import quiet
from streams.settings import Settings, settings
from streams.simulate import Simulation

ROLES = ("worker", "lander", "console")

KafkaPort = Annotated[int | None, typer.Option(min=0, max=65_535, help="Kafka 端口 · port of Kafka")]
WarehousePort = Annotated[int | None, typer.Option(min=0, max=65_535, help="ClickHouse 端口 · port of ClickHouse")]
ConsolePort = Annotated[int | None, typer.Option(min=0, max=65_535, help="网页端口 · port of the page")]
Cases = Annotated[int, typer.Option(min=1, help="模拟月份的办件数 · service cases of the simulated month")]
Seed = Annotated[int, typer.Option(help="模拟的种子 · seed of the simulation")]
Keep = Annotated[bool, typer.Option("--keep", help="接着上次的数据继续 · go on with what the last run left")]


class PortsTaken(Exception):
    """Which ports are taken, each with how to choose another."""

    exit_status = 3


class AlreadyRunning(Exception):
    """Another first look uses the same state folder."""

    exit_status = 3


def command(
    kafka_port: KafkaPort = None,
    warehouse_port: WarehousePort = None,
    console_port: ConsolePort = None,
    cases: Cases = 2_000,
    seed: Seed = 1,
    keep: Keep = False,
) -> None:
    """整套系统：Kafka、ClickHouse、判定、入库、网页和一个模拟月份 · Everything on this machine: Kafka,
    ClickHouse, worker, lander, console and a simulated month. Alerts are printed as they come; Ctrl-C ends
    everything.

    已有服务器时用 KAFKA_BOOTSTRAP_SERVERS 与 CLICKHOUSE_URL 指定 · these two point it at servers that exist.

    例 · Example: mingjing run --kafka-port 9192 --warehouse-port 9100 --console-port 8090
    """
    quiet(logging.ERROR, sys.stderr, logging.CRITICAL)
    console = Console(stderr=True)
    chosen = settings()
    port = chosen.console_port if console_port is None else console_port or ports.free()
    here = replace(
        chosen,
        state=chosen.state / "run",
        console_port=port,
        clock=os.environ.get("MINGJING_CLOCK", "event"),  # the feed brings the month's time and then ours
    )
    signal.signal(signal.SIGTERM, _end)
    try:
        with _alone(here.state), ThreadPoolExecutor(1) as aside:
            _require_ports(here, kafka_port, warehouse_port)
            if not keep:
                shutil.rmtree(here.state, ignore_errors=True)
            month = aside.submit(month_until_today, seed, cases)
            _run(here, kafka_port, warehouse_port, month, console)
    except KeyboardInterrupt:
        console.print("已全部停止 · everything has ended")


def _end(*_: object) -> None:
    raise KeyboardInterrupt


def _run(
    here: Settings,
    kafka_port: int | None,
    warehouse_port: int | None,
    month: "Future[Simulation]",
    console: Console,
) -> None:
    with Servers(
        here,
        kafka_port=kafka_port,
        warehouse_port=warehouse_port,
        kafka=_ours("KAFKA_BOOTSTRAP_SERVERS"),
        warehouse=_ours("CLICKHOUSE_URL"),
        console=console,
    ) as servers:
        from warehouse.migrations import migrate

        topics.ensure(servers.settings)
        migrate(servers.settings.clickhouse_url)
        with Roles(servers.settings, console.print) as roles:
            roles.start(ROLES)
            asyncio.run(_until_told(servers, roles, month, console))


def _ours(variable: str) -> bool:
    """Whether a server is for us to start: nobody has named one that exists."""
    return not os.environ.get(variable)


async def _until_told(servers: Servers, roles: Roles, month: "Future[Simulation]", console: Console) -> None:
    """Runs every part until a signal comes or one of them fails."""
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, told.set)
    ticker = Ticker(partial(console.print, soft_wrap=True), servers.settings.language)
    parts: list[asyncio.Future[Any]] = [
        asyncio.ensure_future(part)
        for part in (
            told.wait(),
            roles.watch(),
            _live(servers.settings, await asyncio.wrap_future(month), console),
            follow(servers.settings, ticker),
            _announce(servers.settings, console),
            _alive(servers),
        )
    ]
    try:
        await _first_end(parts)
    finally:
        for part in parts:
            part.cancel()
        await asyncio.gather(*parts, return_exceptions=True)
    console.print("正在停止 · stopping")


async def _first_end(parts: "list[asyncio.Future[Any]]") -> None:
    """Returns when told to; raises the fault of a part that failed. The announcement may end by itself."""
    waiting = set(parts)
    while not parts[0].done():
        ended, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for part in ended:
            part.result()


async def _live(here: Settings, month: Simulation, console: Console) -> None:
    if not await has_events(here):
        await tell_month(here, month, console.print)
    await go_on(here, month)


async def _announce(here: Settings, console: Console) -> None:
    """Says where the page is once it answers."""
    while not ports.answers(here.console_host, here.console_port, 0.2):
        await asyncio.sleep(0.2)
    address = f"http://{here.console_host}:{here.console_port}/"
    console.rule(f"监督工作台 · console: [bold]{address}[/]   Ctrl-C 结束 · to end")


async def _alive(servers: Servers) -> None:
    while not servers.ended:
        await asyncio.sleep(1.0)
    raise ConnectionError(f"{servers.ended} 意外退出 · ended by itself; see {servers.settings.state}")


@contextmanager
def _alone(state: Path) -> Iterator[None]:
    state.parent.mkdir(parents=True, exist_ok=True)
    with state.with_name("run.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise AlreadyRunning(
                f"another `mingjing run` uses {state}: end it, or choose another folder with MINGJING_STATE"
            ) from None
        yield


def _require_ports(here: Settings, kafka_port: int | None, warehouse_port: int | None) -> None:
    """Every port that is taken, in one message. Raises PortsTaken."""
    kafka = here.kafka_host_ports[0][1] if kafka_port is None else kafka_port
    warehouse = urlsplit(here.clickhouse_url).port or 9_000 if warehouse_port is None else warehouse_port
    wanted = [(here.console_port, "the console", "choose another with --console-port N")]
    if _ours("KAFKA_BOOTSTRAP_SERVERS"):
        wanted.append((kafka, "Kafka", Broker.how_to_choose(kafka)))
    if _ours("CLICKHOUSE_URL"):
        wanted.append((warehouse, "the embedded ClickHouse", HOW_TO_CHOOSE.format(port=warehouse)))
    taken = []
    for port, what, how in wanted:
        try:
            ports.require(port, what, how)
        except ports.PortTaken as fault:
            taken.append(str(fault))
    if taken:
        raise PortsTaken("\n".join(taken))
