"""Decides which clock belongs to an alert: that of the same rule, subject and occasion, last revision."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from msgspec import Struct

from rules.model.alerts import Alert, Clock, parse_clock

MOST_CLOCKS = 60_000
Label = tuple[str, str, tuple[str, str]]


class Labelled(Struct):
    rule: str
    subject: str
    occasion: tuple[str, str]
    revision: int = 0


class ClockShelf:
    """The clocks that came by lately, still as lines: few of them are ever looked at."""

    def __init__(self, most: int = MOST_CLOCKS) -> None:
        self._most = most
        self._lines: dict[Label, tuple[int, bytes]] = {}
        self._decode = msgspec.json.Decoder(Labelled).decode

    def __len__(self) -> int:
        return len(self._lines)

    def take(self, line: bytes) -> None:
        """One line of the clocks topic. Raises msgspec.MsgspecError for what is none."""
        read = self._decode(line)
        label = (read.rule, read.subject, read.occasion)
        before = self._lines.pop(label, None)
        self._lines[label] = before if before and before[0] > read.revision else (read.revision, line)
        while len(self._lines) > self._most:
            del self._lines[next(iter(self._lines))]

    def of(self, alert: Alert) -> Clock | None:
        found = self._lines.get((alert.rule, alert.subject, alert.occasion))
        return parse_clock(found[1]) if found else None


def clock_of(alert: Alert, clocks: Iterable[Clock]) -> Clock | None:
    """The last revision of the clock that an alert speaks of; None for a rule without one."""
    own = (
        clock
        for clock in clocks
        if (clock.rule, clock.subject, clock.occasion) == (alert.rule, alert.subject, alert.occasion)
    )
    return max(own, key=lambda clock: clock.revision, default=None)
