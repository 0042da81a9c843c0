"""How a server speaks ClickHouse's native protocol at revision 54450: packets in and out.

Varints, strings, frames and checksums are clickhouse-driver's own, used from the other end of the connection.
"""

import socket
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from clickhouse_driver.block import BlockInfo
from clickhouse_driver.bufferedreader import BufferedSocketReader, CompressedBufferedReader
from clickhouse_driver.compression.lz4 import Compressor
from clickhouse_driver.connection import ServerInfo
from clickhouse_driver.context import Context
from clickhouse_driver.protocol import ClientPacketTypes, ServerPacketTypes
from clickhouse_driver.reader import (
    read_binary_str,
    read_binary_uint8,
    read_binary_uint64,
    read_binary_uint128,
)
from clickhouse_driver.streams.compressed import CityHash128, CompressedBlockInputStream
from clickhouse_driver.streams.native import BlockInputStream
from clickhouse_driver.varint import read_varint, write_varint
from clickhouse_driver.writer import (
    write_binary_bytes,
    write_binary_int32,
    write_binary_str,
    write_binary_uint8,
    write_binary_uint128,
)

REVISION = 54450
BUFFER_BYTES = 1 << 16


class ProtocolError(Exception):
    """The client sent what this revision of the protocol does not have; the connection ends."""


@dataclass(frozen=True)
class Query:
    """A query packet: `settings` maps a name to its value and whether an unknown name is an error."""

    text: str
    settings: dict[str, tuple[str, bool]]
    compressed: bool


@dataclass(frozen=True)
class Block:
    """A data packet: `native` is the block in ClickHouse's Native format, empty for the end of the data."""

    columns: int
    rows: int
    native: bytes


class Tape(BufferedSocketReader):  # type: ignore[misc]
    """A socket reader that can say which bytes it has handed out since `start`."""

    def start(self) -> None:
        self.taken: list[bytes] = []
        self.mark = self.position

    def read_into_buffer(self) -> None:
        if hasattr(self, "mark"):
            self.taken.append(bytes(self.buffer[self.mark : self.current_buffer_size]))
            self.mark = 0
        super().read_into_buffer()

    def stop(self) -> bytes:
        recorded = b"".join([*self.taken, bytes(self.buffer[self.mark : self.position])])
        del self.taken, self.mark
        return recorded


class Wire:
    """One connection, seen from the server."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._in = Tape(connection, BUFFER_BYTES)
        self.compressed = False

    def read_packet(self) -> int:
        """The type of the next packet; EOFError when the client has gone."""
        return int(read_varint(self._in))

    def read_hello(self) -> str:
        """The database that the client asks for."""
        if self.read_packet() != ClientPacketTypes.HELLO:
            raise ProtocolError("a connection opens with a hello")
        client, _major, _minor = read_binary_str(self._in), read_varint(self._in), read_varint(self._in)
        revision = read_varint(self._in)
        database, _user, _password = (read_binary_str(self._in) for _ in range(3))
        if revision < REVISION:
            raise ProtocolError(f"{client} speaks revision {revision}; this server needs {REVISION} or newer")
        return str(database)

    def send_hello(self, version: tuple[int, int, int], timezone: str) -> None:
        name = "ClickHouse"
        self._context = _context(ServerInfo(name, *version, REVISION, timezone, name, REVISION))
        out = BytesIO()
        write_varint(ServerPacketTypes.HELLO, out)
        write_binary_str(name, out)
        for number in (version[0], version[1], REVISION):
            write_varint(number, out)
        write_binary_str(timezone, out)
        write_binary_str("mingjing-embedded", out)
        write_varint(version[2], out)
        self._send(out)

    def read_query(self) -> Query:
        read_binary_str(self._in)  # query id: the embedded engine gives its own
        self._skip_client_info()
        settings: dict[str, tuple[str, bool]] = {}
        while name := read_binary_str(self._in):
            important = bool(read_binary_uint8(self._in) & 1)
            settings[name] = (read_binary_str(self._in), important)
        read_binary_str(self._in)  # secret between servers
        read_varint(self._in)  # stage: always the whole query
        self.compressed = bool(read_varint(self._in))
        return Query(read_binary_str(self._in), settings, self.compressed)

    def _skip_client_info(self) -> None:
        stream = self._in
        if not read_binary_uint8(stream):
            return
        for _ in range(3):  # initial user, query id, address
            read_binary_str(stream)
        read_binary_uint64(stream)  # initial query start
        read_binary_uint8(stream)  # interface
        for _ in range(3):  # user of the operating system, host, client
            read_binary_str(stream)
        for _ in range(3):  # version and revision
            read_varint(stream)
        read_binary_str(stream)  # quota key
        read_varint(stream)  # distributed depth
        read_varint(stream)  # patch version
        if read_binary_uint8(stream):  # open telemetry
            read_binary_uint128(stream)
            read_binary_uint64(stream)
            read_binary_str(stream)
            read_binary_uint8(stream)

    def read_block(self) -> Block:
        """The next data packet, external tables and the empty block at the end of the data included."""
        if self.read_packet() != ClientPacketTypes.DATA:
            raise ProtocolError("expected a data packet")
        read_binary_str(self._in)  # table
        if self.compressed:
            # clickhouse-driver puts a whole block into one frame.
            framed = CompressedBlockInputStream(self._in, self._context).read_block()
            return _block(bytes(framed))
        self._in.start()
        BlockInputStream(self._in, self._context).read()
        return _block(self._in.stop())

    def send_block(self, native: bytes) -> None:
        """A data packet around a block in Native format, compressed when the query asked for it."""
        body = BytesIO()
        BlockInfo().write(body)
        body.write(native)
        out = BytesIO()
        write_varint(ServerPacketTypes.DATA, out)
        write_binary_str("", out)
        out.write(_frame(body.getvalue()) if self.compressed else body.getbuffer())
        self._send(out)

    def send_exception(self, code: int, message: str) -> None:
        out = BytesIO()
        write_varint(ServerPacketTypes.EXCEPTION, out)
        write_binary_int32(code, out)
        for text in ("DB::Exception", message, ""):
            write_binary_bytes(text.encode("utf-8", "replace"), out)
        write_binary_uint8(0, out)
        self._send(out)

    def send_profile(self, rows: int, blocks: int, size: int) -> None:
        """What a select adds before its end; an insert has no profile."""
        out = BytesIO()
        write_varint(ServerPacketTypes.PROFILE_INFO, out)
        for number in (rows, blocks, size, 0, 0, 0):  # the last three: no limit was applied
            write_varint(number, out)
        self._send(out)

    def send_end(self, rows: int, size: int, written: int) -> None:
        """Progress and the end of the stream."""
        out = BytesIO()
        write_varint(ServerPacketTypes.PROGRESS, out)
        for number in (rows, size, 0, written, 0):
            write_varint(number, out)
        write_varint(ServerPacketTypes.END_OF_STREAM, out)
        self._send(out)

    def send_pong(self) -> None:
        out = BytesIO()
        write_varint(ServerPacketTypes.PONG, out)
        self._send(out)

    def _send(self, out: BytesIO) -> None:
        self._socket.sendall(out.getbuffer())


def header(columns: list[tuple[str, str]]) -> bytes:
    """A block without rows, in Native format: what a client learns names and types from."""
    out = BytesIO()
    write_varint(len(columns), out)
    write_varint(0, out)
    for name, kind in columns:
        write_binary_str(name, out)
        write_binary_str(kind, out)
    return out.getvalue()


def columns_of(native: bytes) -> list[tuple[str, str]]:
    """Names and types of a block in Native format, found by reading it through; a client learns them from a
    block without rows that comes first."""
    context = _context(ServerInfo("", 0, 0, 0, REVISION, "UTC", "", 0))  # revision 0: a block without its info
    pieces = iter((native, b""))
    reader = CompressedBufferedReader(lambda: next(pieces), max(len(native), 1))
    block = BlockInputStream(reader, context).read()
    return list(block.columns_with_types)


def _context(server: ServerInfo) -> Context:
    context = Context()
    context.client_settings = {"strings_as_bytes": True, "strings_encoding": "utf-8", "use_numpy": False}
    context.settings = {}
    context.server_info = server
    return context


def shape(native: bytes, position: int = 0) -> tuple[int, int]:
    """Columns and rows that the head of a block in Native format declares."""
    columns, position = _varint(native, position)
    return columns, _varint(native, position)[0]


def _block(raw: bytes) -> Block:
    """A block as it came over the wire: its info, then its Native form."""
    position = 0
    while True:
        field, position = _varint(raw, position)
        if not field:
            break
        position += 1 if field == 1 else 4
    columns, rows = shape(raw, position)
    return Block(columns, rows, raw[position:])


def _varint(raw: bytes, position: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = raw[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
        shift += 7


def _frame(data: bytes) -> bytes:
    compressor: Any = Compressor()
    compressor.write(data)
    out = BytesIO()
    write_binary_uint8(compressor.method_byte, out)
    out.write(compressor.get_compressed_data(1))
    framed = out.getvalue()
    head = BytesIO()
    write_binary_uint128(CityHash128(framed), head)
    return head.getvalue() + framed
