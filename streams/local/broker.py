"""Decides how the embedded Kafka is formatted, started, found ready, and stopped."""

import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self
from uuid import uuid4

from streams import clock
from streams.local import children, fencing, jars, java, ports

HERE = Path(__file__).parent


class BrokerError(Exception):
    """The broker did not start; the message ends with the last lines of its log."""

    exit_status = 3


class Broker:
    """A single-node Kafka on loopback whose data outlives it: start, stop or kill it as often as you like."""

    def __init__(
        self,
        data: Path,
        port: int = 0,
        *,
        cache: Path,
        heap_mb: int = 512,
        short_lived: bool = False,
        advance: jars.Advance = lambda done, total: None,
        repository: str | None = None,
    ) -> None:
        """`port` 0 takes any free one and keeps it over restarts; `cache` holds the jars.

        A `short_lived` broker (tests) saves the second compiler's effort, which pays only under long load.
        """
        self.data = data
        self.port = port or ports.free()
        self.cache = cache
        self.heap_mb = heap_mb
        self.short_lived = short_lived
        self._advance = advance
        self._repository = repository
        self._child: children.Child | None = None

    @staticmethod
    def how_to_choose(port: int) -> str:
        server = f"KAFKA_BOOTSTRAP_SERVERS={ports.LOOPBACK}:{port}"
        return f"choose another with --kafka-port N, or use the broker there with {server}"

    @property
    def bootstrap(self) -> str:
        return f"{ports.LOOPBACK}:{self.port}"

    @property
    def pid(self) -> int | None:
        return self._child.pid if self._child else None

    @property
    def alive(self) -> bool:
        return self._child is not None and self._child.alive

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self, patience: float = 60.0) -> None:
        """Returns when clients are answered; PortTaken, JavaError, JarError or BrokerError say why not."""
        ports.require(self.port, "Kafka", self.how_to_choose(self.port))
        classpath = jars.ensure(self.cache, self._advance, self._repository)
        self.data.mkdir(parents=True, exist_ok=True)
        properties = self._write_properties()
        if fencing.was_killed(self.data / "logs"):
            fencing.fence(self._java(classpath, 128, brief=True), properties)
        self._format(classpath, properties)
        command = [*self._java(classpath, self.heap_mb, self.short_lived), "kafka.Kafka", str(properties)]
        self._child = children.start(command, self.data / "server.log")
        try:
            self._await_ready(self._child, patience)
        except BaseException:
            self._child.kill()
            raise

    def stop(self) -> None:
        """In order: the broker closes its logs, so that the next start recovers nothing."""
        if self._child:
            self._child.stop()

    def kill(self) -> None:
        """As a power cut would end it."""
        if self._child:
            self._child.kill()

    def _write_properties(self) -> Path:
        controller = ports.free()
        own = {
            "listeners": f"PLAINTEXT://{self.bootstrap},CONTROLLER://{ports.LOOPBACK}:{controller}",
            "advertised.listeners": f"PLAINTEXT://{self.bootstrap}",
            "controller.quorum.voters": f"1@{ports.LOOPBACK}:{controller}",
            "log.dirs": str(self.data / "logs"),
        }
        target = self.data / "server.properties"
        lines = "".join(f"{name}={setting}\n" for name, setting in own.items())
        target.write_text((HERE / "broker.properties").read_text(encoding="utf-8") + lines, encoding="utf-8")
        return target

    def _java(self, classpath: list[Path], heap_mb: int, brief: bool) -> list[str]:
        runtime = java.find()
        return [
            str(runtime),
            f"-Xmx{heap_mb}m",
            "-XX:+UseSerialGC",
            *(["-XX:TieredStopAtLevel=1"] if brief else []),
            f"-XX:SharedArchiveFile={java.class_archive(runtime, self.cache)}",
            "-XX:+ExitOnOutOfMemoryError",
            "-Djava.awt.headless=true",
            "-Djava.net.preferIPv4Stack=true",
            f"-Dlog4j2.configurationFile={HERE / 'log4j2.properties'}",
            "-cp",
            ":".join(str(jar) for jar in classpath),
        ]

    def _format(self, classpath: list[Path], properties: Path) -> None:
        if (self.data / "logs" / "meta.properties").exists():
            return
        said = subprocess.run(
            [
                *self._java(classpath, 128, brief=True),
                "kafka.tools.StorageTool",
                *("format", "-t", uuid4().hex[:22], "-c", str(properties)),
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        if said.returncode:
            raise BrokerError(f"Kafka cannot format {self.data}:\n{said.stdout}{said.stderr}")

    def _await_ready(self, child: children.Child, patience: float) -> None:
        from kafka import KafkaAdminClient
        from kafka.errors import KafkaError

        give_up_at = clock.monotonic() + patience
        while clock.monotonic() < give_up_at:
            if not child.alive:
                raise BrokerError(f"Kafka ended while starting:\n{child.last_words()}")
            try:
                KafkaAdminClient(
                    bootstrap_servers=self.bootstrap, bootstrap_timeout_ms=1_000, reconnect_backoff_max_ms=100
                ).close()
                return
            except KafkaError:
                continue
        raise BrokerError(f"Kafka did not answer within {patience:.0f} s:\n{child.last_words()}")
