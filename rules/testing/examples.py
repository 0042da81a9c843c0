"""Decides whether the examples of a rule hold: events through the real decoder and core, alerts compared."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import msgspec
from msgspec import Struct

from rules.drive import Drive
from rules.language.rule import Book, Example, Rule
from rules.language.samples import BROUGHT, EXPECTED
from rules.model.alerts import Alert
from rules.model.events import TYPES, Event, Undecodable, decode_event
from rules.model.times import instant_of, iso, next_midnight
from rules.tables import Tables

ENVELOPE = {"id", "source", "type", "operation", "precision", "subject"}
TIMES = {"at": "time", "recorded_at": "recordedat", "received_at": "receivedat"}
REPEATED = ("task_code", "region", "organ", "department", "applicant", "object_id")


class Difference(Struct, frozen=True):
    """An example that does not hold: what was expected and did not stand, and what stood unexpected."""

    rule: str
    example: str
    file: str
    line: int
    missing: tuple[dict[str, Any], ...]
    extra: tuple[dict[str, Any], ...]
    col: int = 1

    def __str__(self) -> str:
        lines = [f"{self.file}:{self.line}: {self.rule}: {self.example}"]
        lines += [f"  expected and absent: {each}" for each in self.missing]
        lines += [f"  not expected: {each}" for each in self.extra]
        return "\n".join(lines)


def end_of(text: Any, zone: str) -> int:
    """The instant that `until` names; a date means its 24:00."""
    written = str(text)
    return next_midnight(date.fromisoformat(written), zone) if len(written) == 10 else instant_of(written, zone)


def events_of(example: Example, rule: Rule, zone: str) -> list[Event]:
    """The events of an example, through the contract's own decoder. Raises Undecodable.

    Envelope fields and the item, region and organs repeat until they are given anew.
    """
    carried: dict[str, Any] = {}
    found: list[Event] = []
    for position, given in enumerate(example.given):
        found.append(decode_event(msgspec.json.encode(_message(given, carried, rule, zone, position))))
    return found


def _message(given: dict[str, Any], carried: dict[str, Any], rule: Rule, zone: str, position: int) -> dict[str, Any]:
    kind = TYPES[given["type"]]
    for name, value in given.items():
        if name in REPEATED or name in (rule.subject, "subject", "source"):
            carried["subject" if name == rule.subject else name] = value
    message: dict[str, Any] = {
        "specversion": "1.0",
        "id": f"e{position + 1}",
        "source": carried.get("source", "example"),
        "subject": str(carried.get("subject", "S1")),
        "type": given["type"],
        "data": {name: carried[name] for name in REPEATED if name in carried and name in kind.fields},
    }
    for name, value in given.items():
        if name in TIMES:
            message[TIMES[name]] = iso(instant_of(str(value), zone), zone)
            if name == "at" and len(str(value)) == 10:
                message["precision"] = "day"
        elif name in ENVELOPE:
            message[name] = value
        elif name != rule.subject or name in kind.fields:
            message["data"][name] = value
    if given.get("operation") == "d":
        del message["data"]
    return message


def tables_for(example: Example, tables: Tables) -> Tables:
    """The declared tables with the example's own items, and what it declares itself."""
    brought = {name: said for name in BROUGHT if (said := getattr(example, name))}
    own = {name: getattr(tables, name).with_examples(said) for name, said in brought.items()}
    tables = msgspec.structs.replace(tables, **own)
    return tables


class Trial(Struct, frozen=True):
    """An example made ready: a book of its one rule over its own tables, its events, and when it ends."""

    book: Book
    zone: str
    events: tuple[Event, ...]
    until: int


def trial(book: Book, rule: Rule, example: Example) -> Trial:
    """Everything that judging an example takes. Raises Undecodable and ValueError."""
    zone = zone_of(book, example)
    until = end_of(example.until, zone)
    events = [event for event in events_of(example, rule, zone) if event.fact.occurred_at <= until]
    alone = book.having([rule.key]).with_tables(tables_for(example, book.tables))
    return Trial(_in_force(alone), zone, tuple(events), until)


def _in_force(book: Book) -> Book:
    """The rules of a book as they judge once they are active."""

    def active(rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
        return tuple(msgspec.structs.replace(rule, activates_at=None, on_change="recompute") for rule in rules)

    regional = {code: active(rules) for code, rules in book.regional.items()}
    return msgspec.structs.replace(book, rules=active(book.rules), regional=regional)


def zone_of(book: Book, example: Example) -> str:
    """The zone in which the times of an example are written."""
    return book.tables.regions.zone(str(example.given[0].get("region", "")))


def judge(book: Book, rule: Rule, example: Example) -> list[Alert]:
    """The alerts of that rule that stand at the end of an example."""
    ready = trial(book, rule, example)
    drive = Drive(ready.book)
    drive.take(ready.events)
    drive.until(ready.until)
    return drive.alerts()


def compare(example: Example, alerts: Sequence[Alert], zone: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """(expected but absent, present but not expected); an alert serves one expectation, strict ones first."""
    left = [shown(alert, zone) for alert in alerts]
    missing: list[dict[str, Any]] = []
    for expected in sorted(example.expect, key=len, reverse=True):
        wanted = {name: _comparable(name, value, zone) for name, value in expected.items()}
        found = next((each for each in left if wanted.items() <= each.items()), None)
        if found is None:
            missing.append(expected)
        else:
            left.remove(found)
    return missing, left


def shown(alert: Alert, zone: str) -> dict[str, Any]:
    """An alert as `expect` writes it: local times, no defaults hidden."""
    made: dict[str, Any] = {}
    for name in EXPECTED:
        value = getattr(alert, name)
        if name in ("at", "ended_at") and value is not None:
            value = iso(value, zone)
        made[name] = str(value) if isinstance(value, date) else value
    return made


def _comparable(name: str, value: Any, zone: str) -> Any:
    if name in ("at", "ended_at") and value is not None:
        return iso(instant_of(str(value), zone), zone)
    return str(value) if name == "due_date" and value is not None else value


def run(book: Book, rule: Rule) -> list[Difference]:
    """The examples of a rule that do not hold."""
    found: list[Difference] = []
    for example in rule.examples:
        try:
            missing, extra = compare(example, judge(book, rule, example), zone_of(book, example))
        except (Undecodable, ValueError, OverflowError) as error:
            missing, extra = [{"error": str(error)}], []
        if missing or extra:
            place = (rule.file, example.line)
            found.append(Difference(rule.id, example.name, *place, tuple(missing), tuple(extra), example.col))
    return found
