"""Marks that lie close are told as the outermost alone: no silence begins, ends or is lost by that."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from rules.core.marking import thinned


@given(st.lists(st.integers(0, 60), max_size=30), st.lists(st.integers(0, 60), max_size=30), st.integers(1, 20))
def test_marks_that_are_left_out_begin_and_end_no_silence(one: list[int], two: list[int], closest: int) -> None:
    told = sorted({at for chunk in (one, two) for at in thinned(sorted(set(chunk)), closest)})
    every = sorted({*one, *two})

    def silences(marks: list[int]) -> set[tuple[int, int]]:
        return {(a, b) for a, b in pairwise(marks) if b - a > closest}

    assert silences(told) == silences(every)
    assert (told[:1], told[-1:]) == (every[:1], every[-1:])
