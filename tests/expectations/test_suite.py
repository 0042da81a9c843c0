"""What a suite file may say, and how every error in it is told."""

from pathlib import Path

import pytest

from expectations import suite
from expectations.suite import SuiteErrors

GOOD = """\
suite: mine
version: 1
rows: service_cases
name: {zh: 我的, en: Mine}
expectations:
  - id: M1
    name: {zh: 唯一, en: Unique}
    basis: test
    severity: critical
    type: expect_column_values_to_be_unique
    kwargs: {column: case_id}
"""


def faults(folder: Path, text: str) -> list[str]:
    (folder / "mine.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(SuiteErrors) as raised:
        suite.load("mine", folder)
    return [f"{each.line}:{each.col} {each.code}" for each in raised.value.errors]


def test_the_shipped_suites_load_and_each_expectation_has_both_languages_and_a_basis() -> None:
    assert suite.names() == ["service_cases"]
    for name in suite.names():
        loaded = suite.load(name)
        assert loaded.suite == name
        assert len(loaded.expectations) >= 15
        assert {each.severity for each in loaded.expectations} == set(suite.SEVERITIES)
        for each in loaded.expectations:
            assert each.name.zh and each.name.en and each.basis


def test_a_query_is_read_from_its_file() -> None:
    found = {each.id: each for each in suite.load("service_cases").expectations}["SC15"]
    assert found.kwargs["unexpected_rows_query"].startswith("SELECT case_id FROM {batch}")


def test_every_error_of_a_file_is_told_at_once_with_its_place(tmp_path: Path) -> None:
    text = GOOD.replace("service_cases", "nothing").replace("critical", "fatal").replace("basis: test", "bases: test")
    assert faults(tmp_path, text + "  - {id: M1, name: {zh: 唯一}, basis: b, severity: info, type: t}\n") == [
        "3:1 unknown-rows",
        "6:5 missing-key",
        "8:5 unknown-key",
        "9:5 unknown-severity",
        "12:6 duplicate-id",
        "12:14 name",
    ]


def test_a_file_that_is_no_yaml_a_missing_one_and_an_empty_one_are_errors(tmp_path: Path) -> None:
    assert faults(tmp_path, "suite: [") == ["1:9 yaml"]
    assert faults(tmp_path, "") == ["1:1 empty"]
    assert "2:1 empty" in faults(tmp_path, "suite: mine\nexpectations: []\n")
    with pytest.raises(SuiteErrors, match=r"other\.yaml:1:1: error"):
        suite.load("other", tmp_path)


def test_a_missing_query_file_is_an_error(tmp_path: Path) -> None:
    assert faults(tmp_path, GOOD + "    query: nowhere.sql\n") == ["12:5 no-query"]


def test_a_suite_that_is_called_otherwise_than_its_file_is_an_error(tmp_path: Path) -> None:
    assert faults(tmp_path, GOOD.replace("suite: mine", "suite: yours")) == ["1:1 misnamed"]


def test_an_unknown_expectation_type_loads_so_that_the_gate_can_catch_it(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(GOOD.replace("to_be_unique", "to_be_lucky"), encoding="utf-8")
    assert suite.load("mine", tmp_path).expectations[0].type == "expect_column_values_to_be_lucky"
