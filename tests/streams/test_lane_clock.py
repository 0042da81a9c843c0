"""What time it is in a lane, under each policy."""

from rules.model.times import DAY, SECOND
from streams.lane_clock import Contact, EventClock, GroupClock, WallClock

WALL = 1_780_000_000 * SECOND


def contact(seconds: float, poll_age: float | None = 0.1, position: int = 10, end: int | None = 10) -> Contact:
    return Contact(WALL + int(seconds * SECOND), 1_000.0 + seconds, poll_age, position, end)


def test_event_time_is_the_highest_event_or_mark_and_never_goes_back() -> None:
    clock = EventClock(5)
    for at in (9, 7):
        clock.read(at, 100)
    assert clock.now == 9
    clock.mark(12, "", 100)
    clock.mark(11, "", 100)
    clock.meet(contact(100))
    assert clock.now == 12


def test_wall_time_begins_after_the_hold_once_everything_was_read() -> None:
    clock = WallClock()
    clock.read(WALL - DAY, WALL)
    clock.meet(contact(0))
    clock.meet(contact(2.9))
    assert clock.now == WALL - DAY
    clock.meet(contact(3.1, position=9))
    assert clock.now == WALL - DAY
    clock.meet(contact(3.5))
    assert clock.now == WALL + 3.5 * SECOND


def test_an_outage_of_the_broker_stops_wall_time_until_contact_has_held_again() -> None:
    clock = WallClock()
    for seconds in (0, 3.1):
        clock.meet(contact(seconds))
    before = clock.now
    clock.meet(contact(30, poll_age=1.2))
    clock.meet(contact(31))
    clock.meet(contact(33.9))
    assert clock.now == before
    clock.meet(contact(34.1))
    assert clock.now == WALL + 34.1 * SECOND


def test_what_came_in_during_the_hold_is_read_before_wall_time_counts() -> None:
    clock = WallClock()
    clock.meet(contact(0, position=10, end=10))
    clock.meet(contact(2, position=10, end=500))
    clock.meet(contact(4, position=200, end=600))
    assert clock.now == 0
    clock.meet(contact(5, position=500, end=700))
    assert clock.now == WALL + 5 * SECOND


def test_an_event_ahead_of_its_arrival_moves_no_wall_clock_beyond_it() -> None:
    clock = WallClock()
    clock.read(WALL + 200 * SECOND, WALL)
    assert clock.now == WALL


def test_a_machine_whose_clock_is_off_keeps_event_time() -> None:
    clock = WallClock()
    clock.acknowledge(WALL, WALL - 6 * SECOND, WALL + SECOND)
    for seconds in (0, 3.1, 4):
        clock.meet(contact(seconds))
    assert not clock.agrees
    assert clock.now == 0
    clock.acknowledge(WALL, WALL - SECOND, WALL + SECOND)
    clock.meet(contact(5))
    assert clock.now == WALL + 5 * SECOND


def test_a_group_is_as_late_as_the_slowest_event_lane() -> None:
    clock = GroupClock(frozenset({"service.events-0", "inspection.events-0"}))
    clock.read(99, 100)
    clock.mark(50, "service.events-0", 100)
    assert clock.now == 0
    clock.mark(30, "inspection.events-0", 100)
    clock.mark(70, "a lane that is no more", 100)
    assert clock.now == 30
    again = GroupClock(clock.lanes, clock.now, clock.marks())
    again.mark(60, "inspection.events-0", 100)
    assert again.now == 50
