"""What every judge answers to the histories in which readers of the law came to different dates."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import msgspec
import pytest

from rules.drive import Drive
from rules.language import load_book
from rules.model.events import decode_event
from tests.oracle.behaviours import BEHAVIOURS, ITEMS, Behaviour
from tests.oracle.clocks import World
from tests.oracle.core import Judge, by_core, by_oracle
from tests.oracle.days import announced, local, midnight
from tests.oracle.judge import Alert
from tests.oracle.written import wire

WORLD = World(announced(Path(__file__).parents[2] / "rules" / "calendars" / "cn"), ITEMS)


def line(alert: Alert, like: tuple[str, ...]) -> str:
    """An alert as the behaviours write it, as far as they say it."""
    at = midnight(date(1970, 1, 1)) + timedelta(hours=8, microseconds=alert.at)
    said = [alert.rule, alert.state, *([alert.reason] if alert.reason else []), at.isoformat()[:16]]
    if at.second:
        said[-1] = at.isoformat()[:19]
    text = " ".join(said)
    for more in (f" due {alert.due_date}", f" {alert.severity}", f" of {alert.occasion[1]}"):
        if any(each.startswith(text + more) for each in like):
            text += more
    return text


@pytest.mark.parametrize("judge", [by_oracle, by_core], ids=["oracle", "core"])
@pytest.mark.parametrize("behaviour", BEHAVIOURS, ids=str)
def test_every_judge_answers_alike(behaviour: Behaviour, judge: Judge) -> None:
    alerts, _ = judge(behaviour.events, WORLD, local(behaviour.until))
    found = [each for each in alerts if each.rule in behaviour.of]
    assert sorted(line(each, behaviour.expected) for each in found) == sorted(behaviour.expected)


@pytest.mark.parametrize(
    ("applied", "due"), [("2024-06-30T09:00", date(2024, 7, 30)), ("2024-07-01T09:00", date(2024, 7, 23))]
)
def test_the_limit_is_that_of_the_item_on_the_day_of_the_application(applied: str, due: date) -> None:
    shipped = {"task_code": "000131001000", "project_type": "instant"}
    events = [wire("case.applied", applied, **shipped), wire("case.accepted", "2024-07-02T09:00", **shipped)]
    drive = Drive(load_book())
    drive.take([decode_event(msgspec.json.encode(event)) for event in events])
    assert {clock.due_date for clock in drive.clocks() if clock.rule == "T03"} == {due}
