"""Decides how often a source is to send something: dated intervals, from a day on, in office hours or always."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from datetime import date
from typing import Any

from msgspec import Struct

from rules.model.spans import Span
from rules.model.times import DAY, HOUR
from rules.tables.cells import read_date, read_flag, read_span, read_text
from rules.tables.faults import ExampleFault, meant

KEYS = ("expect_every", "office_hours", "since", "until", "region", "organ", "department")
QUALIFYING = {"office_hours", "since", "until"}
"""What says nothing where no interval is declared."""
READ = {
    "office_hours": read_flag, "since": read_date, "until": read_date, "region": read_text, "organ": read_text,
    "department": read_text,
}  # fmt: skip


class Expected(Struct, frozen=True, kw_only=True):
    """What is expected of one source. `every` are the intervals with the day from which each is in force."""

    every: tuple[tuple[date, Span], ...]
    office_hours: bool | None = None
    since: date | None = None
    until: date | None = None
    region: str = ""
    organ: str = ""
    department: str = ""

    def on(self, day: date) -> Span | None:
        """The interval within which something must follow what was sent on that day; None where nothing must."""
        if self.until is not None and day > self.until:
            return None
        position = bisect_right([begins for begins, _ in self.every], day)
        return self.every[position - 1][1] if position else None

    @property
    def shortest(self) -> int:
        """Microseconds that no silence is shorter than."""
        return min(least(span) for _, span in self.every)


def least(span: Span) -> int:
    """Microseconds that the span takes at least, whenever it begins: the day of the beginning is not counted."""
    return span.amount if span.unit in ("exact", "workhours") else span.amount * DAY - 2 * HOUR


def read_expected(raw: Mapping[str, Any], place: tuple[str, ...], errors: list[ExampleFault]) -> Expected | None:
    """What a source declares beside its lateness; None where it declares no interval."""
    values: dict[str, Any] = {}
    for name, read in READ.items():
        if raw.get(name) is not None:
            try:
                values[name] = read(raw[name])
            except ValueError as error:
                errors.append(ExampleFault((*place, name), "bad-value", str(error)))
    if raw.get("expect_every") is None:
        errors += [
            ExampleFault(
                (*place, name), "missing-key", f"`{name}` says how `expect_every` is meant, which is not there"
            )
            for name in values
            if name in QUALIFYING
        ]
        return None
    every = _intervals(raw["expect_every"], (*place, "expect_every"), errors)
    if not every:
        return None
    if every[0][0] == date.min and values.get("since") is not None:
        every = [(values["since"], every[0][1]), *every[1:]]
    elif every[0][0] != date.min and "since" not in values:
        values["since"] = every[0][0]
    return Expected(every=tuple(every), **values)


def _intervals(raw: Any, place: tuple[str, ...], errors: list[ExampleFault]) -> list[tuple[date, Span]]:
    """`4h`, or `[{from: 2026-01-01, every: 4h}, …]` in the order of their days."""
    if not isinstance(raw, list):
        span = _span(raw, place, errors)
        return [(date.min, span)] if span is not None else []
    found: list[tuple[date, Span]] = []
    for number, part in enumerate(raw):
        where = (*place, str(number))
        if not isinstance(part, Mapping) or set(part) != {"from", "every"}:
            errors.append(ExampleFault(where, "missing-key", "an interval says `from` which day, and `every` how long"))
            continue
        span = _span(part["every"], (*where, "every"), errors)
        try:
            begins = read_date(part["from"])
        except ValueError as error:
            errors.append(ExampleFault((*where, "from"), "bad-value", str(error)))
            continue
        if found and begins <= found[-1][0]:
            errors.append(ExampleFault((*where, "from"), "bad-value", f"{begins} is not after {found[-1][0]}"))
        if span is not None:
            found.append((begins, span))
    return found


def _span(raw: Any, place: tuple[str, ...], errors: list[ExampleFault]) -> Span | None:
    try:
        return read_span(raw)
    except ValueError as error:
        errors.append(ExampleFault(place, "not-a-duration", str(error)))
        return None


def unknown_keys(raw: Mapping[str, Any], allowed: tuple[str, ...], place: tuple[str, ...]) -> list[ExampleFault]:
    """A fault for every key that is none of these."""
    found: list[ExampleFault] = []
    for name in raw:
        if name not in allowed:
            hint = meant(name, allowed) or f"; known are {', '.join(allowed)}"
            found.append(ExampleFault((*place, str(name)), "unknown-key", f"`{name}` is not known here{hint}"))
    return found
