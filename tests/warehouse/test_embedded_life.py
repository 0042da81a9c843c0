"""How the embedded engine starts and ends: it keeps what it acknowledged and leaves nothing behind."""

import os
import select
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from clickhouse_driver import Client, errors

from warehouse import embedded
from warehouse.embedded import EmbeddedServerError

pytestmark = pytest.mark.warehouse


def test_leaving_the_context_leaves_no_process_and_keeps_the_tables(tmp_path: Path) -> None:
    with embedded.start(tmp_path / "data") as server:
        Client.from_url(server.url).execute("CREATE TABLE t (a UInt8) ENGINE = MergeTree ORDER BY a")
        Client.from_url(server.url).execute("INSERT INTO t VALUES", [(1,)])
        process = server.process
    assert process.returncode == 0
    with embedded.start(tmp_path / "data") as server:
        assert Client.from_url(server.url).execute("SELECT a FROM t") == [(1,)]


def test_kill_9_in_the_middle_of_inserts_loses_no_acknowledged_batch(tmp_path: Path) -> None:
    acknowledged: list[int] = []
    enough = threading.Event()
    with embedded.start(tmp_path / "data") as server:
        client = Client.from_url(f"{server.url}?compression=lz4")
        client.execute("CREATE TABLE t (batch UInt32, n UInt32) ENGINE = MergeTree ORDER BY (batch, n)")

        def insert_until_killed() -> None:
            try:
                for batch in range(100_000):
                    client.execute("INSERT INTO t VALUES", [[batch] * 1_000, list(range(1_000))], columnar=True)
                    acknowledged.append(batch)
                    if batch == 30:
                        enough.set()
            except (OSError, EOFError, errors.NetworkError):
                enough.set()

        thread = threading.Thread(target=insert_until_killed)
        thread.start()
        enough.wait()
        server.process.send_signal(signal.SIGKILL)
        thread.join()
    assert len(acknowledged) > 30
    with embedded.start(tmp_path / "data") as server:
        found = dict(Client.from_url(server.url).execute("SELECT batch, count() FROM t GROUP BY batch"))
    assert all(found.get(batch) == 1_000 for batch in acknowledged)
    assert set(found.values()) == {1_000}


def test_a_server_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    starter = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys, pathlib; from warehouse import embedded\n"
            "server = embedded.start(pathlib.Path(sys.argv[1])); print(server.process.pid, flush=True)\n"
            "input()",
            str(tmp_path / "data"),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=embedded.environment(),
    )
    assert starter.stdout is not None
    server = os.pidfd_open(int(starter.stdout.readline()))
    starter.kill()
    starter.communicate()
    ended, _, _ = select.select([server], [], [], 30)
    os.close(server)
    assert ended, "the server outlived its starter"


def test_a_directory_has_one_owner(tmp_path: Path) -> None:
    with (
        embedded.start(tmp_path / "data"),
        pytest.raises(EmbeddedServerError, match="already served by another process"),
    ):
        embedded.start(tmp_path / "data")


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with (
        embedded.start(tmp_path / "one") as server,
        pytest.raises(EmbeddedServerError, match=f"port {server.port} is already in use"),
    ):
        embedded.start(tmp_path / "two", server.port)


def test_it_listens_on_loopback_only(tmp_path: Path) -> None:
    with embedded.start(tmp_path / "data") as server:
        listening = [
            line.split()[1]
            for line in Path(f"/proc/{server.process.pid}/net/tcp").read_text().splitlines()
            if f":{server.port:04X} " in line and line.split()[3] == "0A"
        ]
    assert listening == [f"0100007F:{server.port:04X}"]
