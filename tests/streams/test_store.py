"""A lane's rows: kept with their position, ordered, and refused where another format wrote them."""

from pathlib import Path

import pytest

from rules.model.times import DAY
from streams.lane_restore import OLDEST, usable
from streams.store import (
    CORE,
    FORMAT,
    LANE_ROW,
    LaneState,
    Position,
    StateError,
    Store,
    WorkerFolder,
    changelog_rows,
    unpacked,
)


def test_rows_state_and_position_come_back_together(tmp_path: Path) -> None:
    store = Store(tmp_path / "a")
    state = LaneState(4, 17, 1_000, {"service.events-0": 5})
    store.write(changelog_rows({b"b": b"2", b"a": b"1", b"c": b"3"}, state), Position(42, 7))
    store.close()
    again = Store(tmp_path / "a")
    assert again.get(b"a") == b"1"
    assert again.get(b"x") is None
    assert (again.state, again.position) == (state, Position(42, 7))
    again.write(changelog_rows({b"a": None}, state), Position(43, 8))
    assert again.get(b"a") is None
    again.close()


def test_a_scan_gives_the_rows_of_a_prefix_in_order_and_nothing_else(tmp_path: Path) -> None:
    store = Store(tmp_path / "a")
    rows = dict.fromkeys((b"p2", b"p1", b"q", b"o", b"p"), b"x")
    store.write(changelog_rows(rows, LaneState(1, 0, 0)), Position(1, 1))
    assert [key for key, _ in store.scan(b"p")] == [b"p", b"p1", b"p2"]
    assert [key for key, _ in store.scan(b"")] == [b"o", b"p", b"p1", b"p2", b"q"]
    store.wipe()
    assert (list(store.scan(b"")), store.state, store.position) == ([], None, None)
    store.close()


def test_a_row_of_another_format_stops_the_program(tmp_path: Path) -> None:
    store = Store(tmp_path / "a")
    store.write([(CORE + b"a", b"\x09new"), (LANE_ROW, b"\x09new")], Position(1, 1))
    for read in (lambda: store.get(b"a"), lambda: list(store.scan(b"")), lambda: store.state):
        with pytest.raises(StateError, match=r"format 9.*newer program"):
            read()
    store.close()
    with pytest.raises(StateError, match=r"format 1.*another MINGJING_APP"):
        unpacked(b"\x01ranks of before")
    assert unpacked(bytes((FORMAT,)) + b"own") == b"own"


def test_a_store_is_carried_on_from_only_where_the_changelog_still_tells_everything() -> None:
    now = 100 * DAY
    assert usable(Position(5, now - DAY), 0, 9, now)
    assert not usable(None, 0, 9, now)
    assert not usable(Position(5, now - DAY), 6, 9, now)
    assert not usable(Position(10, now - DAY), 0, 9, now)
    assert not usable(Position(5, now - OLDEST - 1), 0, 9, now)


def test_two_workers_on_one_machine_have_folders_of_their_own(tmp_path: Path) -> None:
    first, second = WorkerFolder(tmp_path, "app"), WorkerFolder(tmp_path, "app")
    assert first.path != second.path
    first.__exit__()
    with WorkerFolder(tmp_path, "app") as again:
        assert again.path == first.path
    second.__exit__()
