"""A region may say another value of a rule's parameter, in one place; what stands shows the value that was used."""

from itertools import permutations
from pathlib import Path

import pytest

from rules.language import Book, BookErrors, load_book
from rules.model.alerts import Alert
from rules.model.events import Event
from tests.rules.small_books import book_of, event, restarting, rule_text, standing, told

HEAD = """\
palettes: {one: {notice: "#000000", yellow_card: "#000000", red_card: "#000000"}}
default: {palette: one}
"""
REGIONS = (
    HEAD
    + """\
regions:
  "430000": {params: {X: {limit: 3 days}, G: {most: 1}}}
  "430100": {name: {zh: 市, en: City}}
  "430102": {params: {X: {limit: 2 workdays}}}
"""
)
LIMIT = rule_text(
    "X", "deadline: {clock: clock, within: params.limit}", params="{limit: 5 days, other: 24h}",
    message='{zh: "{{ params.limit }}", en: "{{ params.limit }}"}',
)  # fmt: skip
WINDOW = "window: {type: sliding, size: 24h}"
COUNT = rule_text(
    "G", f"count: {{event: case.decided, group_by: [department], {WINDOW}, over: params.most}}", params="{most: 2}"
)


@pytest.fixture
def book(tmp_path: Path) -> Book:
    return book_of(tmp_path, LIMIT, COUNT, regions=REGIONS)


def accepted(subject: str, region: str, written: str = "2026-03-02T09:00") -> Event:
    return event("case.accepted", written, subject, region=region)


def due(alerts: list[Alert]) -> dict[str, str]:
    return {alert.subject: str(alert.due_date)[-2:] for alert in alerts}


def test_a_value_holds_in_its_region_and_below_it_and_the_narrower_goes_before(book: Book) -> None:
    codes = {"none": "", "else": "330100", "wide": "430000", "city": "430100", "part": "430121", "own": "430102"}
    codes |= {"long": "430102001", "other": "430100000000"}
    found = standing(book, [accepted(name, code) for name, code in codes.items()], "2026-04-01")
    expected = {"none": "07", "else": "07", "wide": "05", "city": "05", "part": "05", "own": "04", "long": "04"}
    assert due(found) == expected | {"other": "05"}


def test_the_alert_shows_the_value_that_was_used(book: Book) -> None:
    found = standing(book, [accepted("A", "430102"), accepted("B", "")], "2026-04-01")
    shown = {alert.subject: (alert.params.get("params.limit"), alert.message.en) for alert in found}
    assert shown == {"A": ("2 workdays", "2 working days"), "B": (None, "5 days")}


def test_the_region_is_that_of_the_first_event_that_has_one_whatever_came_first(book: Book) -> None:
    events = [
        accepted("A", ""), event("case.suspended", "2026-03-02T10:00", "A", region="430000"),
        event("case.resumed", "2026-03-02T11:00", "A", region="430102"),
    ]  # fmt: skip
    expected = standing(book, events, "2026-04-01")
    assert due(expected) == {"A": "05"}
    for order in permutations(events):
        assert told(standing(book, order, "2026-04-01", ["", "2026-03-06"])) == told(expected)
        assert told(restarting(book, order, "2026-04-01")) == told(expected)


def test_a_group_is_judged_by_the_region_of_its_earliest_event(book: Book) -> None:
    def decided(hour: int, region: str) -> Event:
        return event("case.decided", f"2026-03-02T{hour:02}:00", f"C{hour}", department="tax", region=region)

    events = [decided(9, "430100"), decided(10, ""), decided(11, "430000")]
    for order in permutations(events):
        for found in (standing(book, order, "2026-03-05"), restarting(book, order, "2026-03-05")):
            assert [(alert.rule, alert.threshold, alert.value) for alert in found] == [("G", 1.0, 3.0)]
    earlier = [decided(8, "330100"), *events]
    for order in permutations(earlier):
        assert [alert.threshold for alert in standing(book, order, "2026-03-05")] == [2.0]


def test_a_group_whose_only_event_was_deleted_begins_anew_in_another_region(book: Book) -> None:
    def decided(number: int, region: str, **more: str) -> Event:
        return event("case.decided", f"2026-03-02T1{number}:00", f"C{number}", department="tax", region=region, **more)

    first = decided(1, "330100")
    gone = decided(1, "", id=first.fact.id, operation="d", recordedat="2026-03-02T11:30")
    found = standing(book, [first, gone, decided(2, "430100"), decided(3, "430100")], "2026-03-05")
    assert [(alert.threshold, alert.value) for alert in found] == [(1.0, 2.0)]


def test_what_default_says_holds_wherever_nothing_else_does(tmp_path: Path) -> None:
    regions = HEAD.replace("{palette: one}", "{palette: one, params: {X: {limit: 1 day}}}")
    book = book_of(tmp_path, LIMIT, regions=regions + 'regions: {"430000": {params: {X: {limit: 5 days}}}}\n')
    found = standing(book, [accepted("A", ""), accepted("B", "330100"), accepted("C", "430000")], "2026-04-01")
    assert due(found) == {"A": "03", "B": "03", "C": "07"}


def test_an_override_is_another_book_and_one_that_says_the_same_is_none(tmp_path: Path) -> None:
    plain = book_of(tmp_path / "1", LIMIT, regions=HEAD + 'regions: {"430000": {}}\n')
    same = book_of(tmp_path / "2", LIMIT, regions=HEAD + 'regions: {"430000": {params: {X: {limit: 5 days}}}}\n')
    other = book_of(tmp_path / "3", LIMIT, regions=HEAD + 'regions: {"430000": {params: {X: {limit: 6 days}}}}\n')
    assert (plain.regional, same.regional, same.hash) == ({}, {}, plain.hash)
    assert list(other.regional) == ["430000"]
    assert other.hash != plain.hash


def test_the_shipped_book_overrides_nothing_and_pays_nothing(book: Book) -> None:
    assert load_book().regional == {}


@pytest.mark.parametrize(
    ("params", "code", "shown"),
    [
        ("{Y: {limit: 3 days}}", "unknown-rule", "Y"),
        ("{X: {limits: 3 days}}", "unknown-key", "limits"),
        ("{X: {limit: 24h}}", "param-type", "24h"),
        ("{X: {limit: 3}}", "param-type", "3"),
        ("{G: {most: 3 days}}", "param-type", "3 days"),
        ("{X: {limit: 3 dys}}", "not-a-duration", "3 dys"),
        ("{X: 3}", "type", "3"),
        ("[X]", "type", "[X]"),
        ("{G: {most: -1}}", "param-value", "-1"),
    ],
)
def test_a_value_that_cannot_be_is_refused_at_its_place(tmp_path: Path, params: str, code: str, shown: str) -> None:
    with pytest.raises(BookErrors) as caught:
        book_of(tmp_path, LIMIT, COUNT, regions=HEAD + f'regions: {{"430000": {{params: {params}}}}}\n')
    assert [(error.code, error.line) for error in caught.value.errors] == [(code, 3)]
    (error,) = caught.value.errors
    assert error.file.endswith("regions.yaml")
    assert error.text[error.col - 1 :].startswith(shown)
