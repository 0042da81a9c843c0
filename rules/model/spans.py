"""Decides what a length of time is (working days, days, office hours, exact) and how it is written."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import Literal, TypeAlias

from msgspec import Struct

from rules.model.times import DAY, HOUR, MINUTE, SECOND

Unit: TypeAlias = Literal["workdays", "days", "workhours", "exact"]

WRITTEN = re.compile(r"\s*(\d+)\s*([A-Za-z]+)\s*\Z")
UNITS: dict[str, tuple[Unit, int]] = {
    "workday": ("workdays", 1),
    "workdays": ("workdays", 1),
    "day": ("days", 1),
    "days": ("days", 1),
    "workhour": ("workhours", HOUR),
    "workhours": ("workhours", HOUR),
    "h": ("exact", HOUR),
    "m": ("exact", MINUTE),
    "s": ("exact", SECOND),
}
MOST_DAYS = 100_000


class Span(Struct, frozen=True, order=True, gc=False):
    """A length of time: `amount` counts days, or microseconds where the unit is workhours or exact."""

    amount: int
    unit: Unit

    def __str__(self) -> str:
        if self.unit in ("workdays", "days"):
            return f"{self.amount} {self.unit if self.amount != 1 else self.unit[:-1]}"
        if self.unit == "workhours":
            return f"{self.amount / HOUR:g} workhours"
        for sign, size in (("h", HOUR), ("m", MINUTE), ("s", SECOND)):
            if self.amount % size == 0:
                return f"{self.amount // size}{sign}"
        return f"{self.amount / SECOND:g}s"


def parse_span(text: str) -> Span:
    """`5 workdays`, `30 days`, `8 workhours`, `24h`, `10m`, `60s` → a Span. Raises ValueError, suggesting."""
    found = WRITTEN.match(text)
    if found is None:
        raise ValueError(
            f"`{text}` is not a duration; write `5 workdays`, `30 days`, `8 workhours`, `24h`, `10m` or `60s`"
        )
    known = UNITS.get(found[2])
    if known is None:
        near = get_close_matches(found[2].lower(), [*UNITS, "hours", "minutes", "seconds"], n=1)
        meant = {"hours": "h", "minutes": "m", "seconds": "s"}.get(near[0], near[0]) if near else "workdays"
        raise ValueError(f"`{text}` is not a duration; did you mean `{meant}`?")
    unit, size = known
    amount = int(found[1]) * size
    if amount > MOST_DAYS * (1 if size == 1 else DAY):
        raise ValueError(f"`{text}` is longer than any limit")
    return Span(amount, unit)
