"""What a row is in each format, and that a broken one never takes the others with it."""

import gzip
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from streams.sources import readers
from streams.sources.faults import Fault
from streams.sources.readers import opened, rows
from streams.sources.written_times import LocalTimes


def read(text: bytes, form: str, **how: str) -> list[tuple[int, Any]]:
    return [(line, row) for line, row, _ in rows(io.BytesIO(text), form, **how)]


def reasons(found: list[tuple[int, Any]]) -> list[tuple[int, str]]:
    return [(line, row.reason) for line, row in found if isinstance(row, Fault)]


def test_a_csv_row_is_known_by_the_line_it_begins_on() -> None:
    found = read(b'id,text\n1,"two\nlines"\n2,b\n', "csv")
    assert found == [(2, {"id": "1", "text": "two\nlines"}), (4, {"id": "2", "text": "b"})]


def test_a_ragged_row_is_a_fault_and_the_next_row_is_read() -> None:
    found = read(b"a,b\n1,2\n1,2,3\n4\n5,6\n", "csv")
    assert reasons(found) == [(3, "ragged_row"), (4, "ragged_row")]
    assert found[0] == (2, {"a": "1", "b": "2"})
    assert found[-1] == (5, {"a": "5", "b": "6"})


def test_two_columns_of_one_name_are_a_fault_of_the_header() -> None:
    found = read(b"a,b,a\n1,2,3\n", "csv")
    assert reasons(found) == [(1, "duplicate_column")]
    assert found[-1] == (2, {"a": "3", "b": "2"})


def test_a_byte_order_mark_and_another_delimiter_are_read() -> None:
    assert read(b"\xef\xbb\xbfa;b\r\n1;2\r\n", "csv", delimiter=";") == [(2, {"a": "1", "b": "2"})]


def test_a_csv_of_a_chinese_system_is_read_in_its_own_encoding() -> None:
    text = "办件编号,部门\nA1,市场监管局\n".encode("gb18030")
    assert read(text, "csv", encoding="gb18030") == [(2, {"办件编号": "A1", "部门": "市场监管局"})]


def test_truncated_json_is_a_fault_with_its_line() -> None:
    found = read(b'{"a":1}\n\n{"a":\n[1]\n{"a":2}\n', "jsonl")
    assert reasons(found) == [(3, "not_json"), (4, "not_an_object")]
    assert [row for _, row in found if not isinstance(row, Fault)] == [{"a": 1}, {"a": 2}]


def test_an_overlong_line_is_passed_over_without_being_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readers, "LONGEST_LINE", 100)
    for form in ("csv", "jsonl"):
        text = (b"a\n" if form == "csv" else b'{"a":0}\n') + b"x" * 1000 + b"\n" + b'{"a":1}\n'
        found = read(text, form)
        assert reasons(found) == [(2, "too_large")]
        assert "1,001 bytes" in next(row.detail for _, row in found if isinstance(row, Fault))
        assert found[-1][0] == 3


def test_an_xes_event_carries_the_attributes_of_its_trace() -> None:
    log = b"""<?xml version="1.0"?>
<log><global scope="trace"><string key="concept:name" value="?"/></global>
<trace><string key="concept:name" value="c1"/><date key="startdate" value="2011-10-11T13:42:22+02:00"/>
<event><string key="concept:name" value="T02"/><date key="time:timestamp" value="2011-10-12T08:26:25+02:00"/>
<list key="l"><values><string key="inner" value="x"/></values></list></event>
<event><string key="concept:name" value="T04"/></event></trace>
<trace><event><string key="concept:name" value="T05"/></event></trace></log>"""
    found = read(log, "xes")
    assert [line for line, _ in found] == [4, 6, 7]
    assert found[0][1] == {
        "case:concept:name": "c1",
        "case:startdate": "2011-10-11T13:42:22+02:00",
        "concept:name": "T02",
        "time:timestamp": "2011-10-12T08:26:25+02:00",
    }
    assert found[2][1] == {"concept:name": "T05"}


def test_xml_that_breaks_off_keeps_what_came_before() -> None:
    found = read(b'<log><trace><event><string key="a" value="1"/></event><event><string', "xes")
    assert found[0][1] == {"a": "1"}
    assert reasons(found) == [(1, "not_xes")]


def test_a_document_type_declaration_is_refused() -> None:
    found = read(b'<!DOCTYPE log [<!ENTITY a "aaaa">]><log/>', "xes")
    assert [row.detail for _, row in found] == ["a document type declaration is refused"]


def test_gzip_is_known_by_its_content_and_a_cut_file_says_where_it_breaks_off(tmp_path: Path) -> None:
    whole = gzip.compress(b"".join(b'{"a":%d}\n' % n for n in range(20_000)))
    file = tmp_path / "cut.jsonl"
    file.write_bytes(whole[: len(whole) // 2])
    with opened(str(file)) as stream:
        *good, (line, fault, _) = rows(stream, "jsonl")
    assert len(good) > 1_000
    assert isinstance(fault, Fault)
    assert (fault.reason, line) == ("broken_file", good[-1][0])


def test_reading_holds_one_row_at_a_time() -> None:
    class Endless(io.RawIOBase):
        given = 0

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: Any) -> int:
            self.given += 1
            text = b'{"a":1}\n' * (len(buffer) // 8)
            buffer[: len(text)] = text
            return len(text)

    endless = Endless()
    made: Iterator[Any] = rows(io.BufferedReader(endless), "jsonl")  # type: ignore[arg-type]
    for _ in range(10):
        next(made)
    assert endless.given == 1


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2011-07-01 01:32:33", "2011-07-01T01:32:33-04:00"),
        ("2011-12-01T01:32", "2011-12-01T01:32:00-05:00"),
        ("20110701T013233", "2011-07-01T01:32:33-04:00"),
        ("20110701013233", "2011-07-01T01:32:33-04:00"),
        ("2011-10-11 13:42:22.688000+02:00", "2011-10-11T13:42:22.688000+02:00"),
        ("2011-10-11T13:42:22Z", "2011-10-11T13:42:22+00:00"),
        ("2011-11-06 01:30:00", "2011-11-06T01:30:00-04:00"),
    ],
)
def test_a_naive_time_is_local_and_an_offset_stays(written: str, expected: str) -> None:
    assert LocalTimes("America/New_York").moment(written) == expected


@pytest.mark.parametrize("written", ["", "2011-07-01", "2011-13-01 00:00:00", "noon", "2011-07-01 01:32:61"])
def test_what_is_no_time_is_refused(written: str) -> None:
    with pytest.raises(ValueError):
        LocalTimes("Asia/Shanghai").moment(written)


def test_a_date_begins_at_local_midnight() -> None:
    assert LocalTimes("America/Chicago").midnight("20110704") == "2011-07-04T00:00:00-05:00"
