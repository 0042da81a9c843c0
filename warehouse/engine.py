"""The process that owns one chdb directory and answers native clients of ClickHouse for it, on loopback only.

It has no users, no TLS and no server-side parameters; WITH TOTALS, external tables and client-given query ids
are not supported either, and a plain DateTime column loses its zone (DateTime64 keeps it).
Started as `python -m warehouse.engine DIRECTORY PORT`.
"""

import argparse
import errno
import fcntl
import os
import signal
import socket
import socketserver
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any, TextIO

import chdb

from warehouse.session import Session

HOST = "127.0.0.1"


class Engine:
    """The one owner of the directory; it also cancels what its clients give up."""

    def __init__(self, directory: Path) -> None:
        self.path = str(directory)
        self.root = chdb.connect(self.path)
        self._lock = threading.Lock()
        self._marks = count(1)
        version, self.timezone = self._row("SELECT version(), timezone()")
        major, minor, patch = (int(part) for part in version.split(".")[:3])
        self.version = (major, minor, patch)

    def _row(self, sql: str) -> list[str]:
        with self._lock:
            return str(self.root.query(sql, "TSV")).strip().split("\t")

    def session(self) -> tuple[Any, str]:
        """A connection of its own for a client, and the mark that its queries carry in `log_comment`."""
        mark = f"session-{next(self._marks)}"
        connection = chdb.connect(self.path)
        connection.query(f"SET log_comment = '{mark}', print_pretty_type_names = 0")
        return connection, mark

    def cancel(self, mark: str) -> None:
        self._row(f"KILL QUERY WHERE Settings['log_comment'] = '{mark}' ASYNC")

    @contextmanager
    def watching(self, client: socket.socket, mark: str) -> Iterator[threading.Event]:
        """While a query runs its client can only cancel it or leave; either one ends the query."""
        over, given_up = threading.Event(), threading.Event()

        def watch() -> None:
            while not over.wait(0.05):
                if given_up.is_set() or _readable(client):
                    given_up.set()
                    self.cancel(mark)  # again until it is over: the query may not have been registered yet

        watcher = threading.Thread(target=watch, name=f"watch {mark}", daemon=True)
        watcher.start()
        try:
            yield given_up
        finally:
            over.set()
            watcher.join()


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def __init__(self, directory: Path, port: int) -> None:
        super().__init__((HOST, port), Session)  # before the engine starts: a taken port fails at once
        self.engine = Engine(directory)


def _readable(client: socket.socket) -> bool:
    try:
        client.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def _own(directory: Path) -> TextIO:
    """The lock of the directory, held until the file is closed. Raises OSError when another has it."""
    lock = (directory / "owner.lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise OSError(f"{directory} is already served by another process") from None
    return lock


def serve(directory: Path, port: int, tied: bool = False) -> None:
    """Serves until SIGTERM or SIGINT, or, when `tied`, until standard input ends: the starter has gone."""
    directory.mkdir(parents=True, exist_ok=True)
    owned = _own(directory)
    server = Server(directory, port)

    def stop(*_: object) -> None:
        threading.Thread(target=server.shutdown, daemon=True).start()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)

    def follow_starter() -> None:
        sys.stdin.buffer.read()
        stop()

    if tied:
        threading.Thread(target=follow_starter, daemon=True).start()
    print(f"ready {server.server_address[1]}", flush=True)
    server.serve_forever(poll_interval=0.1)
    server.server_close()
    owned.close()
    os._exit(0)  # what was acknowledged is on disk; queries of clients that stayed are not waited for


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directory", type=Path)
    parser.add_argument("port", type=int, help="0 takes a free one; the line `ready PORT` tells which")
    parser.add_argument("--tied", action="store_true", help="end when standard input ends")
    chosen = parser.parse_args()
    try:
        serve(chosen.directory, chosen.port, chosen.tied)
    except OSError as fault:
        taken = fault.errno == errno.EADDRINUSE
        sys.exit(f"port {chosen.port} is already in use" if taken else str(fault))


if __name__ == "__main__":
    main()
