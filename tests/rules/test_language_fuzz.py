"""Whatever is written, the loader answers with located errors or with a book, and with nothing else."""

import random
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rules.language import BOOK, BookErrors, load_book

SHIPPED = [path.read_text() for path in sorted(BOOK.rglob("*.yaml")) if path.name != "clocks.yaml"]
PIECES = [
    "case.accepted", "event.reason", "params.limit", "{", "}", "[", "]", ": ", "- ", "&a ", "*a", "!!int ",
    "'", '"', "|", ">", "#", "%", "\t", "\n", "\n  ", "5 workdays", "0h", "999999999999999999999999", ".inf",
    "1e999", "null", "~", "yes", "<<: ", "? ", "---\n", "...\n", "\u2028", "\x85", "é", "无", "\\", "\\ud800",
    "{{ case_id }}", "{{", "has(", ")", "!", "item.legal_limit", "&&", "80%", "2026-03-02", "true", "-1",
]  # fmt: skip
FUZZ = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def answers(content: bytes, name: str = "rule.yaml") -> None:
    """Loads a folder of this one file: a book, or errors that each know their place."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / name).write_bytes(content)
        try:
            load_book(Path(folder))
        except BookErrors as errors:
            assert errors.errors
            for error in errors.errors:
                assert error.line >= 1
                assert error.col >= 1
                assert error.code
                str(error).encode()


@FUZZ
@given(st.binary(max_size=300))
def test_any_bytes_are_answered(content: bytes) -> None:
    answers(content)


@FUZZ
@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
def test_any_heap_of_yaml_pieces_is_answered(text: str) -> None:
    answers(text.encode())


@FUZZ
@given(st.sampled_from(SHIPPED), st.randoms(use_true_random=False), st.integers(1, 4))
def test_a_shipped_rule_with_anything_broken_in_it_is_answered(text: str, chance: random.Random, times: int) -> None:
    for _ in range(times):
        start = chance.randrange(len(text))
        end = min(len(text), start + chance.choice((0, 0, 1, 5, 30)))
        text = text[:start] + chance.choice(PIECES) + text[end:]
    answers(text.encode())


@FUZZ
@given(st.sampled_from(SHIPPED), st.randoms(use_true_random=False))
def test_a_shipped_rule_with_its_values_exchanged_is_answered(text: str, chance: random.Random) -> None:
    values = [line.split(": ", 1)[1] for line in text.splitlines() if ": " in line]
    lines = [
        line.split(": ", 1)[0] + ": " + chance.choice(values) if ": " in line and chance.random() < 0.2 else line
        for line in text.splitlines()
    ]
    answers("\n".join(lines).encode())


@FUZZ
@given(
    st.lists(st.sampled_from([*PIECES, "clocks:", "\n  handling:", " start: ", " stop: "]), max_size=30).map("".join)
)
def test_any_clocks_are_answered(text: str) -> None:
    answers(text.encode(), "clocks.yaml")
