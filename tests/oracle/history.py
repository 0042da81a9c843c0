"""Decides what has happened: which version of a record speaks, and in which order (CLOCKS.md 2-4)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property, lru_cache
from typing import Any

from tests.oracle.days import local, midnight

LIFE = (
    ("case", "applied received correction_notified corrected accepted not_accepted stage suspended resumed"),
    ("case", "extended decided published"),
    ("cert", "issued"),
    ("case", "delivered withdrawn closed"),
    ("review", "submitted verified rectified annulled"),
    ("complaint", "filed answered"),
    ("data_request", "filed answered"),
    ("incident", "opened closed"),
    ("plan", "published"),
    ("task", "created"),
    ("objects", "drawn"),
    ("officers", "drawn"),
    ("check", "approved"),
    ("officer", "scanned_in"),
    ("check", "performed"),
    ("result", "recorded"),
    ("rectify", "ordered rechecked"),
    ("evidence", "preserved disposed"),
    ("penalty", "filed suspended resumed extended hearing legal_review decided not_imposed transferred"),
    ("penalty", "withdrawn served executed closed"),
    ("coercion", "applied suspended resumed extended lifted"),
    ("result", "published"),
    ("action", "reported"),
)
NAMES = [f"{subject}.{name}" for subject, names in LIFE for name in names.split()]
RANK = {name: position for position, name in enumerate(NAMES)}
SAYS_NOTHING = {"", "无", "/", "。"}
Key = tuple[str, str]


@dataclass(frozen=True)
class Version:
    """One version of one record, as it was written."""

    key: Key
    subject: str
    type: str
    at: datetime | None
    whole_day: bool
    recorded: datetime
    received: datetime
    operation: int
    content: str
    data: Mapping[str, Any]

    @property
    def strength(self) -> tuple[datetime, int, str]:
        return self.recorded, self.operation, self.content

    @cached_property
    def hash(self) -> int:
        return hash((self.key, self.strength))

    def __hash__(self) -> int:
        return self.hash


@dataclass(frozen=True)
class Fact:
    """What a record says in the end, with the time that orders it."""

    key: Key
    subject: str
    type: str
    at: datetime
    whole_day: bool
    recorded: datetime
    data: Mapping[str, Any]

    @property
    def day(self) -> date:
        return self.at.date()

    @property
    def counted_from(self) -> datetime:
        """A span that counts from a whole day counts from its 24:00."""
        return midnight(date.fromordinal(self.day.toordinal() + 1)) if self.whole_day else self.at

    def __getattr__(self, name: str) -> Any:
        return self.data.get(name)


def version(event: Mapping[str, Any]) -> Version:
    """A message of the wire → a version."""
    operation = "iud".index(event.get("operation", "i"))
    written = event.get("time") or ""
    whole_day = event.get("precision") == "day"
    at = local(written) if written else None
    if at is not None and whole_day:
        at = midnight(at.date())
    recorded = local(event["recordedat"]) if event.get("recordedat") else at or midnight(date.min)
    said = {"type": event["type"], "at": written, "subject": event["subject"], "data": event.get("data")}
    return Version(
        key=(event["source"], event["id"]),
        subject=event["subject"],
        type=event["type"],
        at=at,
        whole_day=whole_day,
        recorded=recorded,
        received=local(event["receivedat"]) if event.get("receivedat") else recorded,
        operation=operation,
        content=json.dumps(said, sort_keys=True, ensure_ascii=False),
        data=event.get("data") or {},
    )


def speaking(versions: Iterable[Version]) -> list[Version]:
    """Of every record the strongest version; a record whose strongest is a deletion is not there."""
    found = set(versions)
    return [
        one
        for one in found
        if one.operation < 2 and all(other.strength <= one.strength for other in found if other.key == one.key)
    ]


def in_order(versions: Iterable[Version], now: datetime) -> list[Fact]:
    """The facts of a subject that are there at `now`, by (time, rank, source, id)."""
    return list(_in_order(frozenset(versions), now))


@lru_cache(maxsize=4096)
def _in_order(versions: frozenset[Version], now: datetime) -> list[Fact]:
    """The same, remembered: every rule asks it of the same events."""
    there = [each for each in speaking(versions) if each.at is not None and each.at <= now]
    facts = []
    for each in there:
        assert each.at is not None
        at = each.at
        if each.whole_day:
            before = [
                other.at
                for other in there
                if not other.whole_day
                and other.at is not None
                and other.at.date() == at.date()
                and RANK[other.type] < RANK[each.type]
            ]
            at = max(before, default=at)
        facts.append(Fact(each.key, each.subject, each.type, at, each.whole_day, each.recorded, each.data))
    return sorted(facts, key=lambda fact: (fact.at, RANK[fact.type], fact.key))


def blank(text: object) -> bool:
    return str(text or "").strip() in SAYS_NOTHING


def whole_number(value: object) -> int:
    """A positive number of days; 0 for everything that is none."""
    try:
        number = float(str(value))
    except ValueError:
        return 0
    return int(number) if 0 < number < 10_000 else 0
