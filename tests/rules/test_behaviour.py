"""What every judge answers to the histories in which readers of the law came to different dates."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from tests.oracle.behaviours import BEHAVIOURS, ITEMS, Behaviour
from tests.oracle.clocks import World
from tests.oracle.core import Judge, by_core, by_oracle
from tests.oracle.days import announced, local, midnight
from tests.oracle.judge import Alert

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
