"""The examples of every rule that is shipped hold, however and whenever their events come in."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from rules.drive import Drive
from rules.language import Book, Rule, load_book
from rules.language.rule import Example
from rules.model.alerts import Alert
from rules.testing.examples import Trial, compare, trial

ROOT = Path(__file__).resolve().parents[2]
BOOKS = {"shipped": load_book()} | {
    folder.parent.name: load_book(folder) for folder in sorted(ROOT.glob("examples/*/rules"))
}
CASES = [
    pytest.param(book, rule, example, id=f"{name}-{rule.id}-{example.name.replace(' ', '_')}")
    for name, book in BOOKS.items()
    for rule in book.rules
    for example in rule.examples
]
Host = Callable[[Trial], list[Alert]]
DAY = 86_400_000_000


def _last(ready: Trial, drive: Drive) -> list[Alert]:
    drive.until(ready.until)
    return drive.alerts()


def as_written(ready: Trial) -> list[Alert]:
    drive = Drive(ready.book)
    drive.take(ready.events)
    return _last(ready, drive)


def always_refolded(ready: Trial) -> list[Alert]:
    drive = Drive(ready.book, always_refold=True)
    for event in ready.events:
        drive.take([event])
    return _last(ready, drive)


def shuffled(ready: Trial) -> list[Alert]:
    drive = Drive(ready.book)
    events = list(ready.events)
    random.Random(7).shuffle(events)
    for event in events:
        drive.take([event])
    return _last(ready, drive)


def shuffled_after_the_end(ready: Trial) -> list[Alert]:
    """Everything comes late and in disorder, when all has been over for long."""
    drive = Drive(ready.book)
    drive.until(ready.until)
    events = list(ready.events)
    random.Random(8).shuffle(events)
    drive.take(events)
    return _last(ready, drive)


def doubled(ready: Trial) -> list[Alert]:
    drive = Drive(ready.book)
    drive.take(ready.events)
    drive.take(ready.events)
    for event in ready.events:
        drive.take([event, event])
    return _last(ready, drive)


def one_by_one_with_ticks(ready: Trial) -> list[Alert]:
    drive, chance = Drive(ready.book), random.Random(9)
    times = [event.fact.occurred_at for event in ready.events]
    for event, following in zip(ready.events, [*times[1:], ready.until], strict=True):
        drive.take([event])
        for tick in sorted(chance.randint(drive.now, max(drive.now, following)) for _ in range(4)):
            drive.until(tick)
    return _last(ready, drive)


def ticked_every_day(ready: Trial) -> list[Alert]:
    drive = Drive(ready.book)
    for event in ready.events:
        while drive.now + DAY < event.fact.occurred_at and drive.now > 0:
            drive.until(drive.now + DAY)
        drive.take([event])
    while drive.now + DAY < ready.until:
        drive.until(drive.now + DAY)
    return _last(ready, drive)


HOSTS: list[Host] = [
    as_written,
    always_refolded,
    shuffled,
    shuffled_after_the_end,
    doubled,
    one_by_one_with_ticks,
    ticked_every_day,
]


@pytest.mark.parametrize(("book", "rule", "example"), CASES)
def test_an_example_holds_however_its_events_come_in(book: Book, rule: Rule, example: Example) -> None:
    ready = trial(book, rule, example)
    plain = as_written(ready)
    assert compare(example, plain, ready.zone) == ([], [])
    for host in HOSTS:
        found = [_without_history(alert) for alert in host(ready)]
        assert found == [_without_history(alert) for alert in plain], host.__name__


def _without_history(alert: Alert) -> dict[str, object]:
    """What stands; how often it was said before depends on arrival."""
    return {name: getattr(alert, name) for name in alert.__struct_fields__ if name != "revision"}


@pytest.mark.parametrize("name", BOOKS)
def test_every_rule_shows_when_it_fires_and_when_it_stays_silent(name: str) -> None:
    for rule in BOOKS[name].rules:
        assert any(example.expect for example in rule.examples), rule.id
        assert any(not example.expect for example in rule.examples), rule.id
