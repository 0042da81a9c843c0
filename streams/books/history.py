"""Decides which books were published under a name: what the topic, the warehouse and this machine remember of them."""

import asyncio
import logging
from collections.abc import Iterable
from pathlib import Path

import msgspec

from rules.model.times import iso, parse_time
from streams.books.published import NotABook, Published, read_published
from streams.books.reports import SILENT_FOR, Report, read_report
from streams.books.shelf import Shelf
from streams.books.topic import published_books, whole
from streams.settings import Settings
from streams.topics import BOOK_REPORTS
from warehouse.link import ServerException, WarehouseUnavailable
from warehouse.reader import Reader

SHORTEST = 6
"""Letters of a hash that tell one book from another."""

log = logging.getLogger(__name__)


def of(settings: Settings, name: str) -> list[Published]:
    """Newest first. The topic keeps the last for sure, the warehouse all that were landed. Raises KafkaError."""
    there, _ = asyncio.run(published_books(settings))
    known = [each.book for each in there if each.book is not None and each.name == name]
    known += [*_landed(settings, name), *_taken_here(settings, name)]
    found = {(book.published_at, book.hash): book for book in known}
    return sorted(found.values(), key=lambda book: parse_time(book.published_at), reverse=True)


class Unclear(Exception):
    """No published book, or more than one, is meant; the message lists those that there are."""

    exit_status = 2


def one_of(past: list[Published], wanted: str) -> Published:
    """`published` is the newest, `previous` the last other one, else that whose hash begins so. Raises Unclear."""
    if not past:
        raise Unclear("尚未发布过 · nothing was published under this name")
    if wanted == "published":
        found = past[:1]
    elif wanted == "previous":
        found = [each for each in past if each.hash != past[0].hash][:1]
    else:
        found = [each for each in past if len(wanted) >= SHORTEST and each.hash.startswith(wanted)]
    if len({each.hash for each in found}) != 1:
        known = ", ".join(dict.fromkeys(each.hash[:12] for each in past))
        raise Unclear(f"不能确定 `{wanted}` 是哪一个 · which book `{wanted}` means is not clear: {known}")
    return found[0]


def folder_of(settings: Settings, published: Published) -> Path:
    """The files of a published book, written down among those that this machine has taken. Raises OSError."""
    return Shelf(settings.state / "books", published.name).written(published)


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


def present(reports: Iterable[Report], now: int) -> list[Report]:
    """The workers that have said something of late."""
    return [report for report in reports if now - parse_time(report.at) <= SILENT_FOR]


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
