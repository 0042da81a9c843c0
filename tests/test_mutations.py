"""The list of `make mutate` fits the code, and its runner tells a caught mutation from one that survives."""

from pathlib import Path

import msgspec
import pytest

from bench.mutate import Mutation, copy_to, listed, misfit, tried

LISTED = listed()
HARMLESS = Mutation("more room", "rules/model/words.py", "UNITS: dict", "\nUNITS: dict", ("tests/rules/test_words.py",))


@pytest.mark.parametrize("mutation", LISTED, ids=lambda each: each.name)
def test_every_mutation_has_one_place_in_the_code_and_tests_that_exist(mutation: Mutation) -> None:
    assert misfit(mutation) == ""
    assert mutation.find != mutation.replace


def test_there_are_ten_mutations_or_more_each_with_its_own_name() -> None:
    assert len({each.name for each in LISTED}) == len(LISTED) >= 10


def test_the_runner_tells_what_the_tests_notice_from_what_they_do_not(tmp_path: Path) -> None:
    copy = copy_to(tmp_path)
    broken = msgspec.structs.replace(HARMLESS, find='{n} 个工作日", "day"', replace='{n} 天", "day"')
    assert tried(HARMLESS, copy) == "survived"
    assert tried(broken, copy) == "caught"
    assert misfit(broken, copy) == ""
    assert "occurs 0 times" in tried(msgspec.structs.replace(broken, find="no such words"), copy)
