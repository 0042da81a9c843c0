"""Decides which file answers a command, and with which exit status a fault ends it."""

import sys
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

COMMANDS: dict[str, str] = {
    "run": "streams.cli.run:command",
    "replay": "streams.cli.replay:command",
    "feed": "streams.cli.feed:command",
    "simulate": "streams.cli.simulate:command",
    "worker": "streams.cli.worker:command",
    "lander": "streams.cli.lander:command",
    "console": "streams.cli.console:command",
    "local": "streams.cli.local:app",
    "rules": "streams.cli.rules:app",
    "calendar": "streams.cli.calendar:app",
    "warehouse": "streams.cli.warehouse:app",
    "deadletters": "streams.cli.deadletters:app",
    "nightly": "streams.cli.nightly:command",
    "doctor": "streams.cli.doctor:command",
}
"""Command → where it is: a Typer app or a function. Nothing is imported before it is called."""

SUMMARIES: dict[str, tuple[str, str]] = {
    "run": ("整套系统：一条命令看到告警", "Everything for a first look on one machine"),
    "replay": ("历史 → 告警，不需要 Kafka", "Histories to alerts, without Kafka"),
    "feed": ("把历史送进 Kafka", "Histories into Kafka, with clock marks"),
    "simulate": ("可重复的模拟月份，附真值文件", "A deterministic month, with its truth file"),
    "worker": ("判定进程", "The worker that judges events"),
    "lander": ("入库进程", "Lands events, alerts and clocks in the warehouse"),
    "console": ("监督工作台网页", "The web page for supervision staff"),
    "local": ("本机 Kafka 与 ClickHouse", "The embedded Kafka and ClickHouse alone"),
    "rules": ("检查规则，运行规则示例", "Lint rules and run the examples in them"),
    "calendar": ("工作日计算", "Working-day arithmetic"),
    "warehouse": ("数据仓库：迁移、服务、查询", "Migrations, the embedded server, a query"),
    "deadletters": ("无法解码的消息", "What could not be decoded"),
    "nightly": ("某一天的夜间质检与汇总", "The night's checks and rollups for a day"),
    "doctor": ("检查本机与服务，并说明如何修复", "Checks this machine and says what to do"),
}

EPILOG = "退出码 · exit status: 0 done, 1 found what it looked for, 2 usage, 3 something is not reachable"

UNREACHABLE = frozenset(
    {
        "builtins.ConnectionError",
        "kafka.errors.KafkaConnectionError",
        "kafka.errors.NoBrokersAvailable",
        "kafka.errors.KafkaTimeoutError",
        "aiokafka.errors.KafkaConnectionError",
        "clickhouse_driver.errors.NetworkError",
        "clickhouse_driver.errors.SocketTimeoutError",
    }
)
"""Exceptions by name, so that none of these libraries is imported to find out."""


class NotInstalled(Exception):
    """A command whose extra is not installed in this environment."""

    exit_status = 3


def _load(name: str) -> Any:
    module, _, attribute = COMMANDS[name].partition(":")
    try:
        found = getattr(import_module(module), attribute)
    except ModuleNotFoundError as fault:
        missing = fault.name or ""
        raise NotInstalled(f"`mingjing {name}` needs the module {missing}, which is not installed") from fault
    if not isinstance(found, typer.Typer):
        single = typer.Typer(add_completion=False)
        single.command(name)(found)
        found = single
    command = typer.main.get_command(found)
    command.name = name
    command.params = [each for each in command.params if each.name not in ("install_completion", "show_completion")]
    return command


class LazyGroup(TyperGroup):
    """Lists its commands from the table and imports only the one that is called."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        for name in COMMANDS:
            chinese, english = SUMMARIES.get(name, ("", ""))
            self.commands[name] = TyperCommand(name, help=f"{chinese} · {english}")

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        name, stub, rest = super().resolve_command(ctx, args)
        return name, _load(name) if name in COMMANDS else stub, rest


app = typer.Typer(cls=LazyGroup, no_args_is_help=True, epilog=EPILOG, pretty_exceptions_enable=False)


def _version(wanted: bool) -> None:
    if wanted:
        import tomllib

        from streams.settings import ROOT

        project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        typer.echo(f"mingjing {project['version']}")
        raise typer.Exit


@app.callback()
def root(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Print the version."),
) -> None:
    """明镜 Mingjing：政务服务与监督检查的实时监督 · real-time supervision of public services and inspections.

    例 · Example: mingjing replay --mapping examples/receipt/mapping.yaml receipt.csv.gz
    """


def exit_status(fault: BaseException) -> int | None:
    """The status that a fault ends the command with; None for a defect, which shows its traceback."""
    declared = getattr(fault, "exit_status", None)
    if isinstance(declared, int):
        return declared
    if isinstance(fault, OSError) and fault.filename is not None:
        return 2  # a file that a person named cannot be opened; the message names it
    names = {f"{kind.__module__}.{kind.__qualname__}" for kind in type(fault).__mro__}
    return 3 if names & UNREACHABLE else None


def main(arguments: list[str] | None = None) -> int:
    """Runs one command line; expected faults become one message and a status."""
    try:
        typer.main.get_command(app).main(args=arguments, prog_name="mingjing")
    except Exception as fault:
        status = exit_status(fault)
        if status is None:
            raise
        print(f"mingjing: {fault or type(fault).__name__}", file=sys.stderr)
        return status
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
