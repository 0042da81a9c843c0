"""Histories judged by books in one process and in several: the same, and nothing left behind."""

import gzip
import os
import random
import runpy
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from rules.language.loader import BOOK
from rules.model.events import decode_event
from rules.model.times import DAY, HOUR, MINUTE, iso, parse_time
from streams.rehearsal.cores import PartFailed
from streams.rehearsal.lines import Block, blocks, lines_of, part_of
from streams.rehearsal.part import Part
from streams.rehearsal.run import rehearse
from streams.rehearsal.wanted import BookAt, NoSuchRule, Rehearsed, Wanted
from streams.replay import Admission, Horizon, Replay, horizon
from streams.settings import ROOT
from streams.simulate import simulate
from streams.sources.emission import Sourced
from streams.sources.faults import DeadLetters, Fault, Place
from tests.waiting import PATIENCE, awaited

FAR = 4_102_444_800_000_000


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A simulated month with its corrections and deletions, out of order, with some bad lines in it."""
    lines = [each.value for each in simulate(seed=11, days=30, cases=250, disorder_hours=30.0).messages]
    random.Random(5).shuffle(lines)
    lines[100:100] = [b"not json", b'{"subject":"A","type":"case.unknown"}', b""]
    file = tmp_path_factory.mktemp("month") / "month.jsonl"
    file.write_bytes(b"\n".join(lines) + b"\n")
    return file


def judged(file: Path, jobs: int, rules: tuple[str, ...] = (), until: str = "") -> Rehearsed:
    at = BookAt(BOOK, rules)
    wanted = Wanted(books=(at, at), horizon=horizon(until, "", "Asia/Shanghai", FAR), inputs=(str(file),), clocks=True)
    return rehearse(wanted, [at.load(), at.load()], lambda more: None, jobs)


@pytest.fixture(scope="module")
def alone(month: Path) -> Rehearsed:
    return judged(month, 1)


def test_one_process_says_what_a_replay_says(month: Path, alone: Rehearsed) -> None:
    replay = Replay(BookAt(BOOK).load(), horizon("", "", "Asia/Shanghai", FAR), DeadLetters())
    values = [line for line in month.read_bytes().split(b"\n") if line]
    replay.run((Sourced(value, "", "", 0, 0, Place("", 0)) for value in values), lambda messages, events, step: None)
    expected = {(each.alert_id, each.state, each.severity, each.at) for each in replay.drive.alerts()}
    assert {(each.alert_id, each.state, each.severity, each.at) for each in alone.outcomes[0].alerts} == expected
    assert len(expected) > 50
    assert alone.tally.dead_letters == {"not_json": 1, "not_the_contract": 1} or alone.tally.dead_letters.total() == 2
    assert alone.outcomes[0] == alone.outcomes[1], "the same book beside itself"


@pytest.mark.parametrize("jobs", [2, 3])
def test_several_processes_say_what_one_says(month: Path, alone: Rehearsed, jobs: int) -> None:
    several = judged(month, jobs)
    assert several.parts == jobs
    assert several.outcomes == alone.outcomes
    assert several.now == alone.now
    assert several.tally == alone.tally


@pytest.fixture
def reviews(tmp_path: Path) -> Path:
    """Bad reviews of four departments: a burst at the beginning, then one every three hours for a year."""
    start = parse_time("2025-01-01T00:00:00+08:00")
    at = [start + n * MINUTE for n in range(60)] + [start + DAY + n * 3 * HOUR for n in range(3000)]
    lines = [
        b'{"specversion":"1.0","id":"%d","source":"s","type":"review.submitted","subject":"C%d",'
        b'"time":"%s","data":{"department":"D%d","satisfaction":%d}}'
        % (n, n, iso(time).encode(), n % 4, 5 if n < 60 or n % 97 < 12 else 1)
        for n, time in enumerate(at)
    ]
    (tmp_path / "book").mkdir()
    rule = (ROOT / "examples/bench8/rules/R4.yaml").read_text(encoding="utf-8")
    (tmp_path / "book/R4.yaml").write_text(rule, encoding="utf-8")
    file = tmp_path / "reviews.jsonl"
    file.write_bytes(b"\n".join(lines))
    return file


def test_groups_are_judged_by_one_part_each_as_if_it_had_been_there(reviews: Path) -> None:
    found = []
    for jobs in (1, 2):
        at = BookAt(reviews.parent / "book")
        wanted = Wanted(books=(at,), horizon=horizon("", "", "Asia/Shanghai", FAR), inputs=(str(reviews),))
        found.append(rehearse(wanted, [at.load()], lambda more: None, jobs))
    assert found[0].outcomes == found[1].outcomes
    assert found[0].tally == found[1].tally
    assert {alert.group for alert in found[0].outcomes[0].alerts} == {"D0", "D1", "D2", "D3"}
    assert found[0].tally.unjudged == 0


def test_what_comes_after_the_end_is_left_out(month: Path) -> None:
    whole, half = judged(month, 1, ("T03",)), judged(month, 1, ("T03",), "2026-05-05")
    assert half.tally.left_out["after_until"] > 0
    assert half.tally.events < whole.tally.events
    assert half.now is not None
    assert all(each.at <= half.now for each in half.outcomes[0].alerts)


def test_a_family_is_chosen_with_its_children() -> None:
    assert {rule.id for rule in BookAt(BOOK, ("T03",)).load().rules} >= {"T03", "T03.penalty"}
    with pytest.raises(NoSuchRule, match="T99"):
        BookAt(BOOK, ("T99",)).load()
    with pytest.raises(NoSuchRule, match="v77"):
        BookAt(BOOK, ("T03",), version=77).load()


@pytest.mark.parametrize(
    "line",
    [
        b'{"subject":"A1","id":"1"}',
        b'{"subject" : "A1"}',
        b'{"data":{"subject":"B"},"subject":"A1"}',
        b'{"kind":"subject","subject":"A1"}',
        b'{"\\u0073ubject":"A1"}',
        b'{"subject":"\\u0041\\u0031"}',
        b'{"subject":"B","subject":"A1"}',
        b'{"note":"a \\"subject\\":\\"B\\" in words","subject":"A1"}',
    ],
)
def test_a_line_goes_to_the_part_of_its_subject_however_it_is_written(line: bytes) -> None:
    assert [part_of(line, parts) for parts in range(2, 9)] == [part_of(b'{"subject":"A1"}', n) for n in range(2, 9)]


@pytest.mark.parametrize(
    "lines",
    [
        [b'{"subject":"A1"}', b"", b'{"subject":"B2"}', b'{"subject":"C3"}'],
        [b'{"subject":"A1"}', b'{"data":{"subject":"B"},"subject":"B2"}', b'{"subject" : "C3"}'],
        [b'{"subject":"A1","subject":"B2"}', b"no subject at all", b'{"subject":"C3"}'],
        [b'{"subject":"A1"}', b'{"subject":"\\u0042"}', b" ", b"{}"],
    ],
)
def test_a_block_is_shared_as_its_lines_are(lines: list[bytes]) -> None:
    block = Block("f", 7, lines, 0)
    for parts in range(2, 9):
        shared = [list(lines_of(block, part, parts)) for part in range(parts)]
        expected = [
            [(7 + n, line) for n, line in enumerate(lines) if line and part_of(line, parts) == part]
            for part in range(parts)
        ]
        assert shared == expected


def read(file: Path, size: int) -> tuple[list[tuple[int, bytes]], list[Fault]]:
    faults: list[Fault] = []
    found = list(blocks(str(file), lambda fault, place: faults.append(fault), size))
    return [(block.first + n, line) for block in found for n, line in enumerate(block.lines)], faults


@pytest.mark.parametrize("size", [1, 3, 7, 1 << 20])
@pytest.mark.parametrize("end", [b"", b"\n"])
def test_blocks_cut_no_line_and_number_all(tmp_path: Path, size: int, end: bytes) -> None:
    (tmp_path / "plain").write_bytes(b"\xef\xbb\xbfone\n\nthree\nfour" + end)
    (tmp_path / "packed").write_bytes(gzip.compress((tmp_path / "plain").read_bytes()))
    for name in ("plain", "packed"):
        lines, faults = read(tmp_path / name, size)
        assert [(n, line) for n, line in lines if line] == [(1, b"one"), (3, b"three"), (4, b"four")]
        assert not faults


def test_a_line_without_end_is_set_aside_and_the_next_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.rehearsal.lines.LONGEST_LINE", 10)
    (tmp_path / "f").write_bytes(b"one\n" + b"x" * 50 + b"\nthree\n")
    lines, faults = read(tmp_path / "f", 8)
    assert [(n, line) for n, line in lines if line] == [(1, b"one"), (3, b"three")]
    assert [fault.reason for fault in faults] == ["too_large"]


def test_a_file_that_breaks_off_is_told(tmp_path: Path) -> None:
    packed = gzip.compress(b"one\ntwo\n" * 1000)
    (tmp_path / "f.gz").write_bytes(packed[:-12])
    _, faults = read(tmp_path / "f.gz", 64)
    assert [fault.reason for fault in faults] == ["broken_file"]


def test_a_part_that_raises_ends_all_with_its_error(month: Path) -> None:
    at = BookAt(BOOK)
    wanted = Wanted(
        books=(at, BookAt(Path("/nowhere"))), horizon=horizon("", "", "Asia/Shanghai", FAR), inputs=(str(month),)
    )
    with pytest.raises(PartFailed, match="nowhere"):
        rehearse(wanted, [at.load(), at.load()], lambda more: None, 2)


def test_ctrl_c_leaves_no_process_and_no_file(month: Path, tmp_path: Path) -> None:
    slow = tmp_path / "slow.jsonl"
    slow.write_bytes(month.read_bytes() * 60)
    command = [sys.executable, "-m", "streams.cli.main", "rules", "backtest", "T03", str(slow), "--jobs", "2"]
    (tmp_path / "tmp").mkdir()
    environ = {**os.environ, "TMPDIR": str(tmp_path / "tmp")}
    process = subprocess.Popen(command, env=environ, start_new_session=True, stderr=subprocess.PIPE, text=True)
    awaited(lambda: len(members(process.pid)) >= 3, "the parts did not start")
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert "interrupted" in said
    assert "Traceback" not in said
    awaited(lambda: not members(process.pid), "a process was left")
    assert not list((tmp_path / "tmp").iterdir())


def members(group: int) -> list[int]:
    """The processes of a group that are alive."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text(encoding="utf-8").rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == group and fields[0] != "Z":
            found.append(int(stat.parent.name))
    return found


def test_a_part_alone_reads_the_whole(month: Path) -> None:
    at = BookAt(BOOK, ("T03",))
    wanted = Wanted(books=(at,), horizon=horizon("", "", "Asia/Shanghai", FAR), inputs=(str(month),))
    counts = []
    for number in range(2):
        part = Part(wanted, [at.load()], number, 2)
        part.read(lambda more: None)
        counts.append(part.tally.events)
    whole = Part(wanted, [at.load()])
    whole.read(lambda more: None)
    assert sum(counts) == whole.tally.events
    assert min(counts) > 0


@pytest.mark.parametrize(
    "odd", [b"", b"not json", b'{"type":"case.unknown"}', b'{"pad":"%s"}' % (b"x" * 1_000_000), b"future", b"deleted"]
)
def test_messages_that_are_decoded_at_once_are_those_that_are_decoded_one_by_one(odd: bytes) -> None:
    values = [each.value for each in simulate(seed=3, days=5, cases=10).messages]
    latest = max(decode_event(value).at for value in values)
    if odd == b"future":
        odd = values[0].replace(b'"time":"2026', b'"time":"2098')
    if odd == b"deleted":
        odd = b'{"id":"1","source":"s","subject":"A","type":"case.stage","operation":"d","time":"2026-05-01T00:00:00Z"}'
    for last in (None, latest - DAY):
        found = []
        for at_once in (False, True):
            admit = Admission(Horizon(latest + DAY, None, last), DeadLetters(), Counter())
            mixed = [*values[:50], odd, *values[50:]]
            if at_once:
                events = admit.at_once(mixed, lambda number: Place("f", number))
            else:
                single = (admit(value, Place("f", number)) for number, value in enumerate(mixed) if value)
                events = [event for event in single if event is not None]
            found.append((events, admit.left_out, admit.dead_letters.reasons, admit.dead_letters.examples))
        assert found[0] == found[1]


def test_the_installed_command_can_be_read_again_by_the_processes_that_it_spawns() -> None:
    runpy.run_path(str(Path(sys.executable).with_name("mingjing")), run_name="__mp_main__")
