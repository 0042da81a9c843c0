"""Decides how a verdict is explained from the command line: the events of one subject, its clocks day by day."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import msgspec
import typer
from rich.console import Console

from rules.core.slots import grouping_of
from rules.language import Book
from rules.model.events import Event
from rules.model.times import local_day
from rules.testing.explain import explain
from streams.cli.histories import KnownAt
from streams.cli.inputs import MappingFile, hasher_for
from streams.cli.rehearsals import AsJson, BookFolder, Histories, Past, Stored, past
from streams.clock import now_us
from streams.explain_report import Report, explanation_json
from streams.rehearsal.part import WAREHOUSE
from streams.replay import Admission
from streams.settings import LANGUAGES, settings
from streams.sources.faults import DeadLetters, print_dead_letters, say
from streams.sources.history import History

Rule = Annotated[str, typer.Argument(help="规则编号，连同其子规则 · a rule's id; T03 takes T03.penalty with it")]
Subject = Annotated[str, typer.Argument(help="办件或行为编号 · the case, or the supervision action")]
Until = Annotated[str, typer.Option(help="截至此刻；只写日期即该日 24:00 · as it stood then; a date means its 24:00")]
Language = Annotated[str, typer.Option("--lang", help="zh 或 en；默认随终端 · zh or en")]


def command(
    rule: Rule,
    subject: Subject,
    inputs: Histories = None,
    until: Until = "",
    known_at: KnownAt = "",
    mapping: MappingFile = None,
    warehouse: Stored = False,
    book: BookFolder = None,
    language: Language = "",
    json: AsJson = False,
) -> None:
    """一件办件的时钟，逐日可核 · why a rule fired, or did not: its clock day by day, as a person would check it.

    不给 INPUT 即查数据仓库。--known-at：按当时已收到的版本、当时已公布的日历。
    Without INPUT the warehouse is asked. --known-at: the versions received, and the calendars announced, by then.

    例 · Example: mingjing rules explain T03 SC-510104-000018 month.jsonl --lang en

    例 · Example: mingjing rules explain T03 SC-510104-000018 --known-at 2026-03-19T09:00
    """
    language = language or settings().language
    if language not in LANGUAGES:
        raise typer.BadParameter(f"`{language}`: {', '.join(LANGUAGES)}", param_hint="--lang")
    history = past(inputs, mapping, warehouse or not inputs, until, known_at)
    at = history.book(book, [rule])
    known = history.horizon.known_at
    if known is not None:
        at = msgspec.structs.replace(at, announced_by=local_day(known, history.zone))
    loaded = at.load()
    dead_letters = DeadLetters()
    reading = _Reading(history, loaded, subject, dead_letters)
    events = list(reading)
    found = explain(loaded, subject, events, reading.now)
    if json:
        print(explanation_json(found))
    else:
        from streams.console.wording import words

        report = Report(Console(), words(language), loaded, known_at)
        for each in found:
            report.print(each)
    if not found:
        say(f"没有 {subject} 的事件 · there is no event of {subject}")
        print_dead_letters(dead_letters, Console(stderr=True))
        raise typer.Exit(1)


class _Reading:
    """The events that an explanation takes: those of the subject, or of all where a rule judges groups."""

    def __init__(self, past: Past, book: Book, subject: str, dead_letters: DeadLetters) -> None:
        self._past, self._subject, self._dead_letters = past, subject, dead_letters
        self._streams = sorted({stream for rule in book.rules for stream in rule.streams})
        self._all = any(grouping_of(rule) is not None for rule in book.rules)
        self._admit = Admission(past.horizon, dead_letters, DeadLetters().reasons)
        self._latest = -(1 << 62)

    @property
    def now(self) -> int:
        """As of when it is explained: as asked, else now in the warehouse, else the last event of the files."""
        if self._past.horizon.now is not None:
            return self._past.horizon.now
        return now_us() if self._past.warehouse else self._latest

    def __iter__(self) -> Iterator[Event]:
        yield from self._stored() if self._past.warehouse else self._read()

    def _read(self) -> Iterator[Event]:
        past = self._past
        hasher = hasher_for(past.mapping, trial=True)
        taken = past.horizon.last
        for message in History(past.inputs, past.mapping, hasher, self._dead_letters, say):
            if taken is None or message.occurred_at <= taken:
                self._latest = max(self._latest, message.occurred_at)
            if self._all or message.subject == self._subject:
                event = self._admit(message.value, message.place)
                if event is not None:
                    yield event

    def _stored(self) -> Iterator[Event]:
        from warehouse.reader import Reader

        reader, taken = Reader(settings().clickhouse_url), self._past.horizon
        if self._all:
            messages = (message for _, message in reader.event_messages(0, 1, taken.last, taken.known_at))
        else:
            versions = (each for stream in self._streams for each in reader.case_timeline(stream, self._subject))
            messages = (version.message() for version in versions)
        for message in messages:
            event = self._admit(message, WAREHOUSE)
            if event is not None:
                yield event
