"""Decides what a simulated month is: messages by arrival, and the alerts that must stand at its end."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from random import Random

from msgspec import Struct

from rules.tables import Tables, load_tables
from streams.simulate.hours import Hours
from streams.simulate.live import in_order, planned_later, walk_ins
from streams.simulate.month import Month
from streams.simulate.town import Town
from streams.simulate.truth import Expected, truth_json
from streams.simulate.versions import Message, Post, Record

__all__ = ["START", "Expected", "Message", "Simulation", "live", "simulate", "truth_json"]

START = date(2026, 4, 20)
"""The default month has the May holidays in it and the make-up Saturday after them."""
CALENDAR = "cn"
MICROS_AN_HOUR = 3_600_000_000


class Simulation(Struct, frozen=True):
    """The month of one seed. `now` is its end, in epoch microseconds: the last event occurs then."""

    messages: list[Message]
    truth: list[Expected]
    now: int
    later: list[tuple[Record, int]]
    """What was planned for after the end, each with the number of its story."""
    town: Town
    hours: Hours


def simulate(
    seed: int,
    days: int,
    cases: int,
    start: date = START,
    disorder_hours: float = 0,
    tables: Tables | None = None,
) -> Simulation:
    """The same arguments give the same bytes. Everything that occurs by the end also arrives by then.

    Raises ValueError for days that the catalogue does not reach back to.
    """
    tables = load_tables() if tables is None else tables
    hours = Hours(tables.calendars[CALENDAR], start, days)
    town = Town(tables, seed, hours)
    post = Post(hours.now, int(disorder_hours * MICROS_AN_HOUR))
    found: list[tuple[int, int, Message]] = []
    truth: list[Expected] = []
    later: list[tuple[Record, int]] = []
    for number, story in enumerate(Month(town, hours, cases).stories()):
        rng = Random(f"{seed}/post/{number}")
        truth.extend(story.expected(hours.now))
        for record in story.records:
            if record.at > hours.now:
                later.append((record, number))
            else:
                made = post.messages(record, rng)
                found.extend((message.arrives_at, rng.getrandbits(32), message) for message in made)
    found.sort(key=lambda each: each[:2])
    truth.sort(key=lambda each: (each.at, each.rule, each.subject))
    return Simulation([message for _, _, message in found], truth, hours.now, later, town, hours)


def live(simulation: Simulation, since: int, cases_a_minute: float = 12, faulty: float = 0.15) -> Iterator[Message]:
    """Endless: what the month had planned for later, and people who come in from `since` (microseconds) on.

    By arrival; whoever sends it waits for `arrives_at` of each, and sends what is older at once.
    """
    return in_order(
        planned_later(simulation.later, simulation.town.seed),
        walk_ins(simulation.town, simulation.hours, since, cases_a_minute, faulty),
    )
