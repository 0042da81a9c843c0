"""`mingjing local`: the embedded Kafka and ClickHouse alone, in the foreground or behind the terminal."""

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from streams.local import jars, ports
from streams.settings import Settings, settings

app = typer.Typer(
    no_args_is_help=True,
    help="本机 Kafka 与 ClickHouse · The embedded Kafka and ClickHouse alone.\n\n"
    "例 · Example: mingjing local up --detach",
)

KafkaPort = Annotated[int | None, typer.Option(min=0, max=65_535, help="Kafka 端口 · port of Kafka")]
WarehousePort = Annotated[int | None, typer.Option(min=0, max=65_535, help="ClickHouse 端口 · port of ClickHouse")]
CHECK_SECONDS = 1.0


def _note(chosen: Settings) -> Path:
    """Where the running pair says who it is; there while it runs and after it was killed."""
    return chosen.state / "local.json"


def _running(chosen: Settings) -> dict[str, str] | None:
    """The note of a pair that is alive, None when there is none."""
    note = _note(chosen)
    if not note.exists():
        return None
    said: dict[str, str] = json.loads(note.read_text(encoding="utf-8"))
    try:
        os.kill(int(said["pid"]), 0)
    except ProcessLookupError:
        note.unlink(missing_ok=True)
        return None
    return said


@app.command()
def up(
    kafka_port: KafkaPort = None,
    warehouse_port: WarehousePort = None,
    detach: Annotated[bool, typer.Option(help="后台运行 · go on behind the terminal")] = False,
) -> None:
    """启动两者，直到 Ctrl-C；--detach 后台运行 · Starts both until Ctrl-C, or behind the terminal.

    例 · Example: mingjing local up --kafka-port 9192 --warehouse-port 9100
    """
    chosen = settings()
    if said := _running(chosen):
        typer.echo(f"已在运行 · already running: Kafka {said['kafka']}, ClickHouse {said['clickhouse']}")
        return
    if detach:
        _detach(chosen, kafka_port, warehouse_port)
    else:
        _stay(chosen, kafka_port, warehouse_port)


def _stay(chosen: Settings, kafka_port: int | None, warehouse_port: int | None) -> None:
    from streams.local.servers import Servers

    asked_to_end = threading.Event()
    console = Console(stderr=True)
    with Servers(chosen, kafka_port=kafka_port, warehouse_port=warehouse_port, console=console) as both:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: asked_to_end.set())
        said = {
            "pid": str(os.getpid()),
            "kafka": both.settings.kafka_bootstrap_servers,
            "clickhouse": both.settings.clickhouse_url,
        }
        _note(chosen).write_text(json.dumps(said), encoding="utf-8")
        typer.echo(f"KAFKA_BOOTSTRAP_SERVERS={said['kafka']}")
        typer.echo(f"CLICKHOUSE_URL={said['clickhouse']}")
        sys.stdout.flush()
        while not asked_to_end.wait(CHECK_SECONDS) and not both.ended:
            continue
        ended = both.ended
    _note(chosen).unlink(missing_ok=True)
    if ended:
        typer.echo(f"mingjing: {ended} 意外退出 · ended by itself; see {chosen.state}", err=True)
        raise typer.Exit(3)


def _detach(chosen: Settings, kafka_port: int | None, warehouse_port: int | None) -> None:
    """The same command once more, in a session of its own; its first lines say that both are ready."""
    options = [
        *(["--kafka-port", str(kafka_port)] if kafka_port is not None else []),
        *(["--warehouse-port", str(warehouse_port)] if warehouse_port is not None else []),
    ]
    chosen.state.mkdir(parents=True, exist_ok=True)
    log = chosen.state / "local.log"
    with log.open("w", encoding="utf-8") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", "streams.cli.main", "local", "up", *options],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
            start_new_session=True,
        )
    assert process.stdout is not None
    addresses = [line for _ in range(2) if (line := process.stdout.readline())]
    if len(addresses) < 2:
        typer.echo(log.read_text(encoding="utf-8").strip().splitlines()[-1], err=True)
        raise typer.Exit(process.wait())
    typer.echo("".join(addresses), nl=False)


@app.command()
def down() -> None:
    """停止后台运行的两者 · Stops what `local up` started.

    例 · Example: mingjing local down
    """
    chosen = settings()
    said = _running(chosen)
    if not said:
        typer.echo("没有在运行 · nothing is running")
        return
    os.kill(int(said["pid"]), signal.SIGTERM)
    _await_end(int(said["pid"]))
    typer.echo("已停止 · stopped")


def _await_end(pid: int) -> None:
    """Waits for a process that is not our child."""
    gone = threading.Event()
    for _ in range(300):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return
        gone.wait(0.1)
    typer.echo(f"mingjing: 进程 {pid} 未在 30 秒内结束 · did not end within 30 s", err=True)
    raise typer.Exit(3)


@app.command()
def status() -> None:
    """两者是否在应答；不在则退出码 3 · Whether both answer; exit status 3 when one does not.

    例 · Example: mingjing local status
    """
    from urllib.parse import urlsplit

    chosen = settings()
    said = _running(chosen) or {}
    host, port = chosen.kafka_host_ports[0]
    kafka = said.get("kafka", f"{host}:{port}")
    clickhouse = urlsplit(said.get("clickhouse", chosen.clickhouse_url))
    addresses = {"Kafka": kafka, "ClickHouse": f"{clickhouse.hostname}:{clickhouse.port or 9000}"}
    table = Table("", "地址 · address", "应答 · answers")
    there = True
    for name, address in addresses.items():
        host, _, number = address.rpartition(":")
        up = ports.answers(host, int(number))
        there = there and up
        table.add_row(name, address, "是 yes" if up else "否 no")
    Console().print(table)
    raise typer.Exit(0 if there else 3)


@app.command()
def lock() -> None:
    """重建 jar 清单（SHA-256）· Rebuilds the list of the broker's jars with their SHA-256.

    例 · Example: mingjing local lock
    """
    jars.LOCK.write_text(jars.rebuild(settings().cache), encoding="utf-8")
    typer.echo(f"{len(jars.locked())} jars → {jars.LOCK.name}")
