"""Declared tables: what is in force for a key on a day in a region, and how faults are told at their place."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest

from rules.expression import ExpressionError, Scope, compile_expression
from rules.judging.context import Context
from rules.judging.place import Places
from rules.language import load_book
from rules.language.errors import BookErrors
from rules.language.reading import COLUMNS
from rules.model.events import TYPES, decode_event
from rules.tables import Fault, load_tables
from rules.tables.declared import Declared, load_declared
from rules.tables.faults import ExampleFaults

OFFICERS = (
    "key: certificate_no\nfrom: valid_from\nuntil: valid_until\n"
    "columns: {certificate_no: text, valid_from: date, valid_until: date}\n"
)
FINES = (
    "key: violation\nfrom: effective\nuntil: expires\nregion: region\n"
    "columns: {violation: text, region: text, effective: date, expires: date, min: number, max: number}\n"
)
FINE = "has(event.fine) && event.fine"
CAPS = "key: organ\nvalue: checks\ncolumns: {organ: text, checks: number}\n"


def loaded(folder: Path, **files: str) -> tuple[Declared, list[Fault]]:
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(text, encoding="utf-8")
    faults: list[Fault] = []
    return load_declared(folder, faults), faults


@pytest.fixture
def declared(tmp_path: Path) -> Declared:
    rows = "certificate_no,valid_from,valid_until\nZ1,2024-01-01,2026-03-02\nZ1,2026-05-01,\nZ2,,\n"
    fines = (
        "violation,region,effective,expires,min,max\nsmoke,,2020-01-01,2025-12-31,100,500\n"
        'smoke,,2026-01-01,,200,"1000"\nsmoke,430000,2026-01-01,,300,900\nsmoke,430100,2026-01-01,,350,800\n'
    )
    caps = "organ,checks\nmarket,3\n"
    found, faults = loaded(
        tmp_path, officers__yaml=OFFICERS, officers__csv=rows, standards__yaml=FINES, standards__csv=fines,
        caps__yaml=CAPS, caps__csv=caps, empty__yaml=CAPS,
    )  # fmt: skip
    assert faults == []
    return found


@pytest.mark.parametrize(
    ("key", "on", "there"),
    [
        ("Z1", date(2026, 3, 2), True), ("Z1", date(2026, 3, 3), False), ("Z1", date(2026, 4, 30), False),
        ("Z1", date(2026, 5, 1), True), ("Z1", date(2023, 12, 31), False), ("Z2", date(1999, 1, 1), True),
        ("Z3", date(2026, 3, 2), False),
    ],
)  # fmt: skip
def test_a_row_holds_from_its_first_day_to_the_end_of_its_last(
    declared: Declared, key: str, on: date, there: bool
) -> None:
    assert (declared.row("officers", key, on, "") is not None) is there


@pytest.mark.parametrize(
    ("region", "on", "most"),
    [
        ("510107", date(2026, 3, 2), 1000), ("510107", date(2025, 12, 31), 500), ("430501", date(2026, 3, 2), 900),
        ("430102", date(2026, 3, 2), 800), ("", date(2026, 3, 2), 1000), ("430102", date(2025, 3, 2), 500),
    ],
)  # fmt: skip
def test_the_narrowest_region_speaks(declared: Declared, region: str, on: date, most: float) -> None:
    row = declared.row("standards", "smoke", on, region)
    assert row is not None
    assert row["max"] == most


def value(text: str, declared: Declared, at: str = "2026-03-02T23:59:59+08:00", **data: Any) -> Any:
    made = decode_event(
        msgspec.json.encode(
            {
                "specversion": "1.0", "id": "e1", "source": "s", "subject": "I1", "type": "penalty.decided",
                "time": at, "data": data,
            }
        )
    )  # fmt: skip
    here = TYPES["penalty.decided"]
    places = Places(msgspec.structs.replace(load_tables(), declared=declared))
    context = Context("I1", places, frozenset())
    context.before(made.fact)
    compiled = compile_expression(text, scope(declared), (here,), ("bool", "number", "string", "moment"), True)
    return compiled.functions[here.rank](made.fact, context)


def scope(declared: Declared) -> Scope:
    return Scope({}, COLUMNS, "action_id", frozenset(), {each.name: (each.kinds(), each.value) for each in declared})


@pytest.mark.parametrize(
    ("text", "data", "said"),
    [
        ("declared.caps[event.organ]", {"organ": "market"}, 3),
        ("declared.caps[event.organ]", {"organ": "health"}, None),
        ("has(declared.caps[event.organ]) ? declared.caps[event.organ] : 2", {"organ": "health"}, 2),
        ("declared.standards[event.violation].max", {"violation": "smoke"}, 1000),
        ("declared.standards[event.violation].max", {"violation": "smoke", "region": "430102"}, 800),
        (f"{FINE} > declared.standards[event.violation].max", {"violation": "x", "fine": 9e9}, False),
        (f"{FINE} < declared.standards[event.violation].min", {"violation": "smoke", "fine": 199.99}, True),
        (f"{FINE} < declared.standards[event.violation].min", {"violation": "smoke", "fine": 200}, False),
        ('declared.officers.valid("Z1", event.at)', {}, True),
        ('declared.officers.valid("Z9", event.at)', {}, False),
        ("has(declared.officers)", {}, True),
        ("has(declared.empty)", {}, False),
        ("has(declared.standards[event.violation])", {"violation": "smoke"}, True),
        ("has(declared.standards[event.violation])", {"violation": "x"}, False),
    ],
)  # fmt: skip
def test_what_is_not_declared_is_absent_and_never_an_error(
    declared: Declared, text: str, data: dict[str, Any], said: Any
) -> None:
    assert value(text, declared, **data) == said


def test_a_certificate_holds_to_the_last_second_of_its_last_day(declared: Declared) -> None:
    valid = 'declared.officers.valid("Z1", event.at)'
    assert value(valid, declared, "2026-03-02T23:59:59+08:00") is True
    assert value(valid, declared, "2026-03-03T00:00:00+08:00") is False


@pytest.mark.parametrize(
    ("text", "code", "hint"),
    [
        ("declared.officer[event.organ] == 1", "unknown-table", "did you mean `officers`?"),
        ("declared.standards[event.violation].maximum == 1", "unknown-field", "did you mean `max`?"),
        ("declared.standards[event.violation].mix == 1", "unknown-field", "did you mean `min`?"),
        ("declared.caps[event.organ].checks == 1", "unknown-field", ""),
        ("declared.caps[event.fine] == 1", "optional-field", ""),
        ("declared.caps[3] == 1", "type", ""),
        ("declared.officers.vaild(event.organ, event.at)", "unknown-function", "did you mean `valid`?"),
        ("declared.officers.valid(event.organ)", "arguments", ""),
        ("declared.officers.valid(event.organ, 3)", "type", ""),
        ("declared == 1", "syntax", ""),
        ("declared.caps.x.y == 1", "syntax", ""),
        ("declared.caps == 1", "type", ""),
    ],
)
def test_a_table_or_column_that_is_not_there_is_a_fault(declared: Declared, text: str, code: str, hint: str) -> None:
    with pytest.raises(ExpressionError) as raised:
        compile_expression(text, scope(declared), (TYPES["penalty.decided"],), ("bool",))
    assert (raised.value.code, raised.value.hint) == (code, hint)


@pytest.mark.parametrize(
    ("schema", "rows", "place", "code"),
    [
        (OFFICERS, "certificate_no,valid_from,valid_until\nZ1,2026-13-01,\n", (2, 4), "bad-value"),
        (OFFICERS, "certificate_no,valid_form\nZ1,\n", (1, 16), "unknown-column"),
        (OFFICERS, "certificate_no,valid_from\n,2026-01-01\n", (2, 1), "missing-value"),
        (OFFICERS, "valid_from\n2026-01-01\n", (1, 1), "missing-column"),
        (OFFICERS, "certificate_no,valid_from\nZ1\n", (2, 1), "ragged-row"),
        (OFFICERS, "certificate_no,valid_from,valid_until\nZ1,2026-02-01,2026-01-31\n", (2, 1), "bad-value"),
        (OFFICERS, "certificate_no,valid_from\nZ1,2026-02-01\nZ1,2026-03-01\n", (3, 1), "overlapping-rows"),
        (CAPS, "organ,checks\nmarket,many\n", (2, 8), "bad-value"),
        (CAPS, "organ,checks\nmarket,\n", (2, 8), "missing-value"),
        (CAPS.replace("number", "nummer"), "organ,checks\n", (3, 32), "unknown-word"),
        (CAPS.replace("value: checks", "value: check"), "organ,checks\n", (2, 8), "unknown-column"),
        (CAPS.replace("key: organ", "key: checks"), "organ,checks\n", (1, 6), "type"),
        (CAPS.replace("value", "valeu"), "organ,checks\n", (2, 1), "unknown-key"),
        (CAPS.replace("key: organ\n", ""), "organ,checks\n", (1, 1), "missing-key"),
        ("- 1\n", "organ,checks\n", (1, 1), "not-a-mapping"),
    ],
)  # fmt: skip
def test_a_wrong_table_is_told_with_its_place(
    tmp_path: Path, schema: str, rows: str, place: tuple[int, int], code: str
) -> None:
    _, faults = loaded(tmp_path, t__yaml=schema, t__csv=rows)
    assert [(fault.line, fault.col, fault.code) for fault in faults] == [(*place, code)]


def test_rows_without_a_schema_are_told(tmp_path: Path) -> None:
    _, faults = loaded(tmp_path, t__csv="organ,checks\n")
    assert [fault.code for fault in faults] == ["no-schema"]


def test_what_is_declared_is_part_of_the_hash(declared: Declared, tmp_path: Path) -> None:
    before = msgspec.structs.replace(load_tables(), declared=declared)
    changed, _ = loaded(tmp_path, caps__csv="organ,checks\nmarket,4\n")
    assert msgspec.structs.replace(before, declared=changed).hash != before.hash


def test_an_example_says_all_that_its_tables_say(declared: Declared) -> None:
    said = declared.with_examples({"officers": {"Z7": {"valid_until": "2026-03-02"}}, "caps": {"health": 9}})
    day = date(2026, 3, 2)
    assert [said.row("officers", key, day, "") is not None for key in ("Z7", "Z1")] == [True, False]
    assert [said.row("caps", key, day, "") for key in ("health", "market")] == [{"organ": "health", "checks": 9}, None]
    versions = [{"min": 1, "expires": "2026-03-02"}, {"min": 2, "effective": "2026-03-03"}]
    dated = declared.with_examples({"standards": {"smoke": versions}})
    found = [dated.row("standards", "smoke", date(2026, 3, number), "") for number in (2, 3)]
    assert [row["min"] for row in found if row] == [1, 2]


def test_what_is_wrong_in_the_tables_of_an_example_is_told_all_at_once(declared: Declared) -> None:
    with pytest.raises(ExampleFaults) as raised:
        said = {"x": {"mix": 1}, "y": [{"min": 1, "expires": "2026-03-01"}, {"min": 2, "effective": "2)26-03-02"}]}
        declared.with_examples({"officer": {}, "caps": {"market": "many"}, "standards": said})
    assert [error.path for error in raised.value.errors] == [
        ("officer",), ("caps", "market", "checks"), ("standards", "x", "mix"),
        ("standards", "y", "1", "effective"),
    ]  # fmt: skip


RULE = """rule: Z1
version: 1
name: {zh: 超限, en: Too high}
category: inspection
basis: local measure
severity: notice
stream: inspection
subject: action_id
match: {event: penalty.decided, when: 'has(event.fine) && event.fine > declared.limits[event.violation].most'}
message: {zh: "{{ action_id }}", en: "{{ action_id }}"}
examples:
  - name: above
    declared: {limits: {x: {most: 10}}}
    given: [{at: "2026-03-02T09:00", type: penalty.decided, action_id: I1, violation: x, fine: 11}]
    expect: [{at: "2026-03-02T09:00"}]
  - name: exactly
    declared: {limits: {x: {most: 10}}}
    given: [{at: "2026-03-02T09:00", type: penalty.decided, action_id: I1, violation: x, fine: 10}]
    expect: []
"""


def test_a_book_adds_a_table_of_its_own_without_touching_code(tmp_path: Path) -> None:
    (tmp_path / "declared").mkdir()
    (tmp_path / "declared" / "limits.yaml").write_text("key: violation\ncolumns: {violation: text, most: number}\n")
    (tmp_path / "Z1.yaml").write_text(RULE, encoding="utf-8")
    book = load_book(tmp_path)
    assert [rule.id for rule in book.rules] == ["Z1"]
    assert [each.name for each in book.tables.declared] == ["limits"]


def test_a_wrong_value_in_an_example_is_told_at_its_place(tmp_path: Path) -> None:
    (tmp_path / "declared").mkdir()
    (tmp_path / "declared" / "limits.yaml").write_text("key: violation\ncolumns: {violation: text, most: number}\n")
    wrong = RULE.replace("{limits: {x: {most: 10}}}", "{limit: {x: {most: 10}}}", 1)
    (tmp_path / "Z1.yaml").write_text(wrong, encoding="utf-8")
    with pytest.raises(BookErrors) as raised:
        load_book(tmp_path)
    told = [(error.line, error.col, error.code, error.hint) for error in raised.value.errors]
    assert told == [(13, 16, "unknown-table", "did you mean `limits`?")]
