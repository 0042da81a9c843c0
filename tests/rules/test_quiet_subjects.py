"""At every moment, not only at the end, what is followed quietly, or told late, says what its whole states say."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from random import Random

import pytest

from rules.drive import Drive
from rules.language import Book, load_book
from rules.model.alerts import Alert
from rules.model.events import Event
from rules.model.times import HOUR, iso
from tests.oracle.restarting import Restarting
from tests.rules.small_books import ZONE, at, event, told

EXAMPLES = Path(__file__).parents[2] / "examples"
SEEDS = range(int(os.environ.get("MINGJING_PROPERTY_EXAMPLES", "150")))
LIFE = ("case.accepted", "case.suspended", "case.resumed", "case.decided", "case.applied")
BEGAN = at("2024-03-01T09:00")


@pytest.fixture(scope="module")
def book() -> Book:
    """Clocks that count by the second and are paused, an order, a condition, and a silence."""
    return load_book(EXAMPLES / "bench8" / "rules").only(["R1", "R2", "R3", "R6", "R8"])


def history(chance: Random) -> list[tuple[int, Event | None]]:
    """Some days of three cases: events in order, and ticks (None) between them."""
    now, found = BEGAN, list[tuple[int, Event | None]]()
    for number in range(chance.randint(4, 24)):
        now += chance.choice([1, HOUR, 5 * HOUR, 20 * HOUR, 24 * HOUR])
        kind = chance.choices([None, *LIFE], [5, 3, 4, 4, 2, 1])[0]
        said: dict[str, object] = {"promised_days": chance.choice([1, 2, 5])} if kind == "case.accepted" else {}
        said["department"] = chance.choice("xy")
        found.append(
            (now, event(kind, iso(now, ZONE), chance.choice("ABC"), id=f"e{number}", **said) if kind else None)
        )
    return [*found, (now + 10 * 24 * HOUR, None)]


def test_a_case_whose_time_ran_out_while_it_was_paused_is_awaited_again_once_it_goes_on(book: Book) -> None:
    drive = Drive(book, tells_clocks=False)
    drive.take([event("case.accepted", "2024-03-01T09:00", promised_days=1)])
    drive.take([event("case.suspended", "2024-03-01T10:00")])
    drive.until(at("2024-03-05T10:00"))
    drive.take([event("case.resumed", "2024-03-05T10:00")])
    drive.until(at("2024-03-06T09:00"))
    assert [alert.rule for alert in drive.alerts()] == ["R2"]
    drive.until(at("2024-03-06T09:00:01"))
    assert [alert.rule for alert in drive.alerts()] == ["R2", "R1"]


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_followed_quietly_says_at_every_moment_what_its_whole_states_say(book: Book, seed: int) -> None:
    chance = Random(seed)
    quiet, whole, stored = Drive(book, tells_clocks=False), Drive(book, always_refold=True), Restarting(book, 1)
    for now, said in history(chance):
        for host in (quiet, whole, stored):
            host.take([said]) if said is not None else host.until(now)
        assert told(quiet.alerts()) == told(whole.alerts()), f"{now}: {said}"
        assert told(in_turn(stored.standing())) == told(whole.alerts()), f"{now}: {said}"


def in_turn(alerts: Iterable[Alert]) -> list[Alert]:
    return sorted(alerts, key=lambda alert: (alert.at, alert.rule, alert.alert_id))
