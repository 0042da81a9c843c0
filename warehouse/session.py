"""What a client of the embedded engine is answered: a pong, blocks, or an error with ClickHouse's code."""

import json
import re
import socket
import socketserver
from typing import TYPE_CHECKING

from clickhouse_driver.protocol import ClientPacketTypes

from warehouse import statements
from warehouse.wire import ProtocolError, Query, Wire, columns_of, header, shape

if TYPE_CHECKING:
    from warehouse.engine import Server

UNKNOWN_SETTING, CANCELLED, SYNTAX, NOT_IMPLEMENTED, UNKNOWN = 115, 394, 62, 48, 1002

_CODE = re.compile(r"Code: (\d+)\. (.*)", re.DOTALL)
_STREAMS = re.compile(r"\(*\s*(select|with|from)\b", re.IGNORECASE)
_FORMAT = re.compile(r"\bformat\s+\w+\s*$", re.IGNORECASE)
_INSERT = re.compile(
    r"""insert\s+into\s+(?:table\s+)?
    (?P<table>(?:`[^`]+`|"[^"]+"|\w+)(?:\.(?:`[^`]+`|"[^"]+"|\w+))?)\s*
    (?P<columns>\([^)]*\))?\s*
    (?P<settings>settings\s(?:(?!\bselect\b).)*?)?
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
                        if not blocks:
                            self.wire.send_block(header(columns_of(native)))
                        self._send_whole_block(native, chunk.rows_read())
                        rows, blocks, size = rows + chunk.rows_read(), blocks + 1, size + len(native)
            except (EOFError, ConnectionError):
                raise
            except Exception as error:
                if not (given_up.is_set() and failure(error).code == CANCELLED):
                    raise
            if not blocks and not given_up.is_set():
                self.wire.send_block(header(self._described(f"({text})")))
        self.wire.send_profile(rows, blocks, size)
        self.wire.send_end(rows, size, 0)

    def _command(self, text: str) -> None:
        with self.server.engine.watching(self.request, self.mark):
            outcome = self.connection.query(text, "Native")
        native = outcome.bytes()
        if native:
            self.wire.send_block(header(columns_of(native)))
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
        known = self._described(f"TABLE {insert['table']}")
        if not insert["columns"]:
            return known
        kinds = dict(known)
        names = [name.strip().strip('`"') for name in insert["columns"][1:-1].split(",")]
        missing = [name for name in names if name not in kinds]
        if missing:
            raise QueryError(16, f"DB::Exception: No such column {missing[0]} in table {insert['table']}")
        return [(name, kinds[name]) for name in names]

    def _described(self, source: str) -> list[tuple[str, str]]:
        """Names and types that can be written to a table, or that a query answers with."""
        described = self.connection.query(f"DESCRIBE {source}", "JSONCompactEachRow").bytes().decode()
        rows = (json.loads(line) for line in described.splitlines())
        return [(row[0], row[1]) for row in rows if row[2] not in ("MATERIALIZED", "ALIAS")]
