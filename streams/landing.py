"""Decides in which table a record of a topic is landed and as which row; what does not decode is left out."""

import logging
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import msgspec

from rules.model.alerts import parse_alert, parse_clock
from rules.model.events import Undecodable, decode_message
from rules.model.times import parse_time
from streams.books.published import NotABook, read_published
from streams.codec import Partitioner, Route, decode, parse_dead_letter
from streams.topics import ALERTS, BOOKS, CLOCKS, DEAD_LETTERS, INSPECTION_EVENTS, SERVICE_EVENTS
from warehouse import rows

log = logging.getLogger(__name__)

Columns = dict[str, list[Any]]

LANDED = (SERVICE_EVENTS, INSPECTION_EVENTS, ALERTS, CLOCKS, DEAD_LETTERS, BOOKS)


def table_of(topic: str, records: Iterable[Any], partitioner: Partitioner) -> tuple[str, Columns]:
    """The table of a topic and its columns for these records; `topic` is the name without a prefix."""
    match topic:
        case "alerts":
            return "alerts", rows.columns(rows.ALERT_COLUMNS, _each(records, _alert))
        case "clocks":
            return "case_clock", rows.columns(rows.CLOCK_COLUMNS, _each(records, _clock))
        case "dead.letters":
            return "dead_letters", rows.columns(rows.DEAD_LETTER_COLUMNS, _each(records, _dead_letter))
        case "books":
            return "books", rows.columns(rows.BOOK_COLUMNS, _each(records, _book))
        case _:
            found = _each(records, partial(_event, topic, partitioner))
            return "event_versions", rows.columns(rows.EVENT_COLUMNS, found)


def _each(records: Iterable[Any], row_of: Callable[[Any], rows.Row]) -> Iterable[rows.Row]:
    for record in records:
        if not record.value:
            continue
        try:
            yield row_of(record)
        except (Undecodable, msgspec.MsgspecError, NotABook, ValueError) as fault:
            log.debug("%s-%d@%d is not landed: %s", record.topic, record.partition, record.offset, fault)


def _event(topic: str, partitioner: Partitioner, record: Any) -> rows.Row:
    event = decode(record.value, record.key or b"", record.timestamp * 1_000)
    Route(record.partition, partitioner).check(record.key)
    message = decode_message(record.value)
    return rows.event_row(rows.Landed(message, event, topic, record.partition, record.offset))


def _alert(record: Any) -> rows.Row:
    return rows.alert_row(parse_alert(record.value))


def _clock(record: Any) -> rows.Row:
    return rows.clock_row(parse_clock(record.value))


def _book(record: Any) -> rows.Row:
    book, content = read_published(record.value), record.value.decode()
    at = parse_time(book.published_at)
    return rows.book_row(
        rows.PublishedBook(name=book.name, hash=book.hash, published_at=at, by=book.by, content=content)
    )


def _dead_letter(record: Any) -> rows.Row:
    letter = parse_dead_letter(record.value)
    place = letter.line if letter.offset is None else letter.offset
    return rows.dead_letter_row(
        rows.DeadLetter(
            topic=letter.topic,
            partition=letter.partition or 0,
            offset=place or 0,
            reason=letter.reason,
            path=letter.path,
            detail=letter.detail,
            source=letter.source_file,
            hash=letter.hash,
            at=parse_time(letter.at),
        )
    )
