"""Decides how the days of a clock are drawn: a cell a day in rows of weeks, its marks and its words."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from rules.judging.clock_days import ClockDay, ClockStrip, as_of_now, clock_days
from rules.model.alerts import Clock
from rules.tables import Closure
from streams.console.alert_view import Said, figures
from streams.console.closures import closed_days, notes, on_a_day, that_matter
from streams.console.declared import Declared
from streams.console.happenings import Happening, pauses_of
from streams.console.spans import length
from streams.console.wording import Words

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
BLOCK = 9
"""Weeks that stand under one another before the next block begins beside them."""


class Cell(Struct, frozen=True):
    """One day; `look` names its styles, `marks` are the letters in its corner, `says` is all of it."""

    day: int
    look: str
    marks: tuple[str, ...]
    number: str
    says: str


class Week(Struct, frozen=True):
    """`month` names the month that begins in this week, or in which the picture begins."""

    month: str
    cells: tuple[Cell | None, ...]


class ClockPicture(Struct, frozen=True):
    """All that the page shows of a clock. `share` is used of the limit, in hundredths, at most 100."""

    title: str
    state: str
    state_name: str
    figures: tuple[Said, ...]
    share: int
    meter: str
    blocks: tuple[tuple[Week, ...], ...]
    legend: tuple[Said, ...]
    notes: tuple[str, ...]
    as_of: str


def picture(clock: Clock, happenings: Sequence[Happening], now: int, words: Words, known: Declared) -> ClockPicture:
    """The picture of a clock at `now`."""
    zone, works = known.zone(clock.region), known.works(clock.region)
    closures = that_matter(clock, known.closed(clock.region, clock.responsible), zone)
    closed = [closed_days(each) for each in closures]
    pauses = pauses_of(clock, happenings, works, zone, closed)
    drawn = closed if pauses is not None or clock.unit in ("exact", "workhours") else ()
    strip = clock_days(clock, works, now, zone, pauses or (), drawn)
    clock = clock if pauses is None else as_of_now(clock, strip, now)
    weeks = _weeks(strip, closures, words)
    verdict = {True: "in_time", False: "late", None: ""}[clock.in_time]
    state = clock.state if clock.state == "contested" else verdict
    state = state or {"open": "running"}.get(clock.state, clock.state)
    whole = (clock.limit or 0) + clock.extended
    return ClockPicture(
        words.name("clock.name", clock.clock),
        state,
        words.name("clock", state),
        tuple(figures(clock, words, known)),
        min(100, round(100 * clock.used / whole)) if whole > 0 else 0,
        "late" if clock.left is not None and clock.left < 0 else state,
        tuple(tuple(weeks[place : place + BLOCK]) for place in range(0, len(weeks), BLOCK)),
        _legend(strip, words),
        (*_notes(clock, strip, pauses is not None, words), *notes(closures, words)),
        _as_of(clock, words, known),
    )


def _as_of(clock: Clock, words: Words, known: Declared) -> str:
    """To the minute, for days to the day: a page that changes every second cannot be copied from."""
    if not clock.as_of:
        return ""
    exact = known.when(clock.as_of, clock.region)
    return words("clock.as_of", at=exact[:10] if clock.unit in ("workdays", "days") else exact[:16])


def _weeks(strip: ClockStrip, closures: Sequence[Closure], words: Words) -> list[Week]:
    """Each month is named beside its first week; where two begin in one row, the second beside the next."""
    weeks: list[Week] = []
    named: set[tuple[int, int]] = set()
    for row in strip.weeks():
        months = dict.fromkeys((cell.day.year, cell.day.month) for cell in row if cell is not None)
        fresh = next((month for month in months if month not in named), None)
        if fresh:
            named.add(fresh)
        label = words("month", year=fresh[0], month=fresh[1]) if fresh else ""
        weeks.append(Week(label, tuple(None if cell is None else _cell(cell, closures, words) for cell in row)))
    return weeks


def _cell(day: ClockDay, closures: Sequence[Closure], words: Words) -> Cell:
    flags = [name for name in ("due", "stopped", "today") if getattr(day, name)]
    mark = "make_up" if day.make_up else "off" if day.holiday else ""
    marks = [name for name in (day.kind.value if day.kind in ("start", "paused", "closed") else "", mark) if name]
    marks += [name for name in flags if name != "today"]
    said = [words(f"day.{day.kind.value}") + (f" {day.number}" if day.number else "")]
    said += [on_a_day(day.day, closures, words)] if day.kind == "closed" else []
    said += [words("day.make_up")] * day.make_up + [words("day.holiday")] * day.holiday
    said += [words(f"day.{name}") for name in flags]
    weekday = words(f"weekday.{WEEKDAYS[day.day.weekday()]}")
    return Cell(
        day.day.day,
        " ".join([day.kind.value, "worked" if day.worked else "rest", *flags, *([mark] if mark else [])]),
        tuple(words(f"mark.{name}") for name in marks),
        str(day.number or ""),
        f"{day.day.isoformat()} {weekday}: " + ", ".join(dict.fromkeys(said)),
    )


def _legend(strip: ClockStrip, words: Words) -> tuple[Said, ...]:
    there = {each.kind.value for each in strip.days}
    there |= {name for each in strip.days for name in ("due", "stopped", "today") if getattr(each, name)}
    there |= {"make_up"} if any(each.make_up for each in strip.days) else set()
    order = (
        *("start", "counted", "off", "make_up", "paused", "closed", "due", "stopped"),
        *("beyond", "ahead", "after", "today"),
    )
    return tuple(Said(name, words(f"day.{name}")) for name in order if name in there)


def _notes(clock: Clock, strip: ClockStrip, pauses_are_drawn: bool, words: Words) -> list[str]:
    told: list[str] = []
    if clock.unit in ("workdays", "days"):
        tally = {"counted": strip.counted, "paused": strip.paused, "beyond": strip.beyond}
        told.append(words("clock.summary", last=strip.last.isoformat(), **tally))
    if not pauses_are_drawn:
        told.append(words("clock.pauses_unknown", n=length(clock.paused, clock.unit, words)))
    if strip.earlier:
        told.append(words("clock.earlier", n=strip.earlier))
    if strip.later:
        told.append(words("clock.later", n=strip.later))
    return told
