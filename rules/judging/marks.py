"""Decides what one event means to a clock, and what a clock is by its rule, apart from the events."""

from __future__ import annotations

from datetime import date

from msgspec import Struct

from rules.model.spans import Span


class Opening(Struct, frozen=True, gc=False):
    """What only an event that opens a clock says: until when it runs, and whose it is."""

    region: str = ""
    item: str = ""
    department: str = ""
    organ: str = ""
    until: int | date | None = None
    continues: bool = False
    silent: bool = False


class Mark(Struct, frozen=True, gc=False):
    """What one event means to a clock. `amount` is an approved pause or an extension, `limit` a start's or its most,
    or how long after this, which the party was told of, a start counts.

    `final` is a stop after which no start opens anything.
    """

    role: int
    at: int
    whole_day: bool
    source: str
    id: str
    key: str = ""
    pause_key: str = ""
    in_time: bool = False
    final: bool = True
    limit: Span | None = None
    amount: Span | None = None
    opening: Opening = Opening()

    @property
    def identity(self) -> tuple[str, str]:
        return self.source, self.id


class Terms(Struct, frozen=True):
    """What a clock is by its rule, apart from the events."""

    reopens: bool = False
    extension_times: int = 0
    extension_max: Span | None = None
    extension_limited: bool = False
    roll: bool = False
    grace: Span | None = None
    off_hours: bool = False
