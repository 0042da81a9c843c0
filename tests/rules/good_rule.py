"""A good rule, and what it becomes with texts in it replaced."""

from __future__ import annotations

from collections.abc import Callable

from rules.language import BookError

MATCH = """\
rule: X1
version: 1
name: {zh: 试, en: Trial}
category: process
basis: local
severity: notice
stream: service
subject: case_id
params: {most: 3, limit: 5 workdays, label: red, quick: 24h}
match: {event: case.decided, when: event.result == "granted"}
message: {zh: "{{ case_id }}", en: "{{ case_id }}"}
examples:
  - name: granted
    given: [{at: "2026-03-02T09:00", type: case.decided, case_id: A1, result: granted}]
    expect: [{at: "2026-03-02T09:00"}]
  - name: denied
    given: [{at: "2026-03-02T09:00", type: case.decided, case_id: A1, result: denied}]
    expect: []
"""
BODY = 'match: {event: case.decided, when: event.result == "granted"}'
Faults = Callable[..., list[BookError]]
"""The faults of a book of these files: a text, or bytes, by file name."""


def changed(*pairs: str) -> str:
    """The good rule with texts in it replaced."""
    text = MATCH
    for old, new in zip(pairs[::2], pairs[1::2], strict=True):
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


def where(error: BookError) -> tuple[str, int, int]:
    return error.code, error.line, error.col
