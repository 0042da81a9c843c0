"""Decides which book a worker judges by: the last good one that was published under its name, else the shipped one."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable

from aiokafka.errors import KafkaError

from rules.language import load_book
from rules.model.times import iso
from streams import clock
from streams.books.edition import Edition, InForce, edition_of
from streams.books.published import Published
from streams.books.shelf import MOST_FAULTS, Refusal, Refused, Shelf
from streams.books.topic import Found, found, published_books, reading
from streams.settings import Settings

log = logging.getLogger(__name__)

SHIPPED = "shipped"
RETRY_AFTER = 2.0


class Follower:
    """Reads the topic of books: `first` before the worker starts, `run` while it works."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.name = settings.book_name
        self.refusal: Refusal | None = None
        self._shelf = Shelf(settings.state / "books", f"{settings.app}.{settings.topic_prefix}{self.name}")
        self._position = 0

    def first(self) -> Edition:
        """The book to begin with. Raises KafkaError when no broker answers, BookErrors for a broken installation."""
        there, self._position = asyncio.run(published_books(self._settings))
        newest: Refusal | None = None
        for each in reversed([each for each in there if each.name == self.name]):
            edition = self._taken(each)
            if edition is not None:
                self.refusal = newest
                return edition
            newest = newest or self.refusal
        kept = self._shelf.last_good() if newest is not None else None
        edition = self._loaded(kept) if kept is not None else None
        self.refusal = newest
        return edition or edition_of(load_book(), SHIPPED)

    async def run(self, in_force: InForce, counters: Counter[str], changed: Callable[[], None]) -> None:
        """Never returns; a broker that is away is waited for."""
        while True:
            try:
                await self._follow(in_force, counters, changed)
            except (KafkaError, OSError) as fault:
                log.warning("the topic of books cannot be read, trying again: %s", fault)
                await asyncio.sleep(RETRY_AFTER)

    async def _follow(self, in_force: InForce, counters: Counter[str], changed: Callable[[], None]) -> None:
        async with reading(self._settings, self._position) as (consumer, source):
            while True:
                records = (await consumer.getmany(source, timeout_ms=1_000)).get(source, [])
                if not records:
                    continue
                said = [found(record) for record in records if record.value is not None]
                ours = [each for each in said if each.name == self.name]
                if ours:
                    await self._come_into_force(ours[-1], in_force, counters)
                    changed()
                self._position = records[-1].offset + 1

    async def _come_into_force(self, each: Found, in_force: InForce, counters: Counter[str]) -> None:
        began = clock.monotonic()
        edition = await asyncio.to_thread(self._taken, each)
        if edition is None:
            counters["books_refused"] += 1
            return
        counters["books_taken"] += 1
        self.refusal = None
        if edition.hash != in_force.edition.hash:
            in_force.replace(edition)
        log.info(
            "book %s %s in force: %d rules, published %s by %s, loaded in %.1f s",
            edition.name, edition.hash, len(edition.rules), edition.published_at, edition.by, clock.monotonic() - began,
        )  # fmt: skip

    def _taken(self, each: Found) -> Edition | None:
        """The edition of a record; None, a log line and a refusal for what is none: the book in force stays."""
        if each.book is None:
            self._refuse(Refused("", [each.fault]))
            return None
        return self._loaded(each.book)

    def _loaded(self, published: Published) -> Edition | None:
        try:
            return self._shelf.take(published)
        except Refused as fault:
            self._refuse(fault)
            return None

    def _refuse(self, fault: Refused) -> None:
        self.refusal = Refusal(fault.hash, iso(clock.now_us()), fault.faults[:MOST_FAULTS])
        log.error("book %s %s is refused, the last good one stays in force:\n%s", self.name, fault.hash, fault)
