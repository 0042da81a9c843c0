"""One breach, one card: whose card an alert joins, and that it stands alone again when that card is withdrawn."""

from itertools import permutations
from pathlib import Path

import pytest

from rules.drive import Drive
from rules.language import Book, BookErrors
from rules.model.alerts import Alert
from tests.rules.small_books import at, book_of, event, restarting, rule_text, standing, told


def clocked(rule_id: str, days: int, **keys: str) -> str:
    warned = ", warn_at: [50%]" if rule_id == "Y" else ""
    return rule_text(rule_id, f"deadline: {{clock: clock, within: {days} days{warned}}}", **keys)


@pytest.fixture
def book(tmp_path: Path) -> Book:
    """Y after 4 days, with a notice after 2, and X after 10, which absorbs it."""
    return book_of(tmp_path, clocked("Y", 4), clocked("X", 10, absorbs="[Y]", severity="red_card"))


def cards(alerts: list[Alert]) -> dict[tuple[str, str], str]:
    """Whose card each alert has: the rule of the one that it joined, or its own."""
    rules = {alert.alert_id: alert.rule for alert in alerts}
    return {(alert.rule, alert.step): rules.get(alert.absorbed_by, "own") for alert in alerts}


def test_alerts_join_the_card_of_the_one_that_absorbs_them_and_keep_their_own_line(book: Book) -> None:
    drive = Drive(book)
    drive.take([event("case.accepted", "2026-03-02T09:00")])
    drive.until(at("2026-03-10"))
    before = {alert.rule + alert.step: alert for alert in drive.alerts()}
    assert cards(drive.alerts()) == {("Y", "50%"): "own", ("Y", ""): "own"}
    drive.until(at("2026-03-13"))
    assert cards(drive.alerts()) == {("Y", "50%"): "X", ("Y", ""): "X", ("X", ""): "own"}
    joined = next(alert for alert in drive.alerts() if alert.rule == "Y" and not alert.step)
    assert (joined.alert_id, joined.due_at, joined.state) == (before["Y"].alert_id, before["Y"].due_at, "open")
    drive.take([event("case.decided", "2026-03-14T09:00")])
    assert {alert.state for alert in drive.alerts()} == {"ended"}
    assert cards(drive.alerts()) == {("Y", "50%"): "X", ("Y", ""): "X", ("X", ""): "own"}


def test_when_the_card_is_withdrawn_they_stand_alone_again(book: Book) -> None:
    drive = Drive(book)
    drive.take([event("case.accepted", "2026-03-02T09:00")])
    drive.until(at("2026-03-20"))
    drive.take([event("case.decided", "2026-03-09T09:00")])
    assert cards(drive.alerts()) == {("Y", "50%"): "own", ("Y", ""): "own"}


def test_another_clock_of_the_same_subject_is_another_breach(tmp_path: Path) -> None:
    clock = "clock: {per: event.stage, start: case.stage, stop: case.closed}"
    files = {"clocks": f"clocks: {{{clock}}}\n"}
    book = book_of(tmp_path, clocked("Y", 4), clocked("X", 10, absorbs="[Y]"), **files)
    events = [event("case.stage", "2026-03-02T09:00", stage="a"), event("case.stage", "2026-03-08T09:00", stage="b")]
    found = standing(book, events, "2026-03-15")
    own = {alert.occasion: bool(alert.absorbed_by) for alert in found if (alert.rule, alert.step) == ("Y", "")}
    assert own == {("office", events[0].fact.id): True, ("office", events[1].fact.id): False}


def test_a_shadow_absorbs_no_live_alert(tmp_path: Path) -> None:
    book = book_of(tmp_path, clocked("Y", 4), clocked("X", 10, absorbs="[Y]", mode="shadow"))
    found = standing(book, [event("case.accepted", "2026-03-02T09:00")], "2026-04-01")
    assert cards(found) == {("Y", "50%"): "own", ("Y", ""): "own", ("X", ""): "own"}


def test_arrival_and_restarts_do_not_matter(book: Book) -> None:
    events = [
        event("case.accepted", "2026-03-02T09:00"), event("case.closed", "2026-03-20T09:00"),
        event("case.accepted", "2026-03-02T10:00", "B"), event("case.decided", "2026-03-11T09:00", "B"),
    ]  # fmt: skip
    expected = told(standing(book, events, "2026-04-01"))
    assert any(alert.absorbed_by for alert in expected)
    for order in permutations(events):
        assert told(standing(book, order, "2026-04-01", ["", "2026-03-12", "2026-03-19"])) == expected
        assert told(restarting(book, order, "2026-04-01")) == expected


@pytest.mark.parametrize(
    ("absorbs", "code"),
    [
        ("[Q]", "unknown-rule"), ("[X]", "absorbs-chain"), ("[Z]", "absorbs-chain"), ("[M]", "another-clock"),
        ("[Y, Y]", "duplicate-rule"), ("[[Y]]", "type"),
    ],
)  # fmt: skip
def test_a_card_is_that_of_one_rule_on_the_same_clock(tmp_path: Path, absorbs: str, code: str) -> None:
    others = clocked("Y", 4), clocked("Z", 5, absorbs="[Y]"), rule_text("M", "match: {event: case.decided}")
    with pytest.raises(BookErrors) as caught:
        book_of(tmp_path, clocked("X", 10, absorbs=absorbs), *others)
    assert {(error.code, error.line, error.text[:8]) for error in caught.value.errors} == {(code, 9, "absorbs:")}
