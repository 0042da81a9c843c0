"""The rule tester as a host: a history as a failure shows it, pasted into a rule, comes to what the judge says."""

from pathlib import Path

import pytest

from rules.language import load_book
from rules.testing.examples import judge
from tests.oracle.chance import Chance
from tests.oracle.families import orders, overlaps, windows
from tests.oracle.trials import Family
from tests.oracle.written import as_example

PASTED: list[tuple[Family, str, str]] = [
    *(
        (orders.FAMILY, rule.rule, f"rule: {rule.rule}{orders.HEAD}sequence: {body}")
        for body, rule in orders.ORDERS.items()
    ),
    *(
        (overlaps.FAMILY, rule, f"rule: {rule}{overlaps.HEAD}overlap: {body}")
        for rule, body in overlaps.WRITTEN.items()
    ),
    *(
        (windows.FAMILY, rule.name, windows.HEAD.format(name=rule.name, kind=kind, body=body))
        for kind, body, rule in windows.KINDS
    ),
]
"""Rules of which the judge knows, each as its file has it."""


def with_example(text: str, pasted: str) -> str:
    """A rule file with one more example behind its own."""
    lines = [line for line in text.splitlines() if line.strip()]
    own = [line for line in lines if line.startswith("  - ") or line.startswith("    ")]
    return "\n".join([*(line for line in lines if line not in own and line != "examples:"), "examples:", *own, pasted])


@pytest.mark.parametrize(("family", "rule", "text"), PASTED, ids=[rule for _, rule, _ in PASTED])
def test_a_history_pasted_into_the_examples_of_a_rule_says_what_the_judge_says(
    family: Family, rule: str, text: str, tmp_path: Path
) -> None:
    for seed in range(4):
        history = family.make(Chance(f"{rule} {seed}"))
        pasted = as_example(history.events, history.now.isoformat(), {})
        (tmp_path / "r.yaml").write_text(with_example(text, pasted), encoding="utf-8")
        book = load_book(tmp_path)
        (read,) = book.rules
        said = family.told(history, judge(book, read, read.examples[-1]), [])
        assert said == {each for each in family.judge(history) if each[:2] == ("alert", rule)}, pasted
