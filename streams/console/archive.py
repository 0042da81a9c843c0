"""Decides what is asked of the warehouse, and what the page says while it does not answer."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from msgspec import Struct

from rules.model.alerts import Alert, Clock, alert_json
from rules.model.events import TYPES
from streams import clock
from streams.console.board import Board
from streams.console.clock_shelf import clock_of
from streams.console.happenings import Happening
from streams.console.link import Link, Reach
from warehouse.link import WarehouseUnavailable
from warehouse.reader import Reader
from warehouse.rows import StoredEvent

T = TypeVar("T")
SEEDS = 10_000
"""Alerts that the queue starts from; the topic's tail comes on top."""
ASK_AGAIN_AFTER = 3.0
PATIENCE = "connect_timeout=2&send_receive_timeout=10"
"""Seconds: a page cannot wait as long as a night's rollup."""

log = logging.getLogger(__name__)


class Kept(Struct, frozen=True):
    """What the warehouse keeps of one alert: its revisions, its clock, and the events of its subject."""

    revisions: tuple[Alert, ...] = ()
    clock: Clock | None = None
    happenings: tuple[Happening, ...] = ()


class Archive:
    """The warehouse behind one thread, so that a slow query never holds up the page."""

    def __init__(self, url: str, board: Board) -> None:
        self._reader = Reader(f"{url}{'&' if '?' in url else '?'}{PATIENCE}")
        self._board = board
        self._threads = ThreadPoolExecutor(max_workers=1, thread_name_prefix="warehouse")
        self.link = Link()

    async def watch(self) -> None:
        """Never returns: fills the board from the warehouse whenever it can be reached again."""
        seeded = False
        while True:
            seeds = 1 if seeded else SEEDS
            found = await self._ask(self._reader.alerts, limit=seeds)
            for place, alert in enumerate(found or ()):
                self._board.put(alert, alert.ended_at or alert.at, alert_json(alert))
                if place % 500 == 0:
                    await asyncio.sleep(0)
            seeded = found is not None and (seeded or bool(found))
            await asyncio.sleep(ASK_AGAIN_AFTER)

    async def keeps(self, alert_id: str, known: Alert | None) -> Kept | None:
        """What there is of an alert; None while the warehouse cannot be reached."""
        if self.link.reach is Reach.LOST:
            return None
        return await self._ask(self._kept, alert_id, known)

    def _kept(self, alert_id: str, known: Alert | None) -> Kept:
        revisions = tuple(self._reader.alert_history(alert_id)) if is_id(alert_id) else ()
        newest = revisions[-1] if revisions else None
        alert = max(filter(None, (known, newest)), key=lambda each: each.revision, default=None)
        if alert is None:
            return Kept()
        stored = self._reader.case_timeline(alert.stream, alert.subject)
        clocks = self._reader.case_clocks(alert.stream, alert.subject)
        return Kept(revisions, clock_of(alert, clocks), tuple(happening(each) for each in stored))

    async def _ask(self, question: Callable[..., T], *given: Any, **named: Any) -> T | None:
        """The answer, None while there is none: a fault of the warehouse is the link's, never the page's."""
        loop = asyncio.get_running_loop()
        try:
            answer = await loop.run_in_executor(self._threads, lambda: question(*given, **named))
        except WarehouseUnavailable as fault:
            self._lost(str(fault))
            return None
        except Exception as fault:  # a warehouse that is not migrated yet answers with errors of its own
            self._lost(str(fault).partition("Stack trace")[0].strip()[:300] or type(fault).__name__)
            return None
        self.link.live(clock.now_us())
        return answer

    def _lost(self, reason: str) -> None:
        if self.link.reach is not Reach.LOST:
            log.warning("the warehouse does not answer: %s", reason)
        self.link.lost(clock.now_us(), reason)

    def close(self) -> None:
        self._threads.submit(self._reader.close)
        self._threads.shutdown(wait=False, cancel_futures=False)


def is_id(text: str) -> bool:
    """True for what can be an alert's id: 32 hexadecimal digits."""
    return len(text) == 32 and all(letter in "0123456789abcdef" for letter in text)


def happening(stored: StoredEvent) -> Happening:
    """A stored event with the fields that the contract does not mark as personal, as texts."""
    kind = TYPES.get(stored.type)
    marks = kind.fields if kind else {}
    fields = {
        name: _text(value)
        for name, value in stored.fields.items()
        if name in marks and not marks[name].personal and marks[name].use != "opaque"
    }
    return Happening(
        source=stored.source,
        id=stored.id,
        type=stored.type,
        occurred_at=stored.occurred_at,
        whole_day=stored.whole_day,
        recorded_at=stored.recorded_at,
        received_at=stored.received_at,
        operation=stored.operation,
        fields={name: text for name, text in fields.items() if text},
    )


def _text(value: Any) -> str:
    if value is None or value is False:
        return ""
    if value is True:
        return "✓"
    if isinstance(value, list):
        return "、".join(str(each) for each in value)
    return f"{value:g}" if isinstance(value, float) else str(value)
