"""Decides what a list of input files is: one stream of our messages, every bad row set aside and named."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import PurePath

import msgspec
from msgspec import Struct

from rules.core.folding import TRANSIT
from rules.model.events import TYPES, Undecodable, decode_event
from rules.model.times import DAY, parse_time
from streams.codec import LARGEST
from streams.hashing import Hasher
from streams.sources.emission import RowEvents, Sourced
from streams.sources.faults import DeadLetters, Fault, Place, RowFault
from streams.sources.mapping import Mapping
from streams.sources.ordering import by_time_received
from streams.sources.readers import BROKEN_STREAM, Row, json_lines, opened, rows
from streams.sources.values import FILE_NAME, ROW_NUMBER

SHAPES_REMEMBERED = 10_000


class Heading(Struct):
    """What must be known of an event in our own contract to send it on: its record, type and times."""

    subject: str = ""
    type: str = ""
    time: str = ""
    recordedat: str = ""
    receivedat: str = ""


class History:
    """Iterating gives the messages of all inputs, in their order or, where the mapping says so, by time.

    Notes (an unmapped column, an empty file) are told once to `note`; bad rows go to `dead_letters`.
    """

    def __init__(
        self,
        inputs: Iterable[str],
        mapping: Mapping | None,
        hasher: Hasher,
        dead_letters: DeadLetters,
        note: Callable[[str], None],
    ) -> None:
        self.inputs, self.mapping, self.dead_letters, self._note = tuple(inputs), mapping, dead_letters, note
        self._events = RowEvents(mapping, hasher) if mapping else None
        self._unmapped: set[str] = set()
        self._shapes: set[tuple[str, ...]] = set()
        self._parents = _parents(mapping) if mapping else ()
        self.rows = 0

    @property
    def skipped(self) -> int:
        return self._events.skipped if self._events else 0

    def __iter__(self) -> Iterator[Sourced]:
        messages = self._in_file_order()
        if self.mapping is not None and self.mapping.order == "time":
            return by_time_received(messages)
        return self._looking_for_disorder(messages)

    def _looking_for_disorder(self, messages: Iterable[Sourced]) -> Iterator[Sourced]:
        """The same messages; tells of the first that comes later than any state is kept for it (RULES.md §3.5)."""
        latest, told = -TRANSIT, False
        for message in messages:
            latest = max(latest, message.received_at)
            if not told and message.received_at < latest - TRANSIT:
                told, days = True, (latest - message.received_at) // DAY
                self._note(
                    f"{message.place}: received {days} days before what stands ahead of it: some of such a history may "
                    "not be judged; write `order: time` into its mapping"
                )
            yield message

    def _in_file_order(self) -> Iterator[Sourced]:
        for name in self.inputs:
            before = self.rows + self.dead_letters.total
            yield from self._mapped(name) if self.mapping else self._contract(name)
            if self.rows + self.dead_letters.total == before:
                self.dead_letters.add(Fault("empty_file", "", "the file has no rows"), Place(name, 0))

    def _mapped(self, name: str) -> Iterator[Sourced]:
        mapping, events = self.mapping, self._events
        assert mapping is not None and events is not None
        known = mapping.columns | mapping.ignored
        numbered = any({ROW_NUMBER, FILE_NAME} & set(event.id.columns) for event in mapping.events)
        stem, checked, number = PurePath(name).name, False, 0
        with opened(name) as stream:
            for line, row, raw in rows(stream, mapping.format, mapping.encoding, mapping.delimiter):
                place = Place(name, line)
                if isinstance(row, Fault):
                    self.dead_letters.add(row, place, raw)
                    continue
                number += 1
                self.rows += 1
                if not checked and mapping.format == "csv":
                    self._look_for_missing(row, mapping, place)
                if not checked or mapping.format != "csv":
                    self._look_for_unmapped(row, known, place)
                    checked = True
                if numbered:
                    row[ROW_NUMBER], row[FILE_NAME] = str(number), stem
                yield from self._of_row(events, row, place, raw)

    def _of_row(self, events: RowEvents, row: Row, place: Place, raw: bytes) -> Iterator[Sourced]:
        try:
            for message in events(row, place):
                if self._fits(message.value, place):
                    yield message
        except RowFault as error:
            self.dead_letters.add(error.fault, place, raw or _bytes_of(row))

    def _fits(self, value: bytes, place: Place) -> bool:
        if len(value) <= LARGEST:
            return True
        detail = f"the event has {len(value):,} bytes; {LARGEST:,} are the most"
        self.dead_letters.add(Fault("too_large", "$", detail), place, value)
        return False

    def _look_for_missing(self, row: Row, mapping: Mapping, place: Place) -> None:
        for column in sorted(mapping.columns - row.keys()):
            self._note(f"{place.file}: the mapping reads a column `{column}`, which this file does not have")

    def _look_for_unmapped(self, row: Row, known: frozenset[str], place: Place) -> None:
        shape = tuple(row)
        for parent in self._parents:
            inner = row.get(parent)
            if type(inner) is dict:
                shape += (parent, *inner)
        if shape not in self._shapes:
            if len(self._shapes) < SHAPES_REMEMBERED:
                self._shapes.add(shape)
            self._tell_unmapped(row, known, place)

    def _tell_unmapped(self, row: Row, known: frozenset[str], place: Place) -> None:
        for column, value in row.items():
            if column in known or column in self._unmapped:
                continue
            if isinstance(value, dict) and any(each.startswith(f"{column}.") for each in known):
                inner = {f"{column}.{key}": each for key, each in value.items()}
                self._tell_unmapped(inner, known, place)
                continue
            self._unmapped.add(column)
            self._note(f"{place}: the column `{column}` is not mapped; list it under `ignore` if that is meant")

    def _contract(self, name: str) -> Iterator[Sourced]:
        decode = msgspec.json.Decoder(Heading).decode
        with opened(name) as stream:
            lines = json_lines(stream)
            line = 0
            try:
                for line, text in lines:
                    place = Place(name, line)
                    if isinstance(text, Fault):
                        self.dead_letters.add(text, place)
                        continue
                    self.rows += 1
                    if self._fits(text, place):
                        yield from self._headed(decode, text, place)
            except BROKEN_STREAM as error:
                detail = f"the file breaks off after this line: {error}"
                self.dead_letters.add(Fault("broken_file", "", detail), Place(name, line))

    def _headed(self, decode: Callable[[bytes], Heading], text: bytes, place: Place) -> Iterator[Sourced]:
        try:
            head = decode(text)
            occurred_at = parse_time(head.time) if head.time else 0
            written = head.receivedat or head.recordedat
            received_at = parse_time(written) if written else occurred_at
        except (msgspec.ValidationError, ValueError, OverflowError) as error:
            self.dead_letters.add(_located(text, error), place, text)
            return
        kind = TYPES.get(head.type)
        if kind is None:
            fault = Fault("unknown_type", "$.type", f"`{head.type[:60]}` is not an event type of the contract")
            self.dead_letters.add(fault, place, text)
        elif not head.subject:
            self.dead_letters.add(Fault("no_identity", "$.subject", "the event names no subject"), place, text)
        else:
            yield Sourced(text, head.subject, kind.stream, occurred_at, received_at, place)


def _located(text: bytes, error: Exception) -> Fault:
    """What is wrong with a message, in the words and at the path of the contract's own decoder."""
    try:
        decode_event(text)
    except Undecodable as fault:
        return Fault(fault.reason, fault.path, fault.detail)
    return Fault("not_the_contract", "$", str(error))


def _parents(mapping: Mapping) -> tuple[str, ...]:
    """The JSON objects that the mapping looks into by dotted names."""
    if mapping.format != "jsonl":
        return ()
    dotted = {column.partition(".")[0] for column in mapping.columns | mapping.ignored if "." in column}
    return tuple(sorted(dotted))


def _bytes_of(row: Row) -> bytes:
    return "\x1f".join(str(value) for value in row.values()).encode(errors="surrogateescape")
