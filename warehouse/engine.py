"""The process that owns one chdb directory and answers clickhouse-driver for it: `python -m warehouse.engine DIR PORT`.

Loopback only. It has no users, no TLS and no server-side parameters; WITH TOTALS, external tables and client-given
query ids are not supported either.
"""

import argparse
import json
import os
import re
import signal
import socket
import socketserver
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import chdb
from clickhouse_driver.protocol import ClientPacketTypes

from warehouse import statements
from warehouse.wire import ProtocolError, Query, Wire, header, shape

HOST = "127.0.0.1"
UNKNOWN_SETTING, CANCELLED, SYNTAX, NOT_IMPLEMENTED, UNKNOWN = 115, 394, 62, 48, 1002

_CODE = re.compile(r"Code: (\d+)\. (.*)", re.DOTALL)
_STREAMS = re.compile(r"\(*\s*(select|with|from)\b", re.IGNORECASE)
_FORMAT = re.compile(r"\bformat\s+\w+\s*$", re.IGNORECASE)
_INSERT = re.compile(
    r"""insert\s+into\s+(?:table\s+)?
    (?P<table>(?:`[^`]+`|"[^"]+"|\w+)(?:\.(?:`[^`]+`|"[^"]+"|\w+))?)\s*
    (?P<columns>\([^)]*\))?\s*
    (?P<settings>settings\s.*?)?
    (?P<data>values|format\s+\w+)?\s*$""",
    re.IGNORECASE | re.VERBOSE | re.DOTALL,
)


class QueryError(Exception):
    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


def failure(error: Exception) -> QueryError:
    """chdb's error with ClickHouse's own code and text."""
    if isinstance(error, QueryError):
        return error
    found = _CODE.search(str(error))
    return QueryError(int(found[1]), found[2]) if found else QueryError(UNKNOWN, str(error))


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


class Session(socketserver.BaseRequestHandler):
    """One client: one socket, one chdb connection, one query at a time."""

    server: "Server"
    request: socket.socket

    def handle(self) -> None:
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.wire = Wire(self.request)
        self.connection, self.mark = self.server.engine.session()
        self.applied: set[str] = set()
        try:
            self._greet()
            while True:
                self._answer(self.wire.read_packet())
        except (EOFError, ConnectionError):
            pass  # the client has gone
        except ProtocolError as error:
            self.wire.send_exception(UNKNOWN, str(error))
        finally:
            self.connection.close()

    def _greet(self) -> None:
        database = self.wire.read_hello()
        try:
            if database:
                self.connection.query(f"USE `{database}`")
        except Exception as error:
            self.wire.send_exception(failure(error).code, str(failure(error)))
            raise EOFError from None
        self.wire.send_hello(self.server.engine.version, self.server.engine.timezone)

    def _answer(self, packet: int) -> None:
        match packet:
            case ClientPacketTypes.PING:
                self.wire.send_pong()
            case ClientPacketTypes.QUERY:
                query = self.wire.read_query()
                external = self._external_rows()
                try:
                    if external:
                        raise QueryError(NOT_IMPLEMENTED, "the embedded engine takes no external tables")
                    self._run(query)
                except (EOFError, ConnectionError):
                    raise
                except Exception as error:
                    self.wire.send_exception(failure(error).code, str(failure(error)))
            case ClientPacketTypes.CANCEL:
                pass  # its query is already over
            case _:
                raise ProtocolError(f"packet {packet} is not part of this protocol")

    def _external_rows(self) -> int:
        rows = 0
        while (block := self.wire.read_block()).columns:
            rows += block.rows
        return rows

    def _run(self, query: Query) -> None:
        parts = statements.split(query.text)
        if len(parts) != 1:
            raise QueryError(SYNTAX, "DB::Exception: Syntax error: one statement at a time")
        self._apply(query.settings)
        text = parts[0]
        insert = _INSERT.match(text)
        if insert and (insert["data"] or insert["columns"]):
            self._insert(insert)
        elif _STREAMS.match(text):
            self._select(_FORMAT.sub("", text))
        else:
            self._command(_FORMAT.sub("", text))

    def _apply(self, settings: dict[str, tuple[str, bool]]) -> None:
        """Settings of one query: what the previous one brought goes back to its default."""
        for name in self.applied - settings.keys():
            self.connection.query(f"SET {name} = DEFAULT")
        self.applied.clear()
        for name, (value, important) in settings.items():
            if name == "log_comment":
                continue  # carries the session's mark
            if not name.isidentifier():
                raise QueryError(UNKNOWN_SETTING, f"DB::Exception: Unknown setting {name!r}")
            quoted = value.replace("\\", "\\\\").replace("'", "\\'")
            try:
                self.connection.query(f"SET {name} = '{quoted}'")
            except Exception as error:
                if failure(error).code != UNKNOWN_SETTING or important:
                    raise
            else:
                self.applied.add(name)

    def _select(self, text: str) -> None:
        rows = blocks = size = 0
        with self.server.engine.watching(self.request, self.mark) as given_up:
            try:
                with self.connection.send_query(text, "Native") as stream:
                    for chunk in stream:
                        if given_up.is_set():
                            break
                        native = chunk.bytes()
                        self._send_whole_block(native, chunk.rows_read())
                        rows, blocks, size = rows + chunk.rows_read(), blocks + 1, size + len(native)
            except (EOFError, ConnectionError):
                raise
            except Exception as error:
                if not (given_up.is_set() and failure(error).code == CANCELLED):
                    raise
            if not blocks and not given_up.is_set():
                self.wire.send_block(header(self._columns(f"({text})")))
        self.wire.send_profile(rows, blocks, size)
        self.wire.send_end(rows, size, 0)

    def _command(self, text: str) -> None:
        with self.server.engine.watching(self.request, self.mark):
            outcome = self.connection.query(text, "Native")
        native = outcome.bytes()
        if native:
            self._send_whole_block(native, outcome.rows_read())
        self.wire.send_end(outcome.rows_read() if native else 0, len(native), 0)

    def _send_whole_block(self, native: bytes, rows: int) -> None:
        """The engine hands out a block at a time; several in one would be misread by the client."""
        if rows and shape(native)[1] != rows:
            raise QueryError(NOT_IMPLEMENTED, "the result came in several blocks; select from it instead")
        self.wire.send_block(native)

    def _insert(self, insert: re.Match[str]) -> None:
        text = insert.string[: insert.start("data")] if insert["data"] else insert.string
        self.wire.send_block(header(self._insert_columns(insert)))
        rows = 0
        inserter = None
        try:
            while (block := self.wire.read_block()).columns:
                if block.rows:
                    inserter = inserter or self.connection.send_insert(text, "Native")
                    inserter.append(block.native)
                    rows += block.rows
            if inserter:
                inserter.finish()
                inserter = None
        finally:
            if inserter:
                inserter.cancel()
        self.wire.send_end(0, 0, rows)

    def _insert_columns(self, insert: re.Match[str]) -> list[tuple[str, str]]:
        known = self._columns(f"TABLE {insert['table']}")
        if not insert["columns"]:
            return known
        kinds = dict(known)
        names = [name.strip().strip('`"') for name in insert["columns"][1:-1].split(",")]
        missing = [name for name in names if name not in kinds]
        if missing:
            raise QueryError(16, f"DB::Exception: No such column {missing[0]} in table {insert['table']}")
        return [(name, kinds[name]) for name in names]

    def _columns(self, source: str) -> list[tuple[str, str]]:
        """Names and types that can be written to a table, or that a query answers with."""
        described = self.connection.query(f"DESCRIBE {source}", "JSONCompactEachRow").bytes().decode()
        rows = (json.loads(line) for line in described.splitlines())
        return [(row[0], row[1]) for row in rows if row[2] not in ("MATERIALIZED", "ALIAS")]


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


def serve(directory: Path, port: int, tied: bool = False) -> None:
    """Serve until SIGTERM or SIGINT, or, when `tied`, until standard input ends (the starter has gone)."""
    directory.mkdir(parents=True, exist_ok=True)
    server = Server(directory, port)

    def stop(*_: object) -> None:
        threading.Thread(target=server.shutdown, daemon=True).start()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    if tied:
        threading.Thread(target=lambda: (sys.stdin.buffer.read(), stop()), daemon=True).start()
    print(f"ready {server.server_address[1]}", flush=True)
    server.serve_forever(poll_interval=0.1)
    server.server_close()
    os._exit(0)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("directory", type=Path)
    parser.add_argument("port", type=int, help="0 takes a free one; the line `ready PORT` tells which")
    parser.add_argument("--tied", action="store_true", help="end when standard input ends")
    chosen = parser.parse_args()
    serve(chosen.directory, chosen.port, chosen.tied)


if __name__ == "__main__":
    main()
