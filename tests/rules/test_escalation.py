"""How an open alert of any kind is raised, in working time, and what messages say of time left and overdue."""

from itertools import permutations
from pathlib import Path

import pytest

from rules.drive import Drive
from rules.language import BookErrors
from rules.model.alerts import Alert
from rules.model.events import Event
from tests.rules.small_books import at, book_of, event, restarting, rule_text, standing, told

STEPS = "[{after: 24h, to: supervisor}, {after: 5 workdays, severity: red_card}]"
MATCH = rule_text("M", "match: {event: case.suspended}", escalate=STEPS)
SILENCE = "after: case.suspended, not_followed_by: case.resumed, within: 24h"
BAD = {"severity": "yellow_card"}


def raised(alert: Alert) -> tuple[str, str]:
    return alert.severity, alert.params.get("audience", "")


@pytest.mark.parametrize(
    ("until", "expected"),
    [
        ("2026-03-03T08:59:59", ("notice", "")),
        ("2026-03-03T09:00", ("notice", "supervisor")),
        ("2026-03-09T23:59:59", ("notice", "supervisor")),
        ("2026-03-10T00:00", ("red_card", "supervisor")),
    ],
)
def test_a_match_climbs_in_working_time_of_its_region(tmp_path: Path, until: str, expected: tuple[str, str]) -> None:
    book, events = book_of(tmp_path, MATCH), [event("case.suspended", "2026-03-02T09:00")]
    (alert,) = standing(book, events, until)
    assert raised(alert) == expected
    assert told(restarting(book, events, until)) == told([alert])


def test_the_same_alert_is_raised_by_its_timer_and_never_falls(tmp_path: Path) -> None:
    drive = Drive(book_of(tmp_path, MATCH))
    said = list(drive.take([event("case.suspended", "2026-03-02T09:00")]).alerts)
    for tick in ("2026-03-02T10:00", "2026-03-04", "2026-03-20", "2026-04-20"):
        said += drive.until(at(tick)).alerts
    assert len({alert.alert_id for alert in said}) == 1
    assert [raised(alert) for alert in said if alert.settled] == [
        ("notice", ""), ("notice", "supervisor"), ("red_card", "supervisor"),
    ]  # fmt: skip
    assert [alert.revision for alert in said] == list(range(1, len(said) + 1))


WINDOW = "window: {type: sliding, size: 24h}"
COUNT = f"count: {{event: case.decided, group_by: [department], {WINDOW}, at_least: 1}}"


def decided(written: str, subject: str) -> Event:
    return event("case.decided", written, subject, department="tax")


def test_an_episode_that_has_ended_climbs_no_further(tmp_path: Path) -> None:
    book = book_of(
        tmp_path, rule_text("G", COUNT, escalate="[{after: 20h, severity: yellow_card}, {after: 30h, to: head}]")
    )
    events = [decided("2026-03-02T09:00", "A")]
    (short,) = standing(book, events, "2026-03-20")
    assert (short.state, *raised(short)) == ("ended", "yellow_card", "")
    events += [decided("2026-03-03T08:00", "B")]
    for order in permutations(events):
        for found in (standing(book, order, "2026-03-20"), restarting(book, order, "2026-03-20")):
            assert [(alert.state, *raised(alert)) for alert in found] == [("ended", "yellow_card", "head")]


def test_a_withdrawn_alert_climbs_no_further_and_a_deadline_may_write_its_steps_beside_the_kind(tmp_path: Path) -> None:
    within, beside = (
        book_of(tmp_path / name, rule_text("D", f"deadline: {{clock: clock, within: 5 days{body}}}", **keys))
        for name, body, keys in (("1", f", escalate: {STEPS}", {}), ("2", "", {"escalate": STEPS}))
    )
    events = [event("case.accepted", "2026-03-02T09:00")]
    assert told(standing(within, events, "2026-04-20")) != told(standing(within, events, "2026-03-09"))
    for until in ("2026-03-09", "2026-04-20"):
        for one, other in zip(standing(within, events, until), standing(beside, events, until), strict=True):
            assert raised(one) == raised(other)
    drive = Drive(beside)
    drive.take(events)
    drive.until(at("2026-04-20"))
    step = drive.take([event("case.decided", "2026-03-04T09:00")])
    assert [(alert.state, *raised(alert)) for alert in step.alerts] == [("withdrawn", "red_card", "supervisor")]
    assert drive.until(at("2026-06-20")).alerts == []


def test_steps_within_the_body_of_a_kind_without_a_clock_are_read_as_those_beside_it(tmp_path: Path) -> None:
    book = book_of(tmp_path, rule_text("M", f"match: {{event: case.suspended, escalate: {STEPS}}}"))
    assert [step.to for step in book.rules[0].escalate] == ["supervisor", ""]


@pytest.mark.parametrize(
    ("body", "keys", "code"),
    [
        ("match: {event: case.decided, escalate: [{after: 1h, to: a}]}", {"escalate": "[{after: 1h, to: a}]"}, "twice"),
        ("deadline: {clock: clock, within: 1h, escalate: [{after: 1h, to: a}]}", {"escalate": "[]"}, "twice"),
        ("match: {event: case.decided}", {"escalate": "[{after: 1h}]"}, "missing-key"),
        ("match: {event: case.decided}", {"escalate": "[{to: head}]"}, "missing-key"),
        ("match: {event: case.decided}", {"escalate": "[{after: 1 month, to: head}]"}, "not-a-duration"),
        ("match: {event: case.decided}", {"escalate": "[{after: 1h, too: head}]"}, "unknown-key"),
    ],
)  # fmt: skip
def test_steps_that_say_nothing_are_refused(tmp_path: Path, body: str, keys: dict[str, str], code: str) -> None:
    with pytest.raises(BookErrors) as caught:
        book_of(tmp_path, rule_text("M", body, **keys))
    assert code in {error.code for error in caught.value.errors}


def words(fire: str, warn: str = "") -> dict[str, str]:
    each = {name: f'{{zh: "{text}", en: "{text}"}}' for name, text in (("fire", fire), ("warn", warn)) if text}
    return {
        "message": "{" + ", ".join(f"{name}: {text}" for name, text in each.items()) + "}" if warn else each["fire"]
    }


LEFT, LATE = "{{ left }} of {{ limit }} from {{ start }}", "late by {{ overdue }}, {{ stop }}"


@pytest.mark.parametrize(
    ("within", "stop", "said"),
    [
        ("10 workdays", "", ["2 个工作日 of 10 个工作日 from 2026-03-02", "late by 1 个工作日, "]),
        (
            "10 workdays",
            "2026-03-19T09:00",
            ["2 个工作日 of 10 个工作日 from 2026-03-02", "late by 3 个工作日, 2026-03-19"],
        ),
        ("4 days", "2026-03-08T09:00", ["1 天 of 4 天 from 2026-03-02", "late by 2 天, 2026-03-08"]),
        ("10h", "2026-03-02T20:30", ["2 小时 of 10 小时 from 2026-03-02", "late by 90 分钟, 2026-03-02"]),
    ],
)
def test_messages_say_what_is_left_before_the_due_time_and_by_how_much_it_was_late(
    tmp_path: Path, within: str, stop: str, said: list[str]
) -> None:
    body = f"deadline: {{clock: clock, within: {within}, warn_at: [80%]}}"
    events = [event("case.accepted", "2026-03-02T09:00"), *([event("case.decided", stop)] if stop else [])]
    found = standing(book_of(tmp_path, rule_text("D", body, **words(LATE, LEFT))), events, "2026-03-20")
    assert [alert.message.zh for alert in found] == said


def test_a_rule_that_fires_before_the_due_time_says_what_is_left_then(tmp_path: Path) -> None:
    body = "deadline: {clock: clock, within: 10 workdays, fire_at: {left: 3 workdays}}"
    book = book_of(tmp_path, rule_text("D", body, **words(LEFT)))
    (alert,) = standing(book, [event("case.accepted", "2026-03-02T09:00")], "2026-03-20")
    assert alert.message.en == "3 working days of 10 working days from 2026-03-02"


@pytest.mark.parametrize(
    ("more", "fire", "warn"),
    [("", LEFT, ""), (", warn_at: [80%]", LATE, LATE), (", warn_at: [80%]", LATE, ""), (", fire_at: 80%", LATE, "")],
)
def test_what_is_not_known_when_a_message_is_said_is_refused_in_it(
    tmp_path: Path, more: str, fire: str, warn: str
) -> None:
    with pytest.raises(BookErrors) as caught:
        book_of(tmp_path, rule_text("D", f"deadline: {{clock: clock, within: 5 days{more}}}", **words(fire, warn)))
    assert {error.code for error in caught.value.errors} == {"not-sayable"}
