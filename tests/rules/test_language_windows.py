"""Behaviours of the loader with kinds that judge groups: what is wrong or impossible is told at its place."""

from pathlib import Path

import pytest

from rules.language import BookErrors
from tests.rules.small_books import book_of, rule_text

GROUP = "event: penalty.decided, group_by: [event.organ]"
DAY = "window: {type: sliding, size: 24h}"
RATIO = f'ratio: {{{GROUP}, {DAY}, numerator: event.result == "x"'
SPIKE = f"spike: {{{GROUP}, {DAY}, min_current: 2, min_reference: 1"
BASE = f"baseline: {{{GROUP}, field: event.fine"


def told(folder: Path, body: str, **given: str) -> list[tuple[str, str]]:
    """(code, what stands under the caret) of every fault of a rule with this body."""
    text = rule_text("X", body, **given).replace("stream: service", "stream: inspection")
    text = text.replace("type: case.applied", "type: penalty.decided")
    try:
        book_of(folder, text)
    except BookErrors as errors:
        lines = text.split("\n")
        return [(e.code, lines[e.line - 1][e.col - 1 :][: e.width]) for e in errors.errors]
    return []


@pytest.mark.parametrize(
    ("body", "code", "place"),
    [
        (f"count: {{{GROUP}, over: 1}}", "missing-key", "{event"),
        (f"count: {{{GROUP}, window: {{size: 24h}}, over: 1}}", "missing-key", "{size"),
        (f"count: {{{GROUP}, window: {{type: slidin, size: 24h}}, over: 1}}", "unknown-word", "slidin"),
        (f"count: {{{GROUP}, window: {{type: tumbling, size: 7h}}, over: 1}}", "impossible-duration", "7h"),
        (f"count: {{{GROUP}, window: {{type: tumbling, size: 25h}}, over: 1}}", "impossible-duration", "25h"),
        (f"count: {{{GROUP}, window: {{type: sliding, size: 5 workdays}}, over: 1}}", "not-a-duration", "5 workdays"),
        (f"count: {{{GROUP}, window: {{type: session, size: 5h}}, over: 1}}", "unknown-key", "5h"),
        (f"count: {{{GROUP}, window: {{type: session}}, over: 1}}", "missing-key", "{type"),
        (f"count: {{{GROUP}, window: {{type: sliding, size: 5h, gap: 1h}}, over: 1}}", "unknown-key", "1h"),
        (f"count: {{{GROUP}, window: {{type: sliding, size: 5h, axis: heard}}, over: 1}}", "unknown-word", "heard"),
        ("count: {event: penalty.decided, group_by: [case_id], window: {type: life, axis: received_at}, over: 1}",
         "unknown-key", "received_at"),
        (f"count: {{{GROUP}, {DAY}, over: 1, forget_after: 5h}}", "unknown-key", "5h"),
        (f"count: {{{GROUP}, {DAY}, over: -1}}", "impossible-threshold", "-1"),
        (f"count: {{{GROUP}, {DAY}, over: 3, under: 3}}", "unknown-key", "under"),
        (f"count: {{{GROUP}, {DAY}, over: 1, min_samples: 0}}", "impossible-threshold", "0"),
        (f"count: {{{GROUP}, {DAY}, over: 1, min_samples: 1.5}}", "impossible-threshold", "1.5"),
        (f"{RATIO}, min_samples: 2, over: 0.4}}", "not-a-share", "0.4"),
        (f"{RATIO}, min_samples: 2, over: 100%}}", "impossible-threshold", "100%"),
        (f"{RATIO}, min_samples: 2, at_least: 0%}}", "impossible-threshold", "0%"),
        (f"{RATIO}, min_samples: 2, at_most: 100%}}", "impossible-threshold", "100%"),
        (f"{RATIO}, over: 40%}}", "missing-key", "{event"),
        (f"{RATIO}, min_samples: 2, over: 40%, under: 10%}}", "missing-key", "{event"),
        (f"ratio: {{{GROUP}, {DAY}, over: 40%, min_samples: 2}}", "missing-key", "{event"),
        (f"ratio: {{{GROUP}, {DAY}, numerator: event.fine > 3, over: 40%, min_samples: 2}}",
         "optional-field", "event.fine"),
        (f'ratio: {{{GROUP}, {DAY}, numerator: has(penalty.filed), over: 40%, min_samples: 2}}',
         "not-in-groups", "penalty.decided"),
        (f"aggregate: {{{GROUP}, {DAY}, field: event.fine, function: p101, over: 3}}", "unknown-word", "p101"),
        (f"aggregate: {{{GROUP}, {DAY}, field: event.fine, over: 3}}", "missing-key", "{event"),
        (f"aggregate: {{{GROUP}, {DAY}, field: event.organ, function: sum, over: 3}}", "type", "event.organ"),
        (f"aggregate: {{{GROUP}, {DAY}, field: event.received_at - event.at, function: p95, over: 3}}",
         "not-a-duration", "3"),
        (f"aggregate: {{{GROUP}, {DAY}, field: event.received_at - event.at, function: p95, over: 3 days}}",
         "not-exact", "3 days"),
        (f"{SPIKE}, reference: 2 days, ratio: 3}}", "not-a-duration", "2 days"),
        (f"{SPIKE}, reference: 48h, ratio: 1}}", "impossible-threshold", "1"),
        (f"{SPIKE}, reference: 48h}}", "missing-key", "{event"),
        (f"{SPIKE.replace('sliding', 'tumbling')}, reference: 48h, ratio: 2}}", "unknown-word", "tumbling"),
        (f"{BASE}, over: 3, history: 30 days, min_samples: 3}}", "missing-key", "{event"),
        (f"{BASE}, over: 3, history: 30 days, min_samples: 3, min_spread: 0}}", "impossible-threshold", "0"),
        (f"{BASE}, over: 0, history: 30 days, min_samples: 3, min_spread: 1}}", "impossible-threshold", "0"),
        (f"{BASE}, over: 3, history: 30 workdays, min_samples: 3, min_spread: 1}}", "not-a-duration", "30 workdays"),
        (f"{BASE}, over: 3, history: 30 days, min_samples: 3, min_spread: 1, season: week}}", "unknown-word", "week"),
        (f"new_value: {{{GROUP}, field: event.fine}}", "type", "event.fine"),
        (f"new_value: {{{GROUP}, field: event.violation, history: 9 days, forget_after: 8 days}}",
         "impossible-duration", "9 days"),
        (f"cap: {{{GROUP}, quota: -2, period: year}}", "impossible-threshold", "-2"),
        (f"cap: {{{GROUP}, quota: 2, period: week}}", "unknown-word", "week"),
        (f"cap: {{{GROUP}, quota: 2}}", "missing-key", "{event"),
        (f"cap: {{{GROUP}, period: year}}", "missing-key", "{event"),
        (f"cap: {{{GROUP}, quota: 2, period: year, reached: alarm}}", "unknown-word", "alarm"),
        (f"cap: {{{GROUP}, quota: item.max_visits, period: year}}", "not-in-groups", "penalty.decided"),
    ],
)  # fmt: skip
def test_what_is_wrong_or_impossible_is_told_at_its_place(tmp_path: Path, body: str, code: str, place: str) -> None:
    found = told(tmp_path, body)
    assert [each for each, _ in found] == [code] and found[0][1].startswith(place)


def test_a_parameter_may_say_a_share_and_a_message_says_it_as_written(tmp_path: Path) -> None:
    body = f"{RATIO}, min_samples: params.least, over: params.most}}"
    text = rule_text("X", body, params="{most: 40%, least: 2}").replace("stream: service", "stream: inspection")
    rule = book_of(tmp_path, text.replace("type: case.applied", "type: penalty.decided")).rules[0]
    assert rule.params == {"most": "40%", "least": "2"}


def test_a_condition_that_proves_a_field_lets_the_numerator_read_it(tmp_path: Path) -> None:
    body = f"ratio: {{{GROUP}, {DAY}, when: has(event.fine), numerator: event.fine > 3, over: 40%, min_samples: 2}}"
    assert told(tmp_path, body) == []
