"""Lengths of time are said in the language of the message, never in the words of the rule file."""

from __future__ import annotations

import pytest

from rules.language import load_book
from rules.model.words import in_words
from rules.testing.examples import judge


@pytest.mark.parametrize(
    ("written", "zh", "en"),
    [
        ("5 workdays", "5 个工作日", "5 working days"),
        ("1 workday", "1 个工作日", "1 working day"),
        ("90 days", "90 天", "90 days"),
        ("24h", "24 小时", "24 h"),
        ("5m", "5 分钟", "5 min"),
        ("SC-510107-2604-000371", "SC-510107-2604-000371", "SC-510107-2604-000371"),
        ("2026-03-18", "2026-03-18", "2026-03-18"),
    ],
)
def test_a_span_is_said_in_words_and_everything_else_as_it_is(written: str, zh: str, en: str) -> None:
    assert (in_words(written, "zh"), in_words(written, "en")) == (zh, en)


def test_the_messages_of_a_breach_name_its_limit_in_both_languages() -> None:
    book = load_book()
    rule = next(rule for rule in book.rules if rule.id == "T03")
    (alert,) = judge(book, rule, rule.examples[0])
    assert alert.message.zh == "A1 已超法定时限（20 个工作日，应于 2026-03-18 前决定）"
    assert alert.message.en == "A1 is past its legal limit of 20 working days, due 2026-03-18"
