"""Decides what a due time says: when, on which day, how much was granted and paused, by which pauses."""

from __future__ import annotations

from datetime import date

from msgspec import Struct

from rules.judging.marks import Mark
from rules.model.times import local_day


class Pause(Struct, gc=False):
    """One suspension: until when it was approved, and when it was resumed. Days for day clocks, instants for exact.

    The day on which it begins is used, but that of a declared closure of whole days is closed too (`closes`).
    """

    begin: Mark
    approved: date | None
    end: Mark | None = None
    closes: bool = False


class Due(Struct, frozen=True, gc=False):
    """When a clock runs out. `at` is None while a pause without an approved length is running."""

    at: int | None
    reckoned_day: date | None = None
    extended: int = 0
    paused: int = 0
    pauses: tuple[Pause, ...] = ()
    zone: str = ""

    @property
    def day(self) -> date | None:
        """The local day; that of an instant in `zone` is only reckoned where it is asked for."""
        return local_day(self.at, self.zone) if self.zone and self.at is not None else self.reckoned_day


NO_DUE = Due(None)
