"""Decides what the page says of a server that it needs: reached, not yet, or lost since when and why."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class Reach(StrEnum):
    CONNECTING = "connecting"
    LIVE = "live"
    LOST = "lost"


class Link:
    """The state of one server, as last seen; `since` is epoch microseconds."""

    def __init__(self) -> None:
        self.reach = Reach.CONNECTING
        self.since = 0
        self.reason = ""

    def live(self, now: int) -> None:
        if self.reach is not Reach.LIVE:
            self.reach, self.since, self.reason = Reach.LIVE, now, ""

    def lost(self, now: int, reason: str) -> None:
        if self.reach is not Reach.LOST:
            self.reach, self.since = Reach.LOST, now
        self.reason = reason

    @property
    def seen(self) -> LinkSeen:
        return LinkSeen(self.reach, self.since, self.reason)


class LinkSeen(Struct, frozen=True):
    """A link at one moment."""

    reach: Reach
    since: int
    reason: str
