"""Decides what a row is in an XES log: one event with the attributes of its trace, prefixed `case:`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO
from xml.parsers import expat

from streams.sources.faults import Fault

CHUNK = 1 << 16
ATTRIBUTES = frozenset({"string", "date", "int", "float", "boolean", "id"})


class _Doctype(Exception):
    """A document type declaration: an event log has none, and entities are a way to fill the memory."""


class _Traces:
    """Collects finished events while expat reads; nested attributes (lists, containers) are passed over."""

    def __init__(self) -> None:
        self.parser = expat.ParserCreate()
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.StartDoctypeDeclHandler = self._refuse
        self.finished: list[tuple[int, dict[str, Any]]] = []
        self.line = 1
        self._trace: dict[str, Any] = {}
        self._event: dict[str, Any] | None = None
        self._path: list[str] = []

    @staticmethod
    def _refuse(*_: object) -> None:
        raise _Doctype

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self._path.append(tag)
        inside = self._path[-2] if len(self._path) > 1 else ""
        if tag == "trace":
            self._trace = {}
        elif tag == "event":
            self._event, self.line = {}, self.parser.CurrentLineNumber
        elif tag in ATTRIBUTES and "key" in attributes:
            if inside == "event" and self._event is not None:
                self._event[attributes["key"]] = attributes.get("value", "")
            elif inside == "trace":
                self._trace["case:" + attributes["key"]] = attributes.get("value", "")

    def _end(self, tag: str) -> None:
        self._path.pop()
        if tag == "event" and self._event is not None:
            self.finished.append((self.line, self._trace | self._event))
            self._event = None


def rows_of_xes(stream: BinaryIO) -> Iterator[tuple[int, dict[str, Any] | Fault, bytes]]:
    """Events in the order of the file; XML that breaks ends the file with a fault, what came before stays."""
    traces = _Traces()
    while True:
        chunk = stream.read(CHUNK)
        broken: Fault | None = None
        try:
            traces.parser.Parse(chunk, not chunk)
        except expat.ExpatError as error:
            broken = Fault("not_xes", f"column {error.offset}", expat.ErrorString(error.code))
        except _Doctype:
            broken = Fault("not_xes", "", "a document type declaration is refused")
        for line, row in traces.finished:
            yield line, row, b""
        traces.finished.clear()
        if broken is not None:
            yield traces.parser.CurrentLineNumber, broken, b""
            return
        if not chunk:
            return
