"""Decides what a worker says of its book to those who publish: which is in force, which refused, what is left to do."""

import asyncio
import logging
import socket
from typing import TYPE_CHECKING

import msgspec
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from msgspec import Struct

from rules.model.times import SECOND, iso
from streams import clock
from streams.books.edition import Edition
from streams.books.shelf import Refusal
from streams.settings import Settings
from streams.topics import BOOK_REPORTS, Names

if TYPE_CHECKING:
    from streams.books.following import Follower
    from streams.lane_keeper import LaneKeeper

log = logging.getLogger(__name__)

EVERY = 30.0
"""Seconds between two reports of a worker that has nothing new to say: one that is silent for longer is gone."""
WHILE_REFOLDING = 1.0
SILENT_FOR = int(3 * EVERY) * SECOND
"""A worker that has said nothing for so long is gone."""


class Report(Struct, frozen=True, kw_only=True):
    """One worker, as it was a moment ago. `name` is the book's, or the folder that the worker is pinned to."""

    worker: str
    at: str
    name: str
    hash: str
    published_at: str
    by: str
    rules: list[tuple[str, int, str]]
    pinned: bool
    outdated: int
    """How many subjects and groups are still to be judged by this book."""
    counted: dict[str, int]
    refused: Refusal | None = None


class Reporter:
    """Writes the reports of one worker, under one key, so that the topic keeps the last."""

    def __init__(self, settings: Settings, keeper: "LaneKeeper", follower: "Follower | None") -> None:
        self._settings, self._keeper, self._follower = settings, keeper, follower
        self._topic = Names(settings.topic_prefix, settings.app).of(BOOK_REPORTS)
        self._something_new = asyncio.Event()

    def wake(self) -> None:
        """Has a report written at once."""
        self._something_new.set()

    async def run(self) -> None:
        """Never returns. A broker that is away costs reports, nothing else."""
        async with AIOKafkaProducer(bootstrap_servers=self._settings.kafka_bootstrap_servers) as producer:
            while True:
                report = self._report()
                try:
                    await producer.send_and_wait(self._topic, msgspec.json.encode(report), report.worker.encode())
                except KafkaError as fault:
                    log.debug("no report of the book in force: %s", fault)
                self._something_new.clear()
                try:
                    pause = WHILE_REFOLDING if report.outdated else EVERY
                    await asyncio.wait_for(self._something_new.wait(), pause)
                except TimeoutError:
                    continue

    def _report(self) -> Report:
        edition: Edition = self._keeper.in_force.edition
        refusal = self._follower.refusal if self._follower is not None else None
        return Report(
            worker=f"{self._settings.app}/{socket.gethostname()}/{self._keeper.worker}",
            at=iso(clock.now_us()),
            name=edition.name,
            hash=edition.hash,
            published_at=edition.published_at,
            by=edition.by,
            rules=list(edition.rules),
            pinned=self._follower is None,
            outdated=self._keeper.outdated,
            counted={name: count for name, count in self._keeper.counters.items() if name in COUNTED},
            refused=refusal,
        )


COUNTED = frozenset({"books_taken", "books_refused", "refold_raised", "records", "alerts", "dead_letters"})


def read_report(value: bytes) -> Report:
    """The report of a message. Raises msgspec.MsgspecError."""
    return msgspec.json.decode(value, type=Report)
