"""What a mapping file may say, and that every fault in one is shown with its place."""

from pathlib import Path

import pytest

from streams.settings import ROOT
from streams.sources.located import MappingErrors
from streams.sources.mapping import DEFAULT_LATENESS, load_mapping
from streams.sources.values import parse_template

GOOD = """\
source: test
zone: Asia/Shanghai
format: csv
subject: "{id}"
events:
  - type: case.accepted
    id: "{id}:accepted"
    time: "{at}"
"""


def load(tmp_path: Path, text: str) -> list[str]:
    file = tmp_path / "mapping.yaml"
    file.write_text(text, encoding="utf-8")
    try:
        load_mapping(file)
    except MappingErrors as errors:
        return errors.errors
    return []


def test_a_small_mapping_has_the_defaults(tmp_path: Path) -> None:
    file = tmp_path / "mapping.yaml"
    file.write_text(GOOD, encoding="utf-8")
    mapping = load_mapping(file)
    assert (mapping.order, mapping.encoding, mapping.lateness, mapping.book) == (
        "file", "utf-8", DEFAULT_LATENESS, None,
    )  # fmt: skip
    assert mapping.columns == {"id", "at"}


def test_every_fault_is_reported_at_once_with_line_column_and_caret(tmp_path: Path) -> None:
    text = (
        GOOD.replace("Asia/Shanghai", "Asia/Shanghia")
        .replace("format: csv", "format: cvs")
        .replace("case.accepted", "case.acepted")
        .replace("subject:", "subjct:")
        + "lateness: soon\n"
    )
    errors = load(tmp_path, text)
    heads = [error.splitlines()[0].split("mapping.yaml:")[1] for error in errors]
    assert sorted(head.split(": ")[0] + " " + head.split("[")[1].split("]")[0] for head in heads) == [
        "2:7 unknown-zone",
        "3:9 unknown-value",
        "4:1 unknown-key",
        "6:11 unknown-value",
        "6:5 missing-key",
        "9:11 not-a-duration",
    ]
    zone = next(error for error in errors if "unknown-zone" in error)
    assert zone.splitlines()[1:] == [
        "  2 | zone: Asia/Shanghia",
        "            ^  an IANA name, as Asia/Shanghai",
    ]
    assert any("did you mean `case.accepted`?" in error for error in errors)
    assert any("did you mean `subject`?" in error for error in errors)


def test_a_personal_field_must_come_from_a_column_that_is_hashed(tmp_path: Path) -> None:
    text = GOOD + "    data:\n      actor: '{clerk}'\n"
    (error,) = load(tmp_path, text)
    assert "clear-personal-column" in error
    assert load(tmp_path, text + "personal: [clerk]\n") == []


def test_a_field_that_the_event_does_not_have_is_named_with_the_nearest(tmp_path: Path) -> None:
    (error,) = load(tmp_path, GOOD + "    data:\n      promised_on: '{due}'\n")
    assert "`promised_on` is not a field of case.accepted" in error
    assert "did you mean `promised_" in error


def test_duplicate_keys_and_broken_yaml_are_faults_with_a_place(tmp_path: Path) -> None:
    (twice,) = load(tmp_path, GOOD + "zone: UTC\n")
    assert ":9:1: error[yaml]" in twice
    (broken,) = load(tmp_path, "source: [a\n")
    assert "error[yaml]" in broken
    (empty,) = load(tmp_path, "")
    assert "error[not-a-mapping]" in empty


def test_an_unknown_table_and_a_lone_brace_are_faults(tmp_path: Path) -> None:
    text = GOOD.replace("{id}:accepted", "{id:accepted") + "    data:\n      office: {from: '{o}', table: codes}\n"
    errors = load(tmp_path, text)
    assert [error.split("[")[1].split("]")[0] for error in errors] == ["unknown-table", "template"]


def test_a_doubled_brace_is_a_brace() -> None:
    assert parse_template("{{x}} {a}{b}").parts == ("{x} ", "a", "", "b", "")


@pytest.mark.parametrize("name", ["boston311", "receipt", "chicago", "bench8"])
def test_the_shipped_examples_load_and_name_their_book(name: str) -> None:
    mapping = load_mapping(ROOT / "examples" / name / "mapping.yaml")
    assert mapping.source == name
    assert mapping.book is not None and mapping.book.is_dir()
