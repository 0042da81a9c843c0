"""Real inspections through `facts` on four partitions: the licences inspected too often are those of a replay."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from rules.drive import Drive
from rules.language import load_book
from rules.model.alerts import Alert
from rules.model.events import decode_event
from streams import topics
from streams.cli.inputs import hasher_for
from streams.feed import Pace, feed
from streams.settings import ROOT, Settings
from streams.sources.faults import DeadLetters
from streams.sources.history import History
from streams.sources.mapping import load_mapping
from tests.streams.lane_harness import REAL, Reader, difference, final_alerts, said_twice, workers

pytestmark = [pytest.mark.broker, pytest.mark.slow]

EXAMPLE = ROOT / "examples" / "chicago"
CHUNK = 4_000


@pytest.fixture
def history(shared: Path) -> Callable[[], History]:
    """The inspections of 2011–2014 as our events, each time from the file."""
    mapping = load_mapping(EXAMPLE / "mapping.yaml")
    path = str(shared / "data" / "chicago" / "inspections_2011_2014.csv.gz")
    hasher = hasher_for(mapping, trial=True)
    return lambda: History([path], mapping, hasher, DeadLetters(None), lambda note: None)


def replayed(history: History) -> dict[str, Alert]:
    drive = Drive(load_book(EXAMPLE / "rules"))
    events = [decode_event(message.value) for message in history]
    for start in range(0, len(events), CHUNK):
        drive.take(events[start : start + CHUNK])
    return final_alerts(drive.alerts())


async def test_chicago_comes_to_the_same_licences_through_facts_on_four_partitions(
    broker_settings: Settings, history: Callable[[], History]
) -> None:
    settings = replace(broker_settings, partitions=4, book=EXAMPLE / "rules")
    right = replayed(history())
    with workers(settings, 1, REAL) as running:
        async with Reader(settings, topics.ALERTS) as said:
            names = topics.Names(settings.topic_prefix, settings.app)
            await feed(settings.kafka_bootstrap_servers, names, history(), Pace(), DeadLetters(None))
            heard = await said.until(lambda read: final_alerts(read.alerts) == right)
            assert heard, difference(final_alerts(said.alerts), right) + running[0].log.read_text()
            assert said_twice(said.alerts) == []
            often = [alert for alert in final_alerts(said.alerts).values() if alert.value is not None]
        assert running[0].stop() == 0
    assert len({alert.group for alert in often if alert.threshold == 3}) == 1_461
    assert len({alert.group for alert in often if alert.threshold == 5}) == 23
    assert max((alert.value, alert.group) for alert in often) == (18, "1932251")
