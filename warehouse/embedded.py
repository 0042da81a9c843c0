"""How a laptop or a test gets a ClickHouse: a spawned process that speaks its native protocol on loopback.

It has no users, no TLS and no server-side parameters, so it binds to 127.0.0.1 and to nothing else.
The process is spawned, never forked: a fork of a process that has chdb loaded hangs.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from types import TracebackType

HOST = "127.0.0.1"
STOP_SECONDS = 20.0


class EmbeddedServerError(Exception):
    """The embedded server did not start; the message carries what it said."""


class EmbeddedServer:
    """A running embedded server; leaving its context stops it and waits until its process has ended."""

    def __init__(self, process: "subprocess.Popen[str]", port: int) -> None:
        self.process = process
        self.port = port

    @property
    def url(self) -> str:
        return f"clickhouse://default:@{HOST}:{self.port}/default"

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            if stream:
                stream.close()

    def __enter__(self) -> "EmbeddedServer":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def command(directory: Path, port: int) -> list[str]:
    """The command line of the process, for those who start it themselves; it prints `ready PORT`."""
    return [sys.executable, "-m", "warehouse.engine", str(directory), str(port)]


def environment() -> dict[str, str]:
    """The environment of the process: ours, and the rooms can be imported from anywhere."""
    root = str(Path(__file__).resolve().parents[1])
    path = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
    return {**os.environ, "PYTHONPATH": path}


def start(directory: Path, port: int = 0) -> EmbeddedServer:
    """Start a server over `directory` and wait until it answers; port 0 takes a free one.

    The server ends with the process that started it, also when that one is killed.
    """
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as said:
        process = subprocess.Popen(
            [*command(directory, port), "--tied"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=said,
            text=True,
            env=environment(),
            start_new_session=True,  # Ctrl-C reaches the starter, which stops the server after its clients
        )
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("ready "):
                return EmbeddedServer(process, int(line.split()[1]))
        process.wait()
        said.seek(0)
        reason = said.read().strip().splitlines()[-1:] or [f"exit status {process.returncode}"]
    raise EmbeddedServerError(f"the embedded warehouse in {directory} did not start: {reason[0]}")
