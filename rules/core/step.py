"""Decides what a host gets back: alerts, clocks and facts to send, state rows to keep, and what was not judged."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from msgspec import Struct

from rules.model.alerts import Alert, Clock
from rules.model.facts import GroupFact


class Rows(Protocol):
    """What holds state: a dict in memory, a lane's store in a worker."""

    def get(self, key: bytes) -> bytes | None:
        """The row under a key."""

    def scan(self, prefix: bytes) -> Iterable[tuple[bytes, bytes]]:
        """The rows whose key begins so, in the order of their keys."""


class Rejected(Struct, frozen=True):
    """An event that could not be folded: its place in the chunk and why."""

    index: int
    reason: str
    path: str
    detail: str


class Step(Struct):
    """What one chunk of events, or the timers due, brought about. Rows of None are to be deleted."""

    alerts: list[Alert] = []
    clocks: list[Clock] = []
    facts: list[GroupFact] = []
    rows: dict[bytes, bytes | None] = {}
    rejected: list[Rejected] = []
    unjudged: list[tuple[str, str]] = []
    counted: list[str] = []
