"""Decides where the records of subjects are: the latest touched folded in memory, the others at rest as rows."""

from __future__ import annotations

from collections.abc import Iterator
from heapq import nsmallest

from rules.core.record import Record, decode_row, encode_row, judged_by, trace, wake_of
from rules.core.step import Rows, Step

PREFIX = b"s"
MOST_FOLDED = 4_000
"""Of how many subjects the whole states are kept where most are followed quietly."""


class Records:
    """The records of a core. A host with `rows` stores what a step hands back before it asks again; without, the rows
    of cooled subjects are kept here."""

    def __init__(self, rows: Rows | None, mark: bytes, most_hot: int) -> None:
        self.rows, self.mark, self.most_hot = rows, mark, most_hot
        self.hot: dict[str, Record] = {}
        self.cold: dict[str, bytes] = {}
        self._gone: set[str] = set()
        self.outdated: dict[str, None] = {}
        """The stored subjects that another book judged last, in the order of their rows."""
        self._folded: dict[str, None] = {}
        self.turn = 0

    def wakes(self) -> dict[str, int]:
        """When the stored subjects want to be looked at; notes which of them another book judged last."""
        found: dict[str, int] = {}
        for key, row in self.rows.scan(PREFIX) if self.rows is not None else ():
            at, subject = wake_of(row), key[len(PREFIX) :].decode()
            if at is not None:
                found[subject] = at
            if judged_by(row) not in (self.mark, b""):
                self.outdated[subject] = None
        return found

    def get(self, subject: str) -> Record | None:
        """The record of a subject, which becomes the latest touched; None for one unknown or let go."""
        record = self.hot.get(subject)
        if record is None:
            row = self.cold.pop(subject, None) if self.rows is None else self.rows.get(PREFIX + subject.encode())
            record = decode_row(subject, row) if row is not None else None
            if record is None or row is None:
                return None
            if (mark := judged_by(row)) != self.mark:
                record.former = mark
                self.outdated.pop(subject, None)
            self.hot[subject] = record
        record.stamp = self.turn
        return record

    def was_let_go(self, subject: str) -> bool:
        """Whether an unknown subject had been judged, closed and let go."""
        if self.rows is None:
            return subject in self._gone
        return self.rows.get(PREFIX + subject.encode()) is not None

    def add(self, record: Record) -> Record:
        """Takes in the record of a new subject."""
        self.hot[record.subject] = record
        record.stamp = self.turn
        return record

    def drop(self, subject: str) -> None:
        """Forgets what was folded of a subject; its row stays as it is."""
        del self.hot[subject]

    def cool(self) -> None:
        """Puts the subjects longest untouched to rest, a tenth of them at a time."""
        self.turn += 1
        if len(self.hot) <= self.most_hot:
            return
        most = len(self.hot) - self.most_hot + self.most_hot // 10
        for record in nsmallest(most, self.hot.values(), key=lambda record: record.stamp):
            del self.hot[record.subject]
            if self.rows is None:
                self.cold[record.subject] = encode_row(record, None, self.mark)

    def hold(self, record: Record) -> None:
        """Keeps the whole states of the subjects judged last; those of the others are folded again when they matter."""
        self._folded.pop(record.subject, None)
        self._folded[record.subject] = None
        if len(self._folded) > MOST_FOLDED:
            subject = next(iter(self._folded))
            del self._folded[subject]
            oldest = self.hot.get(subject)
            if oldest is not None:
                oldest.states = oldest.context = None

    def store(self, record: Record, wake: int | None, step: Step) -> None:
        """Hands the row of a record to the host."""
        if self.rows is not None:
            step.rows[PREFIX + record.subject.encode()] = encode_row(record, wake, self.mark)

    def let_go(self, record: Record, step: Step) -> None:
        """Forgets a subject but for a trace, so that a straggler is not taken for a new case."""
        del self.hot[record.subject]
        if self.rows is None:
            self._gone.add(record.subject)
        else:
            step.rows[PREFIX + record.subject.encode()] = trace(self.mark)

    def each(self) -> Iterator[Record]:
        """Every record, hot or cold; no more of them in memory than usual."""
        for subject in [*self.cold, *self.hot]:
            record = self.get(subject)
            assert record is not None
            yield record
            self.cool()
