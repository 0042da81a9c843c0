"""Decides what the warehouse's tests share: a migrated database, and events written shortly."""

from collections.abc import Callable, Iterable
from typing import Any

import msgspec
import pytest

from rules.model.events import decode_message, to_event
from warehouse import rows
from warehouse.migrations import migrate
from warehouse.rows import Landed
from warehouse.writer import Writer

Make = Callable[..., Landed]
Land = Callable[..., None]


@pytest.fixture
def migrated(warehouse_url: str) -> str:
    migrate(warehouse_url)
    return warehouse_url


@pytest.fixture
def event() -> Make:
    """event(type, time, id=…, data={…}) → a decoded message; the times are those of Asia/Shanghai."""

    def make(kind: str, time: str = "", **given: Any) -> Landed:
        envelope = {"specversion": "1.0", "type": kind, "source": "office", "subject": "A1", "operation": "i"}
        envelope |= {"id": f"{kind}-{time}", "data": {}} | given
        if time:
            envelope["time"] = f"{time}+08:00"
        for name in ("recordedat", "receivedat"):
            if name in given:
                envelope[name] = f"{given[name]}+08:00"
        if envelope["operation"] == "d":
            del envelope["data"]
        message = decode_message(msgspec.json.encode(envelope))
        return Landed(message, to_event(message), "service.events", 0, 0)

    return make


@pytest.fixture
def land(migrated: str) -> Iterable[Land]:
    writer = Writer(migrated)

    def insert(events: Iterable[Landed], token: str | None = None) -> None:
        writer.insert("event_versions", rows.columns(rows.EVENT_COLUMNS, map(rows.event_row, events)), token)

    yield insert
    writer.close()
