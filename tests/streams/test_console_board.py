"""The queue: the last revision of every alert, narrowed by what a reader asks for."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.model.alerts import Alert, Clock, Text, alert_json, clock_json, identity
from rules.model.times import parse_time
from streams.console.board import PAGE, Board, Wanted
from streams.console.clock_shelf import ClockShelf, clock_of
from streams.console.queue_page import asked_of, wanted_of

NOON = parse_time("2026-03-02T12:00:00+08:00")


def alert(subject: str, **given: Any) -> Alert:
    made: dict[str, Any] = {
        "alert_id": identity("T03", "", subject),
        "revision": 1,
        "rule": "T03",
        "subject": subject,
        "stream": "service",
        "severity": "red_card",
        "reason": "still_open",
        "at": NOON,
        "occasion": ("s", subject),
        "department": "许可科",
        "message": Text(f"{subject} 已超期", f"{subject} is late"),
    }
    return Alert(**(made | given))


def board_of(alerts: Sequence[Alert], most: int = 1000) -> Board:
    board = Board(most)
    for place, each in enumerate(alerts):
        board.take(alert_json(each), NOON + place)
    return board


def subjects(board: Board, wanted: Wanted = Wanted()) -> list[str]:
    return [each.alert.subject for each in board.show(wanted).entries]


def test_a_shadow_alert_is_shown_to_who_asks_for_it_alone() -> None:
    board = board_of([alert("A1"), alert("A2", alert_id="f" * 32, mode="shadow")])
    assert subjects(board) == ["A1"]
    assert subjects(board, Wanted(mode="shadow")) == ["A2"]
    assert board.show(Wanted()).by_severity == {"red_card": 1}


def test_the_last_revision_speaks_whatever_came_first() -> None:
    revisions = [
        alert("A1"),
        alert("A1", revision=2, state="ended"),
        alert("A1", revision=3, state="withdrawn"),
    ]
    for order in (revisions, revisions[::-1]):
        board = board_of(order)
        found = board.entry(revisions[0].alert_id)
        assert found is not None and found.alert.state == "withdrawn" and len(board) == 1
        assert [each.revision for each in board.revisions(revisions[0].alert_id)] == [3, 2, 1]


def test_the_same_revision_again_changes_nothing() -> None:
    board = board_of([alert("A1")])
    before = board.version
    board.take(alert_json(alert("A1")), NOON)
    assert board.version == before


def test_the_newest_change_is_on_top() -> None:
    assert subjects(board_of([alert("A1"), alert("A2"), alert("A1", revision=2)])) == ["A1", "A2"]


@given(
    st.lists(st.tuples(st.sampled_from("ABC"), st.integers(1, 4), st.integers(0, 9)), max_size=12),
    st.randoms(),
)
def test_the_queue_does_not_depend_on_the_order_in_which_it_was_told(
    told: list[tuple[str, int, int]], chance: Any
) -> None:
    def fold(lines: list[tuple[str, int, int]]) -> dict[str, tuple[int, int]]:
        board = Board()
        for subject, revision, after in lines:
            board.take(alert_json(alert(subject, revision=revision)), NOON + after)
        shown = board.show(Wanted()).entries
        return {each.alert.subject: (each.alert.revision, each.changed_at) for each in shown}

    shuffled = list(told)
    chance.shuffle(shuffled)
    assert fold(told) == fold(shuffled)


def test_filters_narrow_and_their_buttons_count_what_they_would_show() -> None:
    board = board_of(
        [
            alert("A1"),
            alert("A2", severity="notice", rule="T01", department="市场科"),
            alert("A3", severity="notice", state="withdrawn"),
            alert("A4", state="contested", message=Text("材料", "Papers missing")),
        ]
    )
    assert subjects(board, Wanted(severities=frozenset({"notice"}))) == ["A3", "A2"]
    assert subjects(board, Wanted(states=frozenset({"contested", "withdrawn"}))) == ["A4", "A3"]
    assert subjects(board, Wanted(rule="T01")) == subjects(board, Wanted(department="市场科")) == ["A2"]
    assert subjects(board, Wanted(text="PAPERS a4")) == ["A4"]
    shown = board.show(Wanted(severities=frozenset({"notice"}), rule="T03"))
    assert (shown.total, shown.by_severity, shown.by_state) == (
        1,
        {"red_card": 2, "notice": 1},
        {"withdrawn": 1},
    )


def test_pages_hold_all_alerts_and_a_page_too_far_is_the_last_one() -> None:
    board = board_of([alert(f"A{n}") for n in range(PAGE + 1)])
    first, beyond = board.show(Wanted()), board.show(Wanted(page=9))
    assert (len(first.entries), first.pages, beyond.page, len(beyond.entries)) == (PAGE, 2, 2, 1)


def test_a_full_board_forgets_what_changed_longest_ago() -> None:
    board = board_of([alert("A1"), alert("A2"), alert("A1", revision=2), alert("A3")], most=2)
    assert sorted(subjects(board)) == ["A1", "A3"] and board.revisions(alert("A2").alert_id) == []


def test_an_address_says_the_filters_and_reads_them_again() -> None:
    wanted = Wanted(frozenset({"notice"}), frozenset({"open", "ended"}), "T03", "许可科", "材料", 3)
    assert wanted_of(asked_of(wanted)) == wanted
    assert wanted_of({"severity": "purple,notice", "page": "x", "state": ""}) == Wanted(frozenset({"notice"}))


def made_clock(subject: str, revision: int, **given: Any) -> Clock:
    return Clock(
        clock_id=identity(subject),
        revision=revision,
        rule="T03",
        clock="handling",
        subject=subject,
        stream="service",
        occasion=("s", subject),
        start_at=NOON,
        start_date=date(2026, 3, 2),
        unit="workdays",
        **given,
    )


def test_an_alert_finds_the_last_revision_of_its_own_clock() -> None:
    shelf = ClockShelf(most=2)
    for each in (made_clock("A1", 2, used=7), made_clock("A1", 1), made_clock("A2", 1)):
        shelf.take(clock_json(each))
    found = shelf.of(alert("A1"))
    assert found is not None and found.used == 7
    assert shelf.of(alert("A1", occasion=("s", "another"))) is None
    assert clock_of(alert("A2"), [made_clock("A1", 9), made_clock("A2", 1)]) == made_clock("A2", 1)


def test_a_full_shelf_forgets_the_clock_that_changed_longest_ago() -> None:
    shelf = ClockShelf(most=1)
    for each in (made_clock("A1", 1), made_clock("A2", 1)):
        shelf.take(clock_json(each))
    assert len(shelf) == 1 and shelf.of(alert("A1")) is None


@pytest.mark.parametrize("line", [b"{", b"{}", b"[]", b'{"alert_id": 3, "evidence": []}'])
def test_a_line_that_is_no_alert_is_refused_and_the_board_stays_as_it_was(line: bytes) -> None:
    board = board_of([alert("A1")])
    with pytest.raises((ValueError, LookupError, TypeError, AttributeError)):
        board.take(line, NOON)
    assert len(board) == 1
