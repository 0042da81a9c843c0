"""Decides how the two judges are asked the same question: the oracle, and the core through its host."""

from __future__ import annotations

import csv
import json
import shutil
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from rules.drive import Drive
from rules.language import Book, load_book
from rules.model.alerts import Alert as CoreAlert
from rules.model.alerts import Clock as CoreClock
from rules.model.events import decode_event
from tests.oracle.book import EXTRA, RULES
from tests.oracle.clocks import World
from tests.oracle.days import micros
from tests.oracle.history import version
from tests.oracle.judge import Alert, Clock, judge
from tests.oracle.relief import read

Found = tuple[set[Alert], set[Clock]]
Judge = Callable[[Iterable[Mapping[str, Any]], World, datetime], Found]
ROOT = Path(__file__).parents[2]
CALENDARS = ROOT / "rules" / "calendars" / "cn"
LAST_SHIPPED = max(int(path.stem) for path in CALENDARS.glob("*.json"))
TIMED = {rule.name for rule in (*RULES, *EXTRA)}
PATTERNS = {"P02", "P03", "P06", "P07", "P08"}
KNOWN = TIMED | PATTERNS
COLUMNS = (
    "task_code", "effective", "legal_limit", "promised_limit", "extension_limit", "special_procedures",
    "has_certificate",
)  # fmt: skip


@dataclass(frozen=True)
class Arrival:
    """How a history reaches the core: positions of messages, cut into batches, and ticks between them."""

    batches: tuple[tuple[int, ...], ...]
    ticks: tuple[datetime | None, ...] = ()


def by_oracle(events: Iterable[Mapping[str, Any]], world: World, now: datetime) -> Found:
    return judge(events, world, now, [*RULES, *EXTRA])


def due_dates(events: Iterable[Mapping[str, Any]], world: World, now: datetime) -> set[date]:
    """The due dates of all clocks as the whole history gives them."""
    found = [version(event) for event in events]
    own = [frozenset(each for each in found if each.subject == subject) for subject in {each.subject for each in found}]
    rules = [*RULES, *EXTRA]
    return {clock.due_date for kept in own for rule in rules for clock in read(rule, kept, world, now).values()}


def by_core(events: Iterable[Mapping[str, Any]], world: World, now: datetime, arrival: Arrival | None = None) -> Found:
    """The same through the in-process host, by default in one batch as written."""
    known = list(events)
    arrival = arrival or Arrival((tuple(range(len(known))),))
    drive = drive_of(known, world, now, arrival.batches, arrival.ticks)
    return answers(drive.alerts(), drive.clocks())


def drive_of(
    events: Sequence[Mapping[str, Any]],
    world: World,
    now: datetime,
    batches: Sequence[Sequence[int]],
    ticks: Sequence[datetime | None] = (),
) -> Drive:
    """A host that has taken the batches, each after its tick, and stands at `now`."""
    decoded = [decode_event(msgspec.json.encode(event)) for event in events]
    drive = Drive(book_of(world))
    for number, batch in enumerate(batches):
        tick = ticks[number] if number < len(ticks) else None
        if tick is not None:
            drive.until(instant(tick))
        drive.take([decoded[position] for position in batch])
    drive.until(instant(now))
    return drive


def answers(said: Iterable[CoreAlert], ticking: Iterable[CoreClock]) -> Found:
    """What the core says, in the words of the oracle and as far as the oracle speaks of it."""
    alerts = {
        Alert(
            rule=each.rule,
            subject=each.subject,
            occasion=("", "") if each.rule == "P08" else each.occasion,
            at=each.at,
            state=each.state,
            reason=each.reason if each.rule in TIMED else None,
            due_date=each.due_date,
            due_at=each.due_at,
            ended_at=each.ended_at,
            severity=each.severity,
            provisional=each.provisional,
        )
        for each in said
        if each.rule in KNOWN
    }
    clocks = {
        Clock(
            rule=each.rule,
            subject=each.subject,
            occasion=each.occasion,
            due_date=each.due_date,
            due_at=each.due_at,
            paused=each.paused,
            extended=each.extended,
            state=each.state,
            used=each.used,
            provisional=each.provisional,
        )
        for each in ticking
        if each.rule in KNOWN
    }
    return alerts, clocks


def instant(moment: datetime) -> int:
    found = micros(moment)
    assert found is not None
    return found


def book_of(world: World) -> Book:
    """The shipped book with the rules of these tests beside it, over the items of a world."""
    items = tuple(
        (code, tuple((name, written(value)) for name, value in sorted(item.items())))
        for code, item in sorted(world.items.items())
    )
    announced = tuple(sorted(day for day in world.days.off if day.year > LAST_SHIPPED))
    return _book(items, world.off_hours, announced)


def written(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return ";".join(value) if isinstance(value, list | tuple) else str(value)


def announce(folder: Path, days: Sequence[date]) -> None:
    """The shipped calendars and one more year."""
    shutil.copytree(CALENDARS, folder / "calendars" / CALENDARS.name)
    year = days[0].year
    notice = {"announced": f"{year - 1}-11-10", "source": "https://www.gov.cn/", "work": []}
    notice["off"] = [day.isoformat() for day in days]
    said = {"calendar": CALENDARS.name, "year": year, "announcements": [notice]}
    (folder / "calendars" / CALENDARS.name / f"{year}.json").write_text(json.dumps(said), encoding="utf-8")


@cache
def _book(
    items: tuple[tuple[str, tuple[tuple[str, str], ...]], ...], off_hours: bool, announced: tuple[date, ...]
) -> Any:
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        for source in [
            *(ROOT / "rules" / "book").rglob("*.yaml"),
            *(Path(__file__).parent / "book").glob("*"),
        ]:
            shutil.copy(source, folder / source.name)
        (folder / "items").mkdir()
        with (folder / "items" / "tests.csv").open("w", newline="", encoding="utf-8") as out:
            writer = csv.writer(out)
            writer.writerow(COLUMNS)
            for code, fields in items:
                said: dict[str, str] = {"task_code": code, "effective": "2019-01-01", **dict(fields)}
                writer.writerow([said.get(name, "") for name in COLUMNS])
        if announced:
            announce(folder, announced)
        if off_hours:
            regions = (ROOT / "rules" / "regions.yaml").read_text(encoding="utf-8")
            (folder / "regions.yaml").write_text(
                regions.replace("off_hours: same_day", "off_hours: next_workday"), encoding="utf-8"
            )
        return load_book(folder)
