"""Decides how a replay is written to the warehouse: every event version, alert revision and clock, once."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import Any

import msgspec

from rules.core import Step
from rules.model.events import Event, decode_message
from streams.sources.emission import Sourced
from warehouse.rows import (
    ALERT_COLUMNS,
    CLOCK_COLUMNS,
    EVENT_COLUMNS,
    Landed,
    Row,
    alert_row,
    clock_row,
    columns,
    event_row,
)
from warehouse.writer import Writer

BLOCK = 50_000
TABLES = {"event_versions": EVENT_COLUMNS, "alerts": ALERT_COLUMNS, "case_clock": CLOCK_COLUMNS}


class ReplayLanding:
    """Buffers rows and inserts blocks; a block's token is its content: a repeated replay adds nothing."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._rows: dict[str, list[Row]] = {table: [] for table in TABLES}
        self.landed: dict[str, int] = dict.fromkeys(TABLES, 0)

    def __call__(self, messages: Sequence[Sourced], events: Sequence[Event], step: Step) -> None:
        unjudged = set(step.unjudged)
        rejected = {each.index for each in step.rejected}
        for index, (message, event) in enumerate(zip(messages, events, strict=True)):
            if index not in rejected:
                late = (event.fact.source, event.fact.id) in unjudged
                landed = Landed(decode_message(message.value), event, unjudged=late)
                self._rows["event_versions"].append(event_row(landed))
        self._rows["alerts"] += [alert_row(alert) for alert in step.alerts]
        self._rows["case_clock"] += [clock_row(clock) for clock in step.clocks]
        for table, rows in self._rows.items():
            if len(rows) >= BLOCK:
                self._insert(table)

    def finish(self) -> None:
        """Inserts what is left in the buffers."""
        for table in TABLES:
            self._insert(table)
        self._writer.close()

    def _insert(self, table: str) -> None:
        rows, self._rows[table] = self._rows[table], []
        if rows:
            token = f"replay-{table}-{_content(rows)}"
            self.landed[table] += self._writer.insert(table, columns(TABLES[table], rows), token)


def _content(rows: list[Row]) -> str:
    def plain(value: Any) -> Any:
        return str(value)

    return blake2b(msgspec.msgpack.encode(rows, enc_hook=plain), digest_size=16).hexdigest()
