"""The commands of the warehouse: migrations, the embedded server, a query."""

import json
import os
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import typer
from rich.console import Console
from rich.table import Table as RichTable

from streams.settings import settings
from warehouse import embedded, migrations
from warehouse.link import ServerException
from warehouse.reader import Reader, Table

app = typer.Typer(
    no_args_is_help=True,
    help="数据仓库：迁移、内嵌服务、查询 · Migrations, the embedded server, a query.\n\n"
    "例 · Example: mingjing warehouse query 'SELECT rule, count() FROM alert_current FINAL GROUP BY rule'",
)

SHOWN_ROWS = 1_000


@app.command()
def migrate() -> None:
    """应用尚缺的迁移；可重复执行 · Applies the migrations that the warehouse lacks; may be repeated.

    例 · Example: mingjing warehouse migrate
    """
    done = migrations.migrate(settings().clickhouse_url)
    for file in done:
        typer.echo(f"已应用 applied  {file}")
    if not done:
        typer.echo("已是最新 · nothing to apply")


@app.command()
def serve(
    directory: Path | None = typer.Option(None, help="数据目录 · where the tables are kept"),
    port: int | None = typer.Option(None, help="端口，默认取自 CLICKHOUSE_URL · default: that of CLICKHOUSE_URL"),
) -> None:
    """在回环地址上提供内嵌 ClickHouse，直到 Ctrl-C · The embedded ClickHouse on loopback, until Ctrl-C.

    没有用户、TLS 与服务端参数 · It has no users, TLS or server-side parameters.

    例 · Example: mingjing warehouse serve --port 9000
    """
    chosen = settings()
    where = directory or chosen.state / "warehouse"
    number = (urlsplit(chosen.clickhouse_url).port or 9000) if port is None else port
    command = embedded.command(where, number)
    os.execve(command[0], command, embedded.environment())


@app.command()
def query(
    sql: str = typer.Argument(help="一条语句 · one statement"),
    as_json: bool = typer.Option(False, "--json", help="每行一个 JSON · one JSON object a line"),
) -> None:
    """执行一条查询并打印结果 · Runs one query and prints the answer.

    例 · Example: mingjing warehouse query "SELECT count() FROM event_versions" --json
    """
    try:
        answer = Reader(settings().clickhouse_url).query(sql)
    except ServerException as fault:
        lines = [line for line in str(fault).splitlines() if line.strip()]
        typer.echo(f"mingjing: {' '.join(lines[:2])}", err=True)
        raise typer.Exit(2) from fault
    if as_json:
        names = [name for name, _ in answer.columns]
        for row in answer.rows:
            typer.echo(json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False, default=str))
    else:
        _print(answer)


def _print(answer: Table) -> None:
    table = RichTable()
    for name, kind in answer.columns:
        table.add_column(name, justify="right" if "Int" in kind or "Float" in kind else "left")
    for row in answer.rows[:SHOWN_ROWS]:
        table.add_row(*(_cell(value) for value in row))
    console = Console(width=None if sys.stdout.isatty() else 200)
    if answer.columns:
        console.print(table)
    if len(answer.rows) > SHOWN_ROWS:
        console.print(f"… {len(answer.rows) - SHOWN_ROWS} 行未显示 · rows not shown; --json prints all")


def _cell(value: Any) -> str:
    return "" if value is None else str(value)
