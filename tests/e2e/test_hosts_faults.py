"""One seed of `make faults`: workers, lander and broker are killed, and nothing is lost or said twice."""

from pathlib import Path

import pytest
from rich.console import Console

from bench.faults import Run

pytestmark = [pytest.mark.broker, pytest.mark.warehouse, pytest.mark.slow]


async def test_topic_replay_and_warehouse_agree_after_kills_in_the_middle_of_a_run(tmp_path: Path) -> None:
    outcome = await Run(3, 150, tmp_path, Console(stderr=True)).go()
    assert (outcome.worker_kills, outcome.lander_kills, outcome.broker_kills) == (4, 1, 1)
    assert outcome.alerts > 0
    assert outcome.said_twice == 0
    assert outcome.equals_replay
    assert outcome.warehouse_equals_topic
