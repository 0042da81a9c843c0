"""The core against the declarative judge, history by history: RULES.md §3 in one process and over n partitions."""

from __future__ import annotations

import os

import pytest

from tests.oracle.chance import Chance
from tests.oracle.kinds import FAMILIES
from tests.oracle.trials import Family, seeds_of, tried

HISTORIES = int(os.environ.get("MINGJING_HISTORIES", "600"))
SINCE = int(os.environ.get("MINGJING_FIRST_HISTORY", "0"))
AT_ONCE = 100


def portions() -> list[object]:
    """The histories of each kind, some at once."""
    found: list[object] = []
    for family in FAMILIES:
        own = [seed for each, seed in seeds_of(FAMILIES, HISTORIES, SINCE) if each is family]
        for begin in range(0, len(own), AT_ONCE):
            found.append(pytest.param(family, own[begin : begin + AT_ONCE], id=f"{family.name}-{begin}"))
    return found


@pytest.mark.parametrize(("family", "seeds"), portions())
def test_every_host_says_what_the_judge_says(family: Family, seeds: list[int]) -> None:
    for seed in seeds:
        tried(family, seed)


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_some_history_makes_every_rule_speak(family: Family) -> None:
    """A definition that never holds would prove nothing."""
    spoken: set[str] = set()
    for seed in range(400):
        spoken |= {each[1] for each in family.judge(family.make(Chance(seed))) if each[0] == "alert"}
        if family.rules <= spoken:
            return
    assert family.rules - spoken == set()
