"""Decides what the pages read from: the board, the clocks, both links, the declared tables, the time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from streams import clock
from streams.console.archive import Archive
from streams.console.board import Board
from streams.console.books_shelf import BooksShelf
from streams.console.clock_shelf import ClockShelf
from streams.console.declared import Declared, declared
from streams.console.link import Reach
from streams.console.tail import Tail
from streams.console.wording import Words
from streams.settings import Settings
from streams.topics import ALERTS, BOOK_REPORTS, BOOKS, CLOCKS, Names

TEMPLATES = Path(__file__).parent / "templates"
ASSETS = Path(__file__).parent / "static"


@cache
def environment() -> Environment:
    return Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined)


def fill(template: str, **given: Any) -> str:
    """A template of this room with its names filled in, every text escaped."""
    return environment().get_template(f"{template}.html").render(**given)


@dataclass(frozen=True, slots=True)
class Desk:
    """Everything that a page may ask."""

    board: Board
    shelf: ClockShelf
    tail: Tail
    archive: Archive
    known: Declared
    policy: str
    books: BooksShelf

    def now(self, *seen: int) -> int:
        """Wall time, or under the policy `event` the latest time that was seen (ARCHITECTURE §3)."""
        latest = max(self.board.latest_at, *seen, 0)
        return latest if self.policy == "event" and latest else clock.now_us()

    def bars(self, words: Words) -> list[Mapping[str, str]]:
        """What a reader must know of the two servers and of a refused book; nothing while all is well."""
        bars: list[Mapping[str, str]] = []
        kafka, warehouse = self.tail.link, self.archive.link
        if kafka.reach is Reach.LOST:
            text = words("link.kafka_lost", since=self.known.when(kafka.since, ""))
            bars.append({"name": "kafka", "text": text, "why": kafka.reason})
        elif kafka.reach is Reach.CONNECTING:
            bars.append({"name": "connecting", "text": words("link.kafka_connecting"), "why": ""})
        if warehouse.reach is Reach.LOST:
            text = words("link.warehouse_lost", since=self.known.when(warehouse.since, ""))
            bars.append({"name": "warehouse", "text": text, "why": warehouse.reason})
        refusing = self.books.refusing(clock.now_us())
        if refusing and (refused := refusing[0].refused) is not None:
            text = words("books.refused_bar", n=len(refusing), hash=refused.hash[:12])
            bars.append({"name": "refused", "text": text, "why": refused.faults[0].splitlines()[0]})
        return bars

    def links(self) -> list[Mapping[str, str]]:
        return [
            {"name": "kafka", "reach": self.tail.link.reach.value},
            {"name": "warehouse", "reach": self.archive.link.reach.value},
        ]


def desk_of(settings: Settings) -> Desk:
    """The desk of these settings; nothing is connected yet. Raises the errors of the declared tables."""
    board, shelf = Board(), ClockShelf()
    names = Names(settings.topic_prefix, settings.app)
    known = declared(settings.book)
    books = BooksShelf(settings.book_name, known, settings.book is not None)
    others = {names.of(BOOKS): books.take_book, names.of(BOOK_REPORTS): books.take_report}
    tail = Tail(settings.kafka_bootstrap_servers, names.of(ALERTS), names.of(CLOCKS), board, shelf, others)
    archive = Archive(settings.clickhouse_url, board)
    return Desk(board, shelf, tail, archive, known, settings.clock, books)
