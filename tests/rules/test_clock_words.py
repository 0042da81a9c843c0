"""Every word of the clock vocabulary, alone: what it makes of one small history."""

import re
from pathlib import Path

import pytest

from rules.drive import Drive
from rules.language import BookErrors
from rules.model.events import Event
from tests.rules.small_books import at, book_of, event, restarting, rule_text, standing, told

A, R, D = "case.accepted", "case.received", "case.decided"
PAUSED = "pause: case.suspended, resume: case.resumed"
MOST = "at_most: {of: event.approved_days, unit: days}"


def on(kind: str, written: str, **given: object) -> Event:
    return event(kind, written if "T" in written else f"2026-03-{written}T09:00", **given)


def case(words: str, *events: Event) -> tuple[str, list[Event]]:
    return words, list(events)


# fmt: off
CLOCKS: dict[str, tuple[tuple[str, list[Event]], list[str]]] = {
    # word: (the rest of the deadline, events), what stands on 1 May: `due state`, or `due state step`
    "start": (case("within: 5 days", on(A, "02")), ["07 open"]),
    "a second start": (case("within: 5 days", on(A, "02"), on(A, "04")), ["07 open"]),
    "stop": (case("stop: case.decided, within: 5 days", on(A, "02"), on(D, "07")), []),
    "stop, late": (case("stop: case.decided, within: 5 days", on(A, "02"), on(D, "08")), ["07 ended"]),
    "start after stop": (case("stop: case.decided, within: 5 days", on(A, "02"), on(D, "03"), on(A, "04")), []),
    "start after a stop that is not final": (
        case("stop: [{event: case.decided, final: false}, case.closed], within: 5 days",
             on(A, "02"), on(D, "03"), on(A, "04"), on(D, "10"), on("case.closed", "11"), on(A, "12")), ["09 ended"],
    ),
    "start_in_time": (
        case("start_in_time: {after: case.received, within: 1 day}, within: 5 days", on(R, "02"), on(A, "03")),
        ["08 open"],
    ),
    "start_in_time, too late": (
        case("start_in_time: {after: case.received, within: 1 day}, within: 5 days", on(R, "02"),
             on(A, "2026-03-04T00:00")), [],
    ),
    "start_in_time, told again": (
        case("start_in_time: {after: case.received, within: 1 day}, within: 5 days", on(R, "02"), on(R, "03"),
             on(A, "2026-03-04T00:00")), ["09 open"],
    ),
    "start_in_time, never told": (
        case("start_in_time: {after: case.received, within: 1 day}, within: 5 days", on(A, "04")), ["09 open"],
    ),
    "void": (case("void: case.withdrawn, within: 5 days", on(A, "02"), on("case.withdrawn", "09")), []),
    "pause and resume": (
        case(f"{PAUSED}, within: 5 days", on(A, "02"), on("case.suspended", "03"), on("case.resumed", "06")),
        ["10 open"],
    ),
    "pause without end": (case(f"{PAUSED}, within: 5 days", on(A, "02"), on("case.suspended", "03")), []),
    "pause at_most": (
        case(
            f"pause: {{event: case.suspended, {MOST}}}, within: 5 days",
            on(A, "02"), on("case.suspended", "03", approved_days=4),
        ),
        ["11 open"],
    ),
    "pause all": (
        case(
            "start: case.stage, per: event.stage, pause: {event: case.suspended, all: true}, resume: case.resumed, "
            "within: 5 days",
            on("case.stage", "02", stage="a"), on("case.stage", "2026-03-02T10:00", stage="b"),
            on("case.suspended", "03"), on("case.resumed", "05"),
        ),
        ["09 open", "09 open"],
    ),
    "restart": (case("restart: case.received, within: 5 days", on(A, "02"), on(R, "04")), ["09 open"]),
    "restart after a breach": (
        case("restart: case.received, within: 5 days", on(A, "02"), on(R, "09")), ["07 ended", "14 open"],
    ),
    "extend": (
        case(
            "extend: {event: case.extended, by: {of: event.days, unit: days}, times: 1}, within: 5 days",
            on(A, "02"), on("case.extended", "07", days=3), on("case.extended", "08", days=30),
        ),
        ["10 open"],
    ),
    "extend at most": (
        case(
            "extend: {event: case.extended, by: {of: event.days, unit: days}, max: 2 days, before_due: true}, "
            "within: 5 days",
            on(A, "02"), on("case.extended", "04", days=3),
        ),
        ["09 open"],
    ),
    "within hours": (case("within: 24h", on(A, "02")), ["03 open"]),
    "within of": (
        case("within: {of: event.approved_days, unit: days}, start: case.suspended", on("case.suspended", "02",
             approved_days=3)), ["05 open"],
    ),
    "within of, else": (
        case("within: {of: event.approved_days, unit: workdays, else: 2 workdays}, start: case.suspended",
             on("case.suspended", "02")), ["04 open"],
    ),
    "until": (
        case("until: event.promised_at, start: case.applied", on("case.applied", "02", promised_at="2026-03-06")),
        ["06 open"],
    ),
    "grace": (case("within: 5 days, grace: 2 workdays", on(A, "02")), ["10 open"]),
    "roll": (case("within: 5 days, roll: next_workday", on(A, "02")), ["09 open"]),
    "per": (
        case(
            "start: case.suspended, stop: {event: case.resumed, per: event.procedure_id}, per: event.procedure_id, "
            "within: 5 days",
            on("case.suspended", "02", procedure_id="a"), on("case.suspended", "03", procedure_id="b"),
            on("case.resumed", "05", procedure_id="b"),
        ),
        ["07 open"],
    ),
    "per of what voids": (
        case(
            "start: case.suspended, void: case.resumed, per: event.procedure_id, within: 5 days",
            on("case.suspended", "02", procedure_id="a"), on("case.suspended", "03", procedure_id="b"),
            on("case.resumed", "04", procedure_id="a"),
        ),
        ["08 open"],
    ),
    "per all": (
        case(
            'start: case.suspended, stop: {event: case.decided, per: "*"}, per: event.procedure_id, within: 5 days',
            on("case.suspended", "02", procedure_id="a"), on("case.suspended", "03", procedure_id="b"), on(D, "08"),
        ),
        ["07 ended"],
    ),
    "relief": (
        case(
            "stop: case.decided, relief: {recorded_within: 24h}, within: 5 days",
            on(A, "02"), on(D, "06", recordedat="2026-03-09T09:00"),
        ),
        ["07 contested"],
    ),
    "without relief": (
        case("stop: case.decided, within: 5 days", on(A, "02"), on(D, "06", recordedat="2026-03-09T09:00")), [],
    ),
    "warn_at": (case("within: 10 days, warn_at: [50%, {left: 2 days}]", on(A, "02")),
                ["12 open 50%", "12 open 2 days", "12 open"]),
    "fire_at": (case("stop: case.decided, within: 10 days, fire_at: {left: 3 days}", on(A, "02"), on(D, "11")),
                ["12 ended"]),
    "deemed": (
        case("deemed: {from: case.received, unless: case.accepted, after: 5 workdays}, within: 10 days", on(R, "02")),
        ["12 open"],
    ),
    "deemed, unless": (
        case("deemed: {from: case.received, unless: case.accepted, after: 5 workdays}, within: 10 days", on(R, "02"),
             on(A, "05")), ["15 open"],
    ),
}
# fmt: on


@pytest.mark.parametrize("word", CLOCKS)
def test_a_word_of_the_clock_means_this(tmp_path: Path, word: str) -> None:
    (words, events), expected = CLOCKS[word]
    start = "" if re.search(r"\bstart:", words) else "start: case.accepted, "
    book = book_of(tmp_path, rule_text("D", f"deadline: {{{start}{words}}}"))
    found = standing(book, events, "2026-05-01")
    shown = [f"{str(alert.due_date)[-2:]} {alert.state} {alert.step}".strip() for alert in found]
    assert shown == expected
    assert told(restarting(book, [*reversed(events)], "2026-05-01")) == told(found)


def test_a_provisional_due_date_raises_a_notice_at_most_whatever_it_would_climb_to(tmp_path: Path) -> None:
    steps = "escalate: [{after: 24h, severity: red_card}]"
    rules = [
        rule_text(name, f"deadline: {{clock: clock, within: {limit}{more}}}", severity="yellow_card", **keys)
        for name, limit, more, keys in (
            ("W", "5 workdays", f", {steps}", {}),
            ("D", "7 days", f", {steps}", {}),
            ("P", "5 workdays", "", {}),
        )
    ]
    found = standing(book_of(tmp_path, *rules), [event(A, "2026-12-21T09:00")], "2027-02-01")
    assert {alert.rule: (alert.severity, alert.provisional) for alert in found} == {
        "W": ("notice", True),
        "P": ("notice", True),
        "D": ("red_card", False),
    }


def test_an_hour_clock_fires_just_after_its_instant_and_a_day_clock_at_the_end_of_its_day(tmp_path: Path) -> None:
    book = book_of(tmp_path, rule_text("H", "deadline: {clock: clock, within: 24h}"))
    drive = Drive(book)
    drive.take([event(A, "2026-03-02T09:00")])
    assert drive.until(at("2026-03-03T09:00")).alerts == []
    assert [alert.at for alert in drive.until(at("2026-03-03T09:00") + 1).alerts] == [at("2026-03-03T09:00")]


@pytest.mark.parametrize("key", ["per: event.actor", "at: event.at", "in_time: true", "final: false"])
def test_what_a_clock_alone_asks_of_a_selector_is_refused_elsewhere(tmp_path: Path, key: str) -> None:
    with pytest.raises(BookErrors) as refused:
        book_of(tmp_path, rule_text("D", f"match: {{event: {{event: case.decided, {key}}}}}"))
    assert [error.code for error in refused.value.errors] == ["unknown-key"]
