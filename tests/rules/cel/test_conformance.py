"""The conformance tests of CEL: each passes or is left out for a reason, and the page says which."""

from pathlib import Path

import pytest

from tests.rules.cel.conformance import PAGE, REASONS, Outcome, outcomes, page, table
from tests.rules.cel.textproto import read


@pytest.fixture(scope="module")
def found(shared: Path) -> list[Outcome]:
    return outcomes(shared / "data" / "cel-spec")


def test_every_conformance_test_passes_or_is_left_out_for_a_reason(found: list[Outcome]) -> None:
    print(table(found))
    assert [each for each in found if not each.passed and each.reason not in REASONS] == []
    assert sum(each.passed for each in found) > 650


def test_the_page_says_what_passes_and_what_is_left_out(found: list[Outcome]) -> None:
    assert page(found) == PAGE.read_text(encoding="utf-8"), "run `make cel ARGS=--page`"


def test_text_protos_are_read_with_their_lists_escapes_and_nested_messages() -> None:
    text = "a: \"x\\n\\u00ff\" 'y' # no\nb { c: [1, -2] } b: <c: true>\n[t.u/v] { d: 1.5e3; }"
    assert read(text) == {
        "a": ["x\nÿy".encode()], "b": [{"c": ["1", "-2"]}, {"c": ["true"]}], "[t.u/v]": [{"d": ["1.5e3"]}],
    }  # fmt: skip
