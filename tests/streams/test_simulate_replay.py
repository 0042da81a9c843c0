"""The core finds in a simulated month what was planted there, no more and no less."""

from datetime import date
from pathlib import Path

import pytest

from rules.drive import Drive
from rules.language import Book, load_book
from rules.model.events import decode_event
from streams.simulate import Simulation, simulate

CHUNK = 400


TOWN = Path(__file__).resolve().parents[2] / "examples" / "town"


@pytest.fixture(scope="module", params=[None, TOWN], ids=["shipped tables", "tables of the town"])
def book(request: pytest.FixtureRequest) -> Book:
    return load_book(request.param)


def judged(made: Simulation, book: Book) -> set[tuple[object, ...]]:
    drive = Drive(book)
    events = [decode_event(each.value) for each in made.messages]
    for start in range(0, len(events), CHUNK):
        drive.take(events[start : start + CHUNK])
    drive.until(made.now)
    return {
        (alert.rule, alert.subject, alert.reason, alert.state, alert.at, alert.due_date) for alert in drive.alerts()
    }


@pytest.mark.parametrize(
    ("seed", "days", "cases", "start", "disorder"),
    [
        (1, 30, 300, date(2026, 4, 20), 0),
        (2, 30, 300, date(2026, 4, 20), 6),
        (3, 31, 200, date(2026, 10, 1), 0),
        (4, 7, 120, date(2026, 2, 10), 2),
        (5, 60, 200, date(2025, 9, 1), 24),
        (6, 1, 3, date(2026, 3, 2), 0),
        (7, 30, 120, date(2024, 6, 19), 0),
    ],
)
def test_a_replay_of_a_simulated_month_raises_exactly_the_planted_truth(
    book: Book, seed: int, days: int, cases: int, start: date, disorder: int
) -> None:
    made = simulate(seed, days, cases, start, disorder, book.tables)
    truth = {(each.rule, each.subject, each.reason, each.state, each.at, each.due_date) for each in made.truth}
    assert judged(made, book) == truth
