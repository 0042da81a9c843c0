"""A body that cannot work is told so once, whatever its kind."""

import pytest

from tests.rules.good_rule import BODY, Faults, changed

WINDOW = "window: {type: sliding, size: 5h}"
WORKDAYS = "window: {type: sliding, size: 5 workdays}"


@pytest.mark.parametrize(
    ("body", "codes"),
    [
        ("deadline: {start: case.accepted, within: 5 workdys}", ["not-a-duration"]),
        ("deadline: {start: case.accepted, within: 0 workdays}", ["impossible-duration"]),
        ("deadline: {start: case.accepted, within: 999999 workdays}", ["not-a-duration"]),
        ("deadline: {start: case.accepted, within: params.label}", ["type"]),
        ("deadline: {start: case.accepted, within: 5}", ["type"]),
        ("deadline: {start: case.accepted}", ["missing-key"]),
        ("deadline: {within: 5 workdays}", ["missing-key"]),
        (
            "deadline: {start: case.accepted, within: 5 workdays, until: case.applied.valid_until}",
            ["missing-key"],
        ),
        ("deadline: {clock: handlin, within: 5 workdays}", ["unknown-clock"]),
        ("deadline: {start: case.accepted, within: 24h, fire_at: {left: 1 workday}}", ["unit"]),
        (
            "deadline: {start: case.accepted, within: 5 workdays, warn_at: [80, 0%]}",
            ["not-a-share", "not-a-share"],
        ),
        (
            "deadline: {start: case.accepted, within: 5 workdays, escalate: [{after: 1 workday}]}",
            ["missing-key"],
        ),
        ("deadline: {start: case.accepted, within: 5 workdays, roll: next}", ["unknown-word"]),
        (
            "deadline: {start: case.accepted, within: 5 workdays, relief: {recorded_within: 1 day}}",
            ["not-exact"],
        ),
        (
            "deadline: {start: case.accepted, within: 5 workdays, extend: {event: case.extended}}",
            ["missing-key"],
        ),
        ("deadline: {start: {event: case.accepted, by: 1}, within: 5 workdays}", ["unknown-key"]),
        ("deadline: {start: case.accepted, within: {unit: workdays}}", ["missing-key"]),
        (
            "deadline: {start: case.accepted, within: {of: event.promised_days, unit: weeks}}",
            ["unknown-word"],
        ),
        ("separation: {duties: [case.accepted], actor: event.actor}", ["missing-key"]),
        ("separation: {duties: [[case.accepted], [case.decided]]}", ["missing-key"]),
        ("overlap: {start: case.received, stop: case.decided}", ["missing-key"]),
        ("overlap: {start: case.received, key: event.applicant}", ["missing-key"]),
        ("overlap: {start: case.received, stop: case.decided, key: event.aplicant}", ["unknown-field"]),
        ("overlap: {start: case.received, stop: case.decided, key: event.applicant, within: soon}", ["not-a-duration"]),
        ("silence: {group_by: [event.department]}", ["missing-key"]),
        ("silence: {group_by: [], within: 24h}", ["empty"]),
        ("silence: {group_by: [event.departmnt], within: 24h}", ["unknown-field"]),
        ("silence: {group_by: [case.accepted.organ], within: 24h}", ["not-in-groups"]),
        ("silence: {event: {event: case.decided, when: item.has_certificate}, within: 24h}", ["not-in-groups"]),
        ("silence: {within: 2 days, office_hours: true}", ["unit"]),
        ("silence: {roster: feeds}", ["unknown-word"]),
        ("silence: {roster: sources, within: 24h}", ["unknown-key"]),
        ("roster: {event: case.decided, who: event.actor}", ["missing-key"]),
        ("roster: {event: case.decided, roster: item.roster}", ["missing-key"]),
        ("roster: {event: case.decided, who: event.result, roster: item.roster}", ["unknown-who"]),
        ("roster: {event: case.decided, who: event.actr, roster: item.roster}", ["unknown-field"]),
        ("roster: {event: case.decided, who: event.actor, roster: window-3}", ["unknown-roster"]),
        ("roster: {event: case.decided, who: event.actor, roster: item.rooster}", ["unknown-field"]),
        ("roster: {event: case.decided, who: event.actor, roster: item.roster, at: event.organ}", ["type"]),
        ("roster: {event: case.decided, who: event.actor, roster: item.roster, unknown: shout}", ["unknown-word"]),
        ("sequence: {forbid: [case.decided]}", ["arguments"]),
        ("sequence: {}", ["missing-key"]),
        ("sequence: {require: {before: case.decided}}", ["missing-key"]),
        ("sequence: {require: {before: case.decided, steps: [case.accepted], wait: 1 dya}}", ["not-a-duration"]),
        ("sequence: {require: {before: case.decided, steps: []}}", ["empty"]),
        ("sequence: {require: {before: case.decided, steps: [{event: case.stage, if: event.x}]}}", ["unknown-field"]),
        ("sequence: {require: {before: case.decided, steps: [case.stage]}, within: 1h}", ["unknown-key"]),
        ("sequence: {after: case.accepted, followed_by: case.decided}", ["missing-key"]),
        ("sequence: {after: case.accepted, within: 1h}", ["missing-key"]),
        ("sequence: {after: case.accepted, next: case.stage, not_next: case.stage}", ["missing-key"]),
        ("sequence: {after: case.accepted, nxt: case.stage}", ["unknown-key"]),
        ("sequence: {after: case.accepted, next: case.stge}", ["unknown-event"]),
        ("sequence: {after: case.accepted, followed_by: case.stage, within: 1h, among: case.stage}", ["unknown-key"]),
        ("count: {event: case.decided, group_by: [event.actor], over: 3}", ["missing-key"]),
        ("count: {event: case.decided, group_by: [], window: {type: life}, over: 3}", ["empty"]),
        (
            "count: {event: case.decided, group_by: [event.actor], window: {type: life}, over: 3}",
            ["life-of-subject"],
        ),
        (
            "count: {event: case.decided, group_by: [event.actor], window: {type: sliding}, over: 3}",
            ["missing-key"],
        ),
        (
            "count: {event: case.decided, group_by: [case_id], window: {type: life}, over: -1}",
            ["impossible-threshold"],
        ),
        (
            "count: {event: case.decided, group_by: [case_id], window: {type: life}, over: many}",
            ["not-a-number"],
        ),
        (
            f"count: {{event: case.decided, group_by: [department], {WORKDAYS}, over: 3}}",
            ["not-a-duration"],
        ),
        (
            f"count: {{event: case.decided, group_by: [case.accepted.organ], {WINDOW}, over: 3}}",
            ["not-in-groups"],
        ),
        (
            "count: {event: case.decided, when: case.accepted.actor == event.actor, group_by: [event.actor], "
            f"{WINDOW}, over: 3}}",
            ["not-in-groups"],
        ),
        (
            "count: {event: {event: case.decided, when: item.has_certificate}, group_by: [event.actor], "
            f"{WINDOW}, over: 3}}",
            ["not-in-groups"],
        ),
    ],
)
def test_a_body_that_cannot_work_says_so_once(faults: Faults, body: str, codes: list[str]) -> None:
    assert [error.code for error in faults(a=changed(BODY, body))] == codes
