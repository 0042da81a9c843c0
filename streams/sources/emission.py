"""Decides the CloudEvents of one row: bytes of our own contract, hashed and located."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from typing import Any

import msgspec
from msgspec import Struct

from rules.model.events import TYPES
from rules.model.times import parse_time
from streams.hashing import Hasher
from streams.sources.conditions import holds
from streams.sources.faults import Place, RowFault, shown
from streams.sources.mapping import Emission, Mapping
from streams.sources.readers import Row
from streams.sources.values import Columns, Getter
from streams.sources.written_times import LocalTimes

IDS_REMEMBERED = 65_536
"""Per `once` event. An id that comes again after being forgotten is a duplicate, which changes nothing."""
KINDS_REMEMBERED = 1_000


class Sourced(Struct, frozen=True, gc=False):
    """One event on its way in: its bytes, its record, its stream, two of its times, where it stands."""

    value: bytes
    subject: str
    stream: str
    occurred_at: int
    received_at: int
    place: Place


class RowEvents:
    """All events of the rows of one mapping. Calling it with a row gives messages; raises RowFault."""

    def __init__(self, mapping: Mapping, hasher: Hasher) -> None:
        nested = mapping.format == "jsonl"
        times = LocalTimes(mapping.zone)
        columns = Columns(nested, mapping.personal, hasher, times, mapping.tables, mapping.blank)
        self._skip = [holds(condition, columns) for condition in mapping.skip]
        self._makers = [_Maker(event, mapping.source, columns, times) for event in mapping.events]
        self._kind = _telling_column(mapping.events)
        self._kind_of = columns.cell(self._kind) if self._kind else None
        self._by_kind: dict[str | None, list[_Maker]] = {}
        self.skipped = 0

    def __call__(self, row: Row, place: Place) -> Iterator[Sourced]:
        """The events of one row; none for a row that `skip` names. Raises RowFault where none applies."""
        if self._skip and all(met(row) for met in self._skip):
            self.skipped += 1
            return
        applied = False
        for maker in self._candidates(row):
            if maker.applies(row):
                applied = True
                made = maker.message(row, place)
                if made is not None:
                    yield made
        if not applied:
            raise RowFault("no_event", "", "no event of the mapping applies to this row, and `skip` does not name it")

    def _candidates(self, row: Row) -> list[_Maker]:
        """The events that the telling column leaves possible; all of them where there is no such column."""
        if self._kind_of is None:
            return self._makers
        kind = self._kind_of(row)
        found = self._by_kind.get(kind)
        if found is None:
            if len(self._by_kind) > KINDS_REMEMBERED:
                self._by_kind.clear()
            found = [maker for maker in self._makers if maker.names(self._kind, kind or "")]
            self._by_kind[kind] = found
        return found


def _telling_column(events: tuple[Emission, ...]) -> str:
    """A column whose word every event asks for: sources of many event types have one. Empty where none."""
    asked = [{each.column for each in event.when if each.words and not each.negated} for event in events]
    shared = sorted(set.intersection(*asked)) if len(events) > 1 else []
    return shared[0] if shared else ""


class _Maker:
    """One event of the mapping, compiled."""

    def __init__(self, event: Emission, source: str, columns: Columns, times: LocalTimes) -> None:
        kind = TYPES[event.type]
        self._type, self._source, self._stream = event.type, source, kind.stream
        self._conditions = [holds(condition, columns) for condition in event.when]
        self._words = {each.column: each.words for each in event.when if each.words is not None}
        self._id = columns.required(event.id, "id")
        self._subject = columns.required(event.subject, "subject")
        self._time = columns.required(event.time, "time")
        self._time_column = ", ".join(event.time.columns)
        self._personal = any(column in columns.personal for column in event.time.columns)
        self._times, self._whole_day = times, event.whole_day
        self._data = [(name, columns.value(value, kind.fields[name].kind)) for name, value in event.data.items()]
        self._stamps: list[tuple[str, Getter, str]] = [
            (name, columns.text(template), ", ".join(template.columns))
            for name, template in (("recordedat", event.recordedat), ("receivedat", event.receivedat))
            if template is not None
        ]
        self._operation = columns.value(event.operation, "string") if event.operation else None
        self._seen: OrderedDict[str, None] | None = OrderedDict() if event.once else None
        self._encode = msgspec.json.Encoder().encode

    def names(self, column: str, word: str) -> bool:
        """True when this event asks for that word of a column."""
        return word in self._words[column]

    def applies(self, row: Row) -> bool:
        return all(met(row) for met in self._conditions)

    def message(self, row: Row, place: Place) -> Sourced | None:
        event_id = self._id(row)
        if self._seen is not None and self._known(event_id):
            return None
        subject = self._subject(row)
        time, whole_day = self._when(row)
        message: dict[str, Any] = {
            "type": self._type,
            "specversion": "1.0",
            "id": event_id,
            "source": self._source,
            "subject": subject,
            "time": time,
        }
        occurred_at = received_at = parse_time(time)
        for name, text, column in self._stamps:
            written = text(row)
            if written is not None:
                stamp = message[name] = self._moment(written, column)
                received_at = parse_time(stamp)
        if whole_day:
            message["precision"] = "day"
        if self._operation is not None and (operation := self._operation(row)):
            message["operation"] = operation
        data: dict[str, Any] = {}
        for name, getter in self._data:
            value = getter(row)
            if value is not None:
                data[name] = value
        message["data"] = data
        try:
            return Sourced(self._encode(message), subject, self._stream, occurred_at, received_at, place)
        except UnicodeEncodeError:
            raise RowFault("not_the_encoding", "", "bytes that are not of the declared encoding") from None

    def _known(self, event_id: str) -> bool:
        seen = self._seen
        assert seen is not None
        if event_id in seen:
            return True
        seen[event_id] = None
        if len(seen) > IDS_REMEMBERED:
            seen.popitem(last=False)
        return False

    def _when(self, row: Row) -> tuple[str, bool]:
        text = self._time(row)
        if not self._whole_day and not self._times.is_day(text):
            return self._moment(text, self._time_column), False
        try:
            return self._times.midnight(text), True
        except ValueError:
            raise RowFault("not_a_date", self._time_column, f"{shown(text, self._personal)} is not a date") from None

    def _moment(self, text: str, column: str) -> str:
        try:
            return self._times.moment(text.strip())
        except ValueError:
            raise RowFault("not_a_time", column, f"{shown(text, self._personal)} is not a time") from None
