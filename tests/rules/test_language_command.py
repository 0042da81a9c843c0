"""`mingjing rules` on good and on broken books: what it prints, and with which status it ends."""

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from rules.language import BOOK
from streams.cli.rules import app

RULE = (BOOK / "process" / "P03_instant_close.yaml").read_text()


@pytest.fixture
def book(tmp_path: Path) -> Path:
    (tmp_path / "P03.yaml").write_text(RULE)
    return tmp_path


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, list(arguments))
    return result.exit_code, result.output


def test_the_shipped_book_has_no_errors_and_its_examples_hold() -> None:
    status, output = run("lint")
    assert (status, "no errors" in output) == (0, True)
    status, output = run("test", "--run", "^T0[34]")
    assert (status, "0 do not hold" in output) == (0, True)


def test_lint_prints_every_error_and_ends_with_1(book: Path) -> None:
    (book / "P03.yaml").write_text(RULE.replace("severity:", "severty:").replace("category: process", "category: x"))
    status, output = run("lint", "--book", str(book))
    assert status == 1
    assert "error[unknown-key]" in output
    assert "did you mean `severity`?" in output
    assert "3 error(s)" in output


def test_an_example_that_does_not_hold_is_told_with_its_place(book: Path) -> None:
    (book / "P03.yaml").write_text(RULE.replace("expect: []", "expect: [{severity: red_card}]", 1))
    for command in ("lint", "test"):
        status, output = run(command, "--book", str(book))
        assert status == 1
        assert "expected and absent: {'severity': 'red_card'}" in output
        assert "P03.yaml:" in output


FIRES = re.compile(r"expect:\n +- (\{.*\})\n")


def test_what_is_expected_and_what_stands_are_shown_as_they_are_written(book: Path) -> None:
    fires = FIRES.search(RULE)
    assert fires is not None
    right = re.search(r'at: "([^"]+)"', fires[1])
    assert right is not None
    (book / "P03.yaml").write_text(RULE.replace(fires[0], fires[0].replace(right[1], "2020-01-01T00:00"), 1))
    status, output = run("test", "--book", str(book), "--diff")
    assert status == 1 and "expected and absent" not in output
    gone, stands = ([line for line in output.splitlines() if line.startswith(sign)] for sign in "-+")
    assert ["2020-01-01T00:00" in line for line in gone] == [f'at: "{right[1]}"' in line for line in stands] == [True]


def test_an_alert_that_nobody_expects_is_shown_so_that_it_can_be_pasted(book: Path) -> None:
    fires = FIRES.search(RULE)
    assert fires is not None
    (book / "P03.yaml").write_text(RULE.replace(fires[0], "expect: []\n", 1))
    (shown,) = [line for line in run("test", "--book", str(book), "--diff")[1].splitlines() if line.startswith("+")]
    (book / "P03.yaml").write_text(RULE.replace(fires[0], f"expect: [{shown.removeprefix('+      - ')}]\n", 1))
    assert run("test", "--book", str(book))[1].endswith("0 do not hold\n")


def test_a_faulty_file_does_not_hide_that_an_example_of_another_does_not_hold(book: Path) -> None:
    (book / "broken.yaml").write_text(RULE.replace("rule: P03", "rule: P99").replace("severity:", "severty:"))
    (book / "P03.yaml").write_text(RULE.replace("expect: []", "expect: [{severity: red_card}]", 1))
    status, output = run("lint", "--book", str(book))
    assert status == 1
    assert "error[example-fails]: P03" in output
    assert "error[unknown-key]" in output


def test_lint_prints_its_errors_as_json_with_the_page_that_explains_each(book: Path) -> None:
    (book / "P03.yaml").write_text(RULE.replace("category: process", "category: proces"))
    status, output = run("lint", "--json", "--book", str(book))
    (error,) = json.loads(output)
    assert status == 1
    assert (error["code"], error["hint"]) == ("unknown-word", "did you mean `process`?")
    assert error["text"][error["col"] - 1 :][: error["width"]] == "proces"
    assert error["page"] == "docs/errors/unknown-word.md"
    (book / "P03.yaml").write_text(RULE)
    assert run("lint", "--json", "--book", str(book)) == (0, "[]\n")


def test_a_pattern_that_is_none_is_a_usage_error_and_one_that_finds_no_rule_is_not_fine(book: Path) -> None:
    assert run("test", "--run", "(")[0] == 2
    assert run("test", "--run", "^nothing$", "--book", str(book))[0] == 1
