"""What a value looks like as a row of the warehouse, and back; pure, columns in the order of the tables."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date
from hashlib import blake2b
from typing import Any

import msgspec
from msgspec import Struct

from rules.model.alerts import Alert, Clock, Evidence, Text
from rules.model.events import OPERATIONS, TYPES, Envelope, Event, Tombstone
from rules.model.times import iso, local_day

ZONE = "Asia/Shanghai"
"""The zone of the `day` that leads the sort key; a key for pruning, no judgement rests on it."""

FIRST_DAY, LAST_DAY = date(1970, 1, 1), date(2149, 6, 6)
FIRST_AT, LAST_AT = -2_208_988_800_000_000, 10_413_791_999_999_999
"""What Date and DateTime64(6) can hold; anything beyond is written as the bound."""

_OPERATION_NAMES = {number: name for name, number in OPERATIONS.items()}
_PRECISIONS = ("second", "day")

Row = tuple[Any, ...]


class Landed(Struct, frozen=True):
    """A decoded message and where it stood in its topic."""

    message: Envelope | Tombstone
    event: Event
    topic: str = ""
    partition: int = 0
    offset: int = 0
    unjudged: bool = False


class StoredEvent(Struct, frozen=True, kw_only=True):
    """One version of one event as the warehouse keeps it; times in epoch microseconds, `data` in JSON."""

    type: str
    subject: str
    source: str
    id: str
    occurred_at: int
    recorded_at: int
    received_at: int
    operation: str
    whole_day: bool
    rank: int
    data: str
    content: str

    @property
    def fields(self) -> dict[str, Any]:
        """The declared fields of the event; none for a deletion."""
        return msgspec.json.decode(self.data) if self.data else {}  # type: ignore[no-any-return]

    def message(self) -> bytes:
        """The CloudEvent again, for the same codec that read it the first time."""
        made: dict[str, Any] = {
            "specversion": "1.0",
            "id": self.id,
            "source": self.source,
            "type": self.type,
            "subject": self.subject,
            "recordedat": iso(self.recorded_at),
            "receivedat": iso(self.received_at),
            "operation": self.operation,
        }
        if self.occurred_at:
            made["time"] = iso(self.occurred_at)
        if self.data:
            made |= {"precision": _PRECISIONS[self.whole_day], "data": msgspec.Raw(self.data.encode())}
        return msgspec.json.encode(made)


class DeadLetter(Struct, frozen=True, kw_only=True):
    """What could not be decoded: its place, the reason and a hash; the bytes stay where they are."""

    topic: str
    partition: int = 0
    offset: int = 0
    reason: str
    path: str = ""
    detail: str = ""
    source: str = ""
    hash: str = ""
    at: int = 0


EVENT_COLUMNS = (
    "day", "stream", "type", "subject", "source", "id", "occurred_at", "recorded_at", "received_at",
    "operation", "precision", "rank", "task_code", "region", "organ", "department", "actor", "data",
    "content", "topic", "partition", "offset", "unjudged",
)  # fmt: skip
ALERT_COLUMNS = (
    "alert_id", "revision", "rule", "step", "version", "book", "subject", "stream", "state", "ended_at",
    "severity", "reason", "at", "due_date", "due_at", "provisional", "settled", "occasion_source",
    "occasion_id", "department", "responsible", "region", "item", "actor", "group", "value", "threshold",
    "params", "message_zh", "message_en", "evidence", "evidence_total",
    "mode", "absorbed_by",
)  # fmt: skip
CLOCK_COLUMNS = (
    "clock_id", "revision", "rule", "clock", "key", "subject", "stream", "occasion_source", "occasion_id",
    "region", "item", "department", "responsible", "start_at", "start_date", "unit", "limit", "extended",
    "paused", "used", "left", "due_date", "due_at", "stopped_at", "state", "in_time", "provisional", "as_of",
)  # fmt: skip
DEAD_LETTER_COLUMNS = (
    "topic", "partition", "offset", "reason", "path", "detail", "source", "hash", "at",
)  # fmt: skip


BOOK_COLUMNS = ("book", "hash", "published_at", "published_by", "content")


class PublishedBook(Struct, frozen=True, kw_only=True):
    """A published book as it was sent; `content` is the whole document."""

    name: str
    hash: str
    published_at: int
    by: str
    content: str


def book_row(book: PublishedBook) -> Row:
    return book.name, book.hash, _at(book.published_at), book.by, book.content


def book_of(row: Sequence[Any]) -> PublishedBook:
    name, hash, published_at, by, content = row
    return PublishedBook(name=name, hash=hash, published_at=published_at, by=by, content=content)


def columns(names: Sequence[str], rows: Iterable[Row]) -> dict[str, list[Any]]:
    """Rows turned into columns, for a columnar insert."""
    turned = [list(column) for column in zip(*rows, strict=True)]
    return dict(zip(names, turned or [[] for _ in names], strict=True))


def event_row(landed: Landed) -> Row:
    message, fact = landed.message, landed.event.fact
    deletion = isinstance(message, Tombstone)
    kind = TYPES[message.type] if isinstance(message, Tombstone) else _KIND_OF[type(message)]
    data = None if deletion else message.data  # type: ignore[union-attr]
    text = "" if data is None else msgspec.json.encode(data, order="sorted").decode()
    return (
        _day(local_day(_at(fact.occurred_at or fact.recorded_at), ZONE)),
        kind.stream,
        kind.name,
        landed.event.subject,
        fact.source,
        fact.id,
        _at(fact.occurred_at),
        _at(fact.recorded_at),
        _at(fact.received_at),
        _OPERATION_NAMES[fact.operation],
        _PRECISIONS[fact.whole_day],
        kind.rank,
        getattr(data, "task_code", ""),
        getattr(data, "region", ""),
        getattr(data, "organ", ""),
        getattr(data, "department", ""),
        getattr(data, "actor", ""),
        text,
        _content(kind.name, fact.occurred_at, landed.event.subject, text),
        landed.topic,
        landed.partition,
        landed.offset,
        landed.unjudged,
    )


def alert_row(alert: Alert) -> Row:
    return (
        alert.alert_id, alert.revision, alert.rule, alert.step, alert.version, alert.book, alert.subject,
        alert.stream, alert.state, _maybe(_at, alert.ended_at), alert.severity, alert.reason, _at(alert.at),
        _maybe(_day, alert.due_date), _maybe(_at, alert.due_at), alert.provisional, alert.settled,
        *alert.occasion, alert.department, alert.responsible, alert.region, alert.item, alert.actor,
        alert.group, alert.value, alert.threshold, alert.params, alert.message.zh, alert.message.en,
        [(each.source, each.id, _at(each.recordedat), each.hash) for each in alert.evidence],
        alert.evidence_total, alert.mode, alert.absorbed_by,
    )  # fmt: skip


def alert_of(row: Sequence[Any]) -> Alert:
    named = dict(zip(ALERT_COLUMNS, row, strict=True))
    occasion = (named.pop("occasion_source"), named.pop("occasion_id"))
    message = Text(named.pop("message_zh"), named.pop("message_en"))
    evidence = tuple(Evidence(*each) for each in named.pop("evidence"))
    return Alert(**named, occasion=occasion, message=message, evidence=evidence)


def clock_row(clock: Clock) -> Row:
    return (
        clock.clock_id, clock.revision, clock.rule, clock.clock, clock.key, clock.subject, clock.stream,
        *clock.occasion, clock.region, clock.item, clock.department, clock.responsible, _at(clock.start_at),
        _day(clock.start_date), clock.unit, clock.limit, clock.extended, clock.paused, clock.used, clock.left,
        _maybe(_day, clock.due_date), _maybe(_at, clock.due_at), _maybe(_at, clock.stopped_at), clock.state,
        clock.in_time, clock.provisional, _at(clock.as_of),
    )  # fmt: skip


def clock_of(row: Sequence[Any]) -> Clock:
    named = dict(zip(CLOCK_COLUMNS, row, strict=True))
    occasion = (named.pop("occasion_source"), named.pop("occasion_id"))
    return Clock(**named, occasion=occasion)


def dead_letter_row(letter: DeadLetter) -> Row:
    return (
        letter.topic, letter.partition, letter.offset, letter.reason, letter.path,
        letter.detail, letter.source, letter.hash, _at(letter.at),
    )  # fmt: skip


def dead_letter_of(row: Sequence[Any]) -> DeadLetter:
    return DeadLetter(**dict(zip(DEAD_LETTER_COLUMNS, row, strict=True)))


def event_of(row: Sequence[Any]) -> StoredEvent:
    kind, subject, source, key, occurred, recorded, received, operation, precision, rank, data, content = row
    return StoredEvent(
        type=kind,
        subject=subject,
        source=source,
        id=key,
        occurred_at=occurred,
        recorded_at=recorded,
        received_at=received,
        operation=operation,
        whole_day=precision == "day",
        rank=rank,
        data=data,
        content=content,
    )


_KIND_OF = {kind.message: kind for kind in TYPES.values()}


def _content(kind: str, occurred_at: int, subject: str, data: str) -> str:
    said = f"{kind}\0{occurred_at}\0{subject}\0{data}"
    return blake2b(said.encode(), digest_size=16).hexdigest()


def _at(moment: int) -> int:
    return min(max(moment, FIRST_AT), LAST_AT)


def _day(day: date) -> date:
    return min(max(day, FIRST_DAY), LAST_DAY)


def _maybe(convert: Callable[[Any], Any], value: Any) -> Any:
    return None if value is None else convert(value)
