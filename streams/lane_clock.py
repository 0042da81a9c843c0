"""Decides what time it is in a lane: a declared policy whose answer never goes back."""

from collections.abc import Mapping
from dataclasses import dataclass

from rules.model.times import SECOND

FRESH_POLL = 1.0
"""Seconds after which the last answer of the broker is too old to say that nothing has come."""

CONTACT_HOLD = 3.0
"""Seconds after contact (re)started in which producers may still hold events back in their buffers."""

AGREEMENT = 5 * SECOND


@dataclass(frozen=True, slots=True)
class Contact:
    """What a lane knows of the broker at one moment."""

    wall_at: int
    """The machine's clock, epoch microseconds."""
    monotonic: float
    poll_age: float | None
    """Seconds since the broker last answered a poll of this partition."""
    position: int
    end: int | None
    """The end offset that this answer told."""


class EventClock:
    """The highest of the event times and of the clock marks: for histories, simulations, tests."""

    agrees = True
    """Whether the machine's clock may be believed; event time asks nobody."""

    def __init__(self, now: int = 0) -> None:
        self.now = now

    def read(self, occurred_at: int, appended_at: int) -> None:
        if occurred_at > self.now:
            self.now = occurred_at

    def mark(self, at: int, lane: str, appended_at: int) -> None:
        self.read(at, appended_at)

    def meet(self, contact: Contact) -> None:
        """Contact with the broker does not matter to event time."""

    def acknowledge(self, sent_at: int, appended_at: int, heard_at: int) -> None:
        """Nor does the broker's clock."""

    @property
    def runs(self) -> bool:
        """Whether time goes on by itself."""
        return False

    def marks(self) -> Mapping[str, int]:
        return {}


class WallClock(EventClock):
    """Wall time once a lane has read all there was and contact holds; event time until then.

    Without the hold, an outage of the broker makes false deadlines: the events that would have stopped the
    clocks wait in the producers' buffers. A machine whose clock is off raises the alarm and keeps event time.
    """

    def __init__(self, now: int = 0, hold: float = CONTACT_HOLD) -> None:
        super().__init__(now)
        self.hold = hold
        self._since: float | None = None
        self._target: int | None = None
        self._arrived = False

    def read(self, occurred_at: int, appended_at: int) -> None:
        """An event ahead of its append time moves no clock: it is not there yet."""
        super().read(min(occurred_at, appended_at), appended_at)

    def meet(self, contact: Contact) -> None:
        """Takes wall time where everything allows it."""
        if contact.poll_age is None or contact.poll_age >= FRESH_POLL:
            self._since, self._arrived = None, False
            return
        if self._since is None:
            self._since = contact.monotonic
        if contact.monotonic - self._since < self.hold:
            self._target = contact.end
            return
        if not self._arrived:
            self._target = contact.end if self._target is None else self._target
            self._arrived = self._target is not None and contact.position >= self._target
        if self._arrived and self.agrees and contact.wall_at > self.now:
            self.now = contact.wall_at

    def acknowledge(self, sent_at: int, appended_at: int, heard_at: int) -> None:
        """Compares the machine's clock with the broker's, which stamped a record between the two instants."""
        self.agrees = sent_at - AGREEMENT <= appended_at <= heard_at + AGREEMENT

    @property
    def runs(self) -> bool:
        return True


class GroupClock(EventClock):
    """The least of the last marks of all event lanes: no group is silent while a backlog is being read."""

    def __init__(self, lanes: frozenset[str], now: int = 0, marks: Mapping[str, int] | None = None) -> None:
        super().__init__(now)
        self.lanes = lanes
        self._marks = {lane: at for lane, at in (marks or {}).items() if lane in lanes}

    def read(self, occurred_at: int, appended_at: int) -> None:
        """A fact says nothing of how far the other lanes have come."""

    def mark(self, at: int, lane: str, appended_at: int) -> None:
        if lane in self.lanes and at > self._marks.get(lane, 0):
            self._marks[lane] = at
            if len(self._marks) == len(self.lanes):
                self.now = max(self.now, min(self._marks.values()))

    def marks(self) -> Mapping[str, int]:
        return self._marks
