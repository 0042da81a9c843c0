"""A few seconds of `make fuzz`: broken rules, expressions and events are answered, and nothing raises."""

import random

import pytest

from tests.rules.fuzzing import CONDITIONS, PLAIN, TARGETS, broken, fuzz

FEW = {"rules": 40, "expressions": 300, "events": 300}


@pytest.mark.parametrize("name", TARGETS)
def test_whatever_is_broken_is_answered(name: str) -> None:
    fuzz(name, FEW[name])


def test_what_is_broken_is_another_document_and_leaves_the_first_as_it_was() -> None:
    before = repr(PLAIN[0])
    made = [broken(PLAIN[0], random.Random(each), 3) for each in range(20)]
    assert repr(PLAIN[0]) == before
    assert sum(each != PLAIN[0] for each in made) > 15
    assert CONDITIONS


def test_a_decoder_that_raises_would_be_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def careless(value: bytes) -> None:
        raise KeyError(value)

    monkeypatch.setattr("tests.rules.fuzzing.decode_event", careless)
    with pytest.raises(KeyError):
        fuzz("events", 5)
