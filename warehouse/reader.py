"""The only place that reads the warehouse; a row that was landed twice is read once."""

import threading
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from msgspec import Struct

from rules.model.alerts import Alert, Clock
from warehouse import rows
from warehouse.link import connect, reaching, sql

LIVE = "live"
EVER = 1 << 62


class AlertFilter(Struct, frozen=True, kw_only=True):
    """Which alerts are wanted; what is empty does not filter. T03 takes T03.penalty with it.

    Those of shadow rules are for authors: they come only where `mode` asks for them.
    """

    mode: str = LIVE
    states: tuple[str, ...] = ()
    severities: tuple[str, ...] = ()
    rule: str = ""
    stream: str = ""
    department: str = ""
    region: str = ""
    item: str = ""
    subject: str = ""
    since: int = -EVER
    until: int = EVER


class Table(Struct, frozen=True):
    """An answer: names and types of its columns, then its rows."""

    columns: tuple[tuple[str, str], ...]
    rows: list[tuple[Any, ...]]


class Reader:
    """Queries; each thread that calls it has a client of its own. Raises WarehouseUnavailable."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._clients = threading.local()

    @property
    def client(self) -> Any:
        if not hasattr(self._clients, "own"):
            self._clients.own = connect(self._url)
        return self._clients.own

    def query(self, statement: str, parameters: Mapping[str, Any] | None = None) -> Table:
        """Any one statement; `%(name)s` takes a parameter where there are parameters."""
        with reaching(self.client):
            answer = self.client.execute(statement, parameters, with_column_types=True)
        if not isinstance(answer, tuple):
            return Table((), [])
        found, columns = answer
        return Table(tuple(columns), found)

    def alerts(self, wanted: AlertFilter = AlertFilter(), limit: int = 200, offset: int = 0) -> list[Alert]:
        """The current revision of alerts, newest breach first."""
        parameters = {name: getattr(wanted, name) for name in wanted.__struct_fields__}
        for name in ("states", "severities"):
            parameters[name] = list(parameters[name])
        found = self._rows("alerts_latest", **parameters, limit=limit, offset=offset)
        return [rows.alert_of(row) for row in found]

    def alert_history(self, alert_id: str) -> list[Alert]:
        """Every revision of one alert, oldest first; empty when there is none."""
        return [rows.alert_of(row) for row in self._rows("alert_history", alert_id=alert_id)]

    def standing_alerts(self) -> Iterator[Alert]:
        """Every alert that stands, by id: what hosts are compared by."""
        return (rows.alert_of(row) for row in self._stream("alerts_standing"))

    def standing_clocks(self) -> Iterator[Clock]:
        """The last revision of every clock, by id, void ones included."""
        return (rows.clock_of(row) for row in self._stream("clocks_standing"))

    def alert_counts(self) -> dict[tuple[str, str, str], int]:
        """(rule, severity, state) → live alerts."""
        return {tuple(key): number for *key, number in self._rows("alert_counts")}  # type: ignore[misc]

    def case_timeline(self, stream: str, subject: str) -> list[rows.StoredEvent]:
        """Every version of every event of one subject, deletions included, in the order of judgement."""
        found = self._rows("case_timeline", stream=stream, subject=subject)
        return [rows.event_of(row) for row in found]

    def case_clocks(self, stream: str, subject: str) -> list[Clock]:
        """The last revision of each clock of one subject, by its start."""
        return [rows.clock_of(row) for row in self._rows("case_clocks", stream=stream, subject=subject)]

    def stored_events(self, stream: str, first: date, last: date, known_at: int = EVER) -> Iterator[rows.StoredEvent]:
        """Every version of the events of some days that was received by `known_at`, subject by subject."""
        found = self._stream("stored_events", stream=stream, first=first, last=last, known_at=known_at)
        return (rows.event_of(row) for row in found)

    def event_messages(
        self, part: int = 0, parts: int = 1, last: int | None = None, known_at: int | None = None
    ) -> Iterator[tuple[int, bytes]]:
        """Every version of one part of the subjects as (day since 1970, the CloudEvent in JSON), day by day.

        Only what occurred up to `last` and was received by `known_at`, each in epoch microseconds.
        """
        beyond = {"last": EVER if last is None else last, "known_at": EVER if known_at is None else known_at}
        found = self._stream("event_messages", {"strings_as_bytes": True}, part=part, parts=parts, **beyond)
        return ((day, message) for day, message in found)

    def count_events(self) -> int:
        """How many versions are stored, about: those that a merge will drop are still counted."""
        return int(self._rows("event_count")[0][0])

    def filled_fields(self, since: date) -> dict[tuple[str, str], int]:
        """(event type, field) → in how many versions since a day the field said something."""
        return {(row[0], row[1]): int(row[2]) for row in self._rows("filled_fields", since=since)}

    def subjects_of_day(self, stream: str, day: date) -> list[str]:
        """The subjects of which an event occurred, or was recorded, on a day of Asia/Shanghai."""
        return [row[0] for row in self._rows("subjects_of_day", stream=stream, day=day)]

    def dead_letters(self, limit: int = 200) -> list[rows.DeadLetter]:
        """What could not be decoded, newest first."""
        return [rows.dead_letter_of(row) for row in self._rows("dead_letters_latest", limit=limit)]

    def published_books(self, name: str, limit: int = 1_000) -> list[rows.PublishedBook]:
        """The books that were published under a name, newest first."""
        return [rows.book_of(row) for row in self._rows("books_published", book=name, limit=limit)]

    def close(self) -> None:
        """Closes the calling thread's connection."""
        if hasattr(self._clients, "own"):
            self._clients.own.disconnect()
            del self._clients.own

    def _rows(self, name: str, **parameters: Any) -> list[tuple[Any, ...]]:
        with reaching(self.client):
            found: list[tuple[Any, ...]] = self.client.execute(sql(name), parameters)
        return found

    def _stream(
        self, name: str, settings: Mapping[str, Any] | None = None, **parameters: Any
    ) -> Iterator[tuple[Any, ...]]:
        client = connect(self._url)  # a stream in progress would block every other query of its client
        try:
            with reaching(client):
                yield from client.execute_iter(sql(name), parameters, settings=settings)
        finally:
            client.disconnect()
