"""Decides what the console knows of books: what was published, and which each worker judges by or has refused."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from msgspec import Struct

from rules.language import Book
from streams.books.history import present
from streams.books.published import Published
from streams.books.reports import Report, read_report
from streams.books.shelf import Refused, read_back
from streams.books.topic import found
from streams.console.declared import Declared

MOST = 50

log = logging.getLogger(__name__)


class Sent(Struct, frozen=True):
    """A book that was published."""

    hash: str
    published_at: str
    by: str
    files: int


class BooksShelf:
    """Fold of the topics `books` and `book.reports`; `known` follows the book of this name, unless it is pinned."""

    def __init__(self, name: str, known: Declared, pinned: bool) -> None:
        self._name, self._known, self._pinned = name, known, pinned
        self.reports: dict[str, Report] = {}
        self.sent: list[Sent] = []
        self._reading: set[asyncio.Future[None]] = set()

    def take_book(self, record: Any) -> None:
        """One record of the topic of books; what is none is for the workers to refuse."""
        said = found(record)
        if said.book is None or said.name != self._name:
            return
        book = said.book
        self.sent = [Sent(book.hash, book.published_at, book.by, len(book.files)), *self.sent][:MOST]
        if not self._pinned:
            reading = asyncio.ensure_future(self._follow(book))
            self._reading.add(reading)
            reading.add_done_callback(self._reading.discard)

    async def _follow(self, published: Published) -> None:
        """Names, zones and calendars of the page are those of the book published last."""
        try:
            book: Book = await asyncio.to_thread(read_back, published)
        except Refused as fault:
            log.warning("the page keeps the names that it has, book %s does not load: %s", published.hash, fault)
            return
        if self.sent and self.sent[0].hash == published.hash:
            self._known.take(book)

    def take_report(self, record: Any) -> None:
        """One record of the topic of reports. Raises msgspec.MsgspecError."""
        report = read_report(record.value)
        self.reports[report.worker] = report

    def present(self, now: int) -> list[Report]:
        """The workers that have said something of late, by name."""
        return present((self.reports[worker] for worker in sorted(self.reports)), now)

    def refusing(self, now: int) -> list[Report]:
        """Those that could not take what was published last."""
        return [report for report in self.present(now) if report.refused is not None]
