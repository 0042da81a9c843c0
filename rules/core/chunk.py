"""Decides what a chunk brings for one subject, and how it is taken back where its fold raises."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from rules.core.record import Record
from rules.model.events import Event, Fact


class FoldError(Exception):
    """The fold of a subject raised: its events are taken one by one."""


class Chunk(Struct, gc=False):
    """What a chunk brings for one subject: how long its log was before the events from `since` on."""

    record: Record
    since: int
    count: int
    length: int
    broken: bool = False


def events_from(since: int, events: Sequence[Event], subject: str) -> list[tuple[int, Fact]]:
    """The events of a subject in a chunk from a place on, with their places."""
    return [(at, event.fact) for at, event in enumerate(events) if at >= since and event.subject == subject]
