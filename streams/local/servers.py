"""Decides how this machine's own Kafka and warehouse are brought up together, shown, and ended."""

from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)

from streams.local import ports
from streams.local.broker import Broker
from streams.settings import Settings

if TYPE_CHECKING:
    from warehouse.embedded import EmbeddedServer

HOW_TO_CHOOSE = (
    "choose another with --warehouse-port N, or use the server there with "
    "CLICKHOUSE_URL=clickhouse://user:password@127.0.0.1:{port}/database"
)


class Servers:
    """Kafka and the embedded ClickHouse over the state folder; either one can be left out.

    `settings` says where they are once they run. A port not given is that of the settings, 0 is any.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        kafka_port: int | None = None,
        warehouse_port: int | None = None,
        kafka: bool = True,
        warehouse: bool = True,
        console: Console | None = None,
    ) -> None:
        self.settings = settings
        self.broker: Broker | None = None
        self.warehouse: EmbeddedServer | None = None
        self._wanted = (kafka, warehouse)
        self._kafka_port = settings.kafka_host_ports[0][1] if kafka_port is None else kafka_port
        configured = urlsplit(settings.clickhouse_url).port or 9000
        self._warehouse_port = configured if warehouse_port is None else warehouse_port
        self._console = console or Console(stderr=True)
        self._ending = ExitStack()

    def __enter__(self) -> Self:
        kafka, warehouse = self._wanted
        if kafka:
            ports.require(self._kafka_port, "Kafka", Broker.how_to_choose(self._kafka_port))
        if warehouse:
            how = HOW_TO_CHOOSE.format(port=self._warehouse_port)
            ports.require(self._warehouse_port, "the embedded ClickHouse", how)
        try:
            with _progress(self._console) as progress:
                if kafka:
                    self._start_kafka(progress)
                if warehouse:
                    self._start_warehouse(progress)
        except BaseException:
            self._ending.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ending.close()

    @property
    def ended(self) -> str | None:
        """The name of a server that is gone although nobody stopped it."""
        if self.broker and not self.broker.alive:
            return "Kafka"
        if self.warehouse and self.warehouse.process.poll() is not None:
            return "ClickHouse"
        return None

    def _start_kafka(self, progress: Progress) -> None:
        task = progress.add_task("Kafka 组件 · the broker's jars", total=None)

        def advance(done: int, total: int) -> None:
            text = "Kafka 启动 · starting the broker" if done == total else "Kafka 组件 · the broker's jars"
            progress.update(task, completed=done, total=total, description=text)

        broker = Broker(self.settings.state / "kafka", self._kafka_port, cache=self.settings.cache, advance=advance)
        broker.start()
        self._ending.callback(broker.stop)
        self.broker = broker
        self.settings = replace(self.settings, kafka_bootstrap_servers=broker.bootstrap)
        progress.update(task, description=f"Kafka 就绪 · ready at {broker.bootstrap}")

    def _start_warehouse(self, progress: Progress) -> None:
        from warehouse import embedded

        task = progress.add_task("ClickHouse 启动 · starting the embedded warehouse", total=1)
        folder: Path = self.settings.state / "warehouse"
        folder.mkdir(parents=True, exist_ok=True)
        server = embedded.start(folder, self._warehouse_port)
        self._ending.callback(server.stop)
        self.warehouse = server
        self.settings = replace(self.settings, clickhouse_url=server.url)
        text = f"ClickHouse 就绪 · ready at {embedded.HOST}:{server.port}"
        progress.update(task, completed=1, description=text)


def _progress(console: Console) -> Progress:
    return Progress(
        SpinnerColumn(finished_text="✓"),
        TextColumn("{task.description}"),
        BarColumn(bar_width=20),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
    )
