"""The shipped book is whole: every family, every limit by law, and examples on both sides of every threshold."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from rules.language import BOOK as SHIPPED
from rules.language import Rule, load_book
from rules.language.rule import Example
from rules.testing.examples import judge

BOOK = load_book()
FAMILIES = (
    "T01", "T02", "T03", "T04", "T05", "T06", "T07", "T08", "P01", "P02", "P03", "P04", "P05", "P06", "P07", "P08",
    "P09", "F01", "I01", "I02", "I03", "I04", "I05", "U01", "D01",
)  # fmt: skip
CHILDREN = (
    "T03.penalty", "T03.joint", "T03.renewal", "T03.evidence", "T03.seizure", "T03.review", "T03.hearing",
    "T03.hearing_request", "T05.hotline", "T06.penalty", "T07.many", "P01.published", "P02.chain", "F01.verify",
    "I05.outlier", "U01.penalty", "U01.check", "D01.late",
)  # fmt: skip
"""Each row of a limit by law that no family names, and every further kind of a family."""
NO_THRESHOLD = {"P07", "P08"}
"""A reason is there or it is not, the actor is the same or another: no number, no time."""
COUNTING = ("count", "cap", "ratio", "baseline")
SECOND = timedelta(seconds=1)
Event = dict[str, Any]


def test_every_family_and_child_is_shipped() -> None:
    assert {rule.id for rule in BOOK.rules} == {*FAMILIES, *CHILDREN}
    assert len(FAMILIES) == 25


@pytest.mark.parametrize("rule", BOOK.rules, ids=lambda rule: rule.key)
def test_a_rule_fires_in_two_examples_and_is_silent_in_two(rule: Rule) -> None:
    fires = [bool(example.expect) for example in rule.examples]
    assert (min(fires.count(True), 2), min(fires.count(False), 2)) == (2, 2), rule.id


@pytest.mark.parametrize("rule", BOOK.rules, ids=lambda rule: rule.key)
def test_a_rule_says_its_law_and_speaks_both_languages(rule: Rule) -> None:
    said = [rule.name, *rule.messages.values()]
    assert rule.basis and all(each.zh and each.en and each.zh != each.en for each in said)


@pytest.mark.parametrize(
    "rule", [rule for rule in BOOK.rules if rule.id not in NO_THRESHOLD], ids=lambda rule: rule.key
)
def test_an_example_stands_on_the_threshold(rule: Rule) -> None:
    """The least change of a time or a number, or one event more or less where events are counted, turns it over."""
    assert any(
        bool(judge(BOOK, rule, changed)) != bool(example.expect)
        for example in rule.examples
        for changed in nearly(rule, example)
    )


def test_a_region_may_say_every_number_of_every_rule_otherwise(tmp_path: Path) -> None:
    said = {
        rule.id: {name: otherwise(value) for name, value in rule.params.items()} for rule in BOOK.rules if rule.params
    }
    folder = tmp_path / "book"
    shutil.copytree(SHIPPED, folder)
    regions = (SHIPPED.parent / "regions.yaml").read_text(encoding="utf-8")
    own = f'\n  "999900": {{params: {json.dumps(said)}}}\n'
    (folder / "regions.yaml").write_text(regions + own, encoding="utf-8")
    changed = load_book(folder)
    assert [rule.params for rule in changed.rules] == [rule.params for rule in BOOK.rules]
    assert changed.hash != BOOK.hash


def otherwise(value: str) -> str | float:
    """Another value of the same kind."""
    number = re.match(r"\d+", value)
    if number is None:
        return f"{value}_of_another_name"
    rest = value[number.end() :]
    more = int(number[0]) + 1
    return f"{more}{rest}" if rest else more


def nearly(rule: Rule, example: Example) -> Iterator[Example]:
    """The example with one event or its end a second earlier or later, or one number a hundredth more or less."""
    for step in (SECOND, -SECOND):
        yield msgspec.structs.replace(example, until=moved(example.until, step))
        yield from each_changed(example, lambda value, by=step: moved(value, by))  # type: ignore[misc]
    for least in (0.01, -0.01):
        yield from each_changed(example, lambda value, by=least: more(value, by))  # type: ignore[misc]
    if rule.kind in COUNTING:
        for left_out in range(1, len(example.given)):
            given = tuple(event for position, event in enumerate(example.given) if position != left_out)
            yield msgspec.structs.replace(example, given=given)


def each_changed(example: Example, change: Callable[[Any], Any]) -> Iterator[Example]:
    for position, event in enumerate(example.given):
        changed: Event = {name: change(value) for name, value in event.items()}
        if changed != event:
            given = (*example.given[:position], changed, *example.given[position + 1 :])
            end = max(example.until, str(changed["at"])) if len(example.until) > 10 else example.until
            yield msgspec.structs.replace(example, given=given, until=end)


def moved(value: Any, step: timedelta) -> Any:
    """A time a little later or earlier; anything else as it is."""
    if not isinstance(value, str) or "T" not in value:
        return value
    try:
        return (datetime.fromisoformat(value) + step).isoformat()
    except ValueError:
        return value


def more(value: Any, by: float) -> Any:
    return value + by if isinstance(value, (int, float)) and not isinstance(value, bool) else value
