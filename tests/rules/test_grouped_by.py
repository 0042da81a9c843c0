"""By what the members of a group may be known: what its events say, never the case or what is declared."""

from pathlib import Path

import pytest

from rules.language.loader import read_book
from tests.rules.small_books import rule_text

WINDOW = "window: {type: sliding, size: 24h}"
BODIES = {
    "count": f"count: {{event: case.closed, group_by: [?], {WINDOW}, at_least: 2}}",
    "ratio": f"ratio: {{event: case.closed, numerator: event.finish_code == 'void', group_by: [?], {WINDOW}, "
    "at_least: 50%, min_samples: 2}",
    "aggregate": "aggregate: {event: case.extended, field: event.days, function: sum, group_by: [?], "
    f"{WINDOW}, over: 2}}",
    "spike": f"spike: {{event: case.closed, group_by: [?], {WINDOW}, reference: 240h, ratio: 3, min_current: 2, "
    "min_reference: 2}",
    "baseline": "baseline: {event: case.extended, field: event.days, group_by: [?], over: 3, history: 30 days, "
    "min_samples: 3, min_spread: 1}",
    "new_value": "new_value: {event: case.closed, field: event.finish_code, group_by: [?]}",
    "cap": "cap: {event: case.closed, group_by: [?], quota: 1, period: year}",
    "silence": "silence: {event: case.closed, group_by: [?], within: 24h}",
}
DECLARED = "'declared.duty[event.organ]'"
SCHEMA = "{key: organ, value: team, columns: {organ: text, team: text}}"


def body(kind: str, group: str) -> str:
    return BODIES[kind].replace("?", group)


@pytest.mark.parametrize("kind", BODIES)
@pytest.mark.parametrize("group", ["item.type", "case.accepted.actor", "first(case.accepted).organ"])
def test_what_is_known_of_the_case_alone_is_refused_where_it_stands(tmp_path: Path, kind: str, group: str) -> None:
    text = rule_text("G", body(kind, group))
    (tmp_path / "g.yaml").write_text(text, encoding="utf-8")
    (fault,) = read_book(tmp_path).faults
    assert fault.code == "not-in-groups"
    assert text.splitlines()[fault.line - 1][fault.col - 1 :].startswith(group)


@pytest.mark.parametrize("kind", BODIES)
def test_what_is_declared_is_refused_as_well_since_another_book_may_declare_otherwise(
    tmp_path: Path, kind: str
) -> None:
    (fault,) = read_book(dutiful(tmp_path, body(kind, DECLARED))).faults
    assert fault.code == "not-in-groups"


@pytest.mark.parametrize(
    ("key", "codes"),
    [
        ("event.organ", []), ("case.applied.channel", []), ("item.type", ["not-in-groups"]),
        (DECLARED, ["not-in-groups"]),
    ],
)  # fmt: skip
def test_the_key_of_an_overlap_is_read_in_its_case_and_knows_what_events_say(
    tmp_path: Path, key: str, codes: list[str]
) -> None:
    overlap = f"overlap: {{start: case.received, stop: case.closed, key: [{key}]}}"
    assert [fault.code for fault in read_book(dutiful(tmp_path, overlap)).faults] == codes


def dutiful(folder: Path, rule: str) -> Path:
    (folder / "declared").mkdir()
    (folder / "declared" / "duty.yaml").write_text(SCHEMA, encoding="utf-8")
    (folder / "g.yaml").write_text(rule_text("G", rule), encoding="utf-8")
    return folder
