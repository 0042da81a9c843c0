"""Decides which books were published under a name: what the topic, the warehouse and this machine remember of them."""

import asyncio
import logging

import msgspec

from rules.model.times import iso, parse_time
from streams.books.published import NotABook, Published, read_published
from streams.books.reports import Report, read_report
from streams.books.shelf import Shelf
from streams.books.topic import published_books, whole
from streams.settings import Settings
from streams.topics import BOOK_REPORTS
from warehouse.link import ServerException, WarehouseUnavailable
from warehouse.reader import Reader

log = logging.getLogger(__name__)


def of(settings: Settings, name: str) -> list[Published]:
    """Newest first. The topic keeps the last for sure, the warehouse all that were landed. Raises KafkaError."""
    there, _ = asyncio.run(published_books(settings))
    known = [each.book for each in there if each.book is not None and each.name == name]
    known += [*_landed(settings, name), *_taken_here(settings, name)]
    found = {(book.published_at, book.hash): book for book in known}
    return sorted(found.values(), key=lambda book: parse_time(book.published_at), reverse=True)


def again(former: Published, by: str, at: int) -> Published:
    """The same book, published once more."""
    return msgspec.structs.replace(former, by=by, published_at=iso(at))


async def reports(settings: Settings) -> list[Report]:
    """The last report of each worker, by name."""
    found: dict[str, Report] = {}
    records, _ = await whole(settings, BOOK_REPORTS)
    for record in records:
        try:
            report = read_report(record.value)
        except msgspec.MsgspecError as fault:
            log.debug("a report of a worker cannot be read: %s", fault)
        else:
            found[report.worker] = report
    return [found[worker] for worker in sorted(found)]


def _landed(settings: Settings, name: str) -> list[Published]:
    """What the warehouse has; nothing while it is away."""
    reader = Reader(settings.clickhouse_url)
    try:
        rows = reader.published_books(name)
    except (WarehouseUnavailable, ServerException) as fault:
        log.info("the warehouse is not asked for former books: %s", fault)
        return []
    finally:
        reader.close()
    found = []
    for row in rows:
        try:
            found.append(read_published(row.content.encode()))
        except NotABook as fault:
            log.warning("book %s of the warehouse cannot be read: %s", row.hash, fault)
    return found


def _taken_here(settings: Settings, name: str) -> list[Published]:
    archive = Shelf(settings.state / "books", name).archive()
    return [book for book in archive if book.name == name]
