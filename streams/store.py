"""Decides how a lane's state is kept: rows in RocksDB beside their position in the changelog."""

import fcntl
import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Self

import msgspec
from rocksdict import Options, Rdict, WriteBatch

FORMAT = 3
"""The first byte of every row; a row written by another format stops the program. Facts in rows carry the ranks of
their types: a contract with another order of types is another format (2: hearings, dispatched complaints;
3: what a group keeps of what it let go)."""

CORE = b"s"
"""Rows of the core; the lane's own row and the position have names that no core row can have."""
LANE_ROW = b"lane"
POSITION_ROW = b"\x00position"

_OPEN = bytes((FORMAT,))


class StateError(Exception):
    """The state is not one that this program may go on from; nothing was changed."""

    exit_status = 1


class LaneState(msgspec.Struct, array_like=True, frozen=True):
    """What a lane knows beside its subjects: committed with every step, in the same transaction."""

    partitions: int
    offset: int
    """The next record of the source to read."""
    now: int
    marks: dict[str, int] = {}


class Position(msgspec.Struct, array_like=True, frozen=True):
    """Where in the changelog the local rows stand (`next`), and when that was written; local only."""

    next: int
    saved_at: int


def packed(payload: bytes | None) -> bytes | None:
    """A row as it is stored and as it goes into the changelog; None deletes."""
    return None if payload is None else _OPEN + payload


def unpacked(row: bytes) -> bytes:
    """The payload of a row. Raises StateError for another format."""
    if row[0] != FORMAT:
        way = (
            "use a newer program" if row[0] > FORMAT else "set another MINGJING_APP and feed it again from the sources"
        )
        raise StateError(f"a state row has format {row[0]}, this program knows {FORMAT}: {way}")
    return row[1:]


class Store:
    """The rows of one lane, in a folder that is its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._rocks = self._opened()

    def _opened(self) -> Any:
        self.folder.mkdir(parents=True, exist_ok=True)
        options = Options(raw_mode=True)
        options.create_if_missing(True)
        options.set_write_buffer_size(16 << 20)
        options.set_keep_log_file_num(2)
        try:
            return Rdict(str(self.folder), options)
        except Exception as fault:  # rocksdict raises nothing narrower
            if "Corruption" not in str(fault):
                raise
            shutil.rmtree(self.folder)
            return Rdict(str(self.folder), options)

    def wipe(self) -> None:
        """Forgets everything: the changelog says it again."""
        self._rocks.close()
        shutil.rmtree(self.folder)
        self._rocks = self._opened()

    def close(self) -> None:
        self._rocks.close()

    def get(self, key: bytes) -> bytes | None:
        """One row of the core."""
        row = self._rocks.get(CORE + key)
        return None if row is None else unpacked(row)

    def scan(self, prefix: bytes) -> Iterator[tuple[bytes, bytes]]:
        """The rows of the core whose keys begin so, in the order of their keys."""
        wanted = CORE + prefix
        for key, row in self._rocks.items(from_key=wanted):
            if not key.startswith(wanted):
                return
            yield key[len(CORE) :], unpacked(row)

    @property
    def state(self) -> LaneState | None:
        row = self._rocks.get(LANE_ROW)
        return None if row is None else msgspec.msgpack.decode(unpacked(row), type=LaneState)

    @property
    def position(self) -> Position | None:
        row = self._rocks.get(POSITION_ROW)
        return None if row is None else msgspec.msgpack.decode(row, type=Position)

    def write(self, rows: Iterable[tuple[bytes, bytes | None]], position: Position) -> None:
        """Changelog records (key, row) and the position behind them, all or nothing."""
        batch = WriteBatch(raw_mode=True)
        for key, row in rows:
            if row is None:
                batch.delete(key)
            else:
                batch.put(key, row)
        batch.put(POSITION_ROW, msgspec.msgpack.encode(position))
        self._rocks.write(batch)


def changelog_rows(rows: Mapping[bytes, bytes | None], state: LaneState) -> list[tuple[bytes, bytes | None]]:
    """A step's changed rows and the lane's own as records of the changelog."""
    changed = [(CORE + key, packed(payload)) for key, payload in rows.items()]
    changed.append((LANE_ROW, packed(msgspec.msgpack.encode(state))))
    return changed


class WorkerFolder:
    """A folder that this worker alone uses: the first of worker-0, worker-1 … that nobody holds.

    A worker that comes back finds its old one, and with it the rows of the lanes it had.
    """

    def __init__(self, state: Path, app: str) -> None:
        for number in range(1_000):
            self.path = state / app / f"worker-{number}"
            self.path.mkdir(parents=True, exist_ok=True)
            self._lock = (self.path / "lock").open("w")
            try:
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except OSError:
                self._lock.close()
        raise StateError(f"no free worker folder under {state}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._lock.close()

    def of(self, topic: str, partition: int) -> Path:
        return self.path / f"{topic}-{partition}"
