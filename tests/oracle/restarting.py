"""Decides how the core is driven as a worker drives it: stored rows, restarts, revisions that never skip."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rules.core import GroupCore, Step, SubjectCore
from rules.language import Book
from rules.model.alerts import Alert, Clock
from rules.model.events import Event
from rules.model.facts import decode_group_fact, encode_group_fact


class Store:
    """State rows, ordered by key, as a lane keeps them."""

    def __init__(self) -> None:
        self.rows: dict[bytes, bytes] = {}

    def get(self, key: bytes) -> bytes | None:
        return self.rows.get(key)

    def scan(self, prefix: bytes) -> Iterable[tuple[bytes, bytes]]:
        return [(key, self.rows[key]) for key in sorted(self.rows) if key.startswith(prefix)]

    def take(self, changed: dict[bytes, bytes | None]) -> None:
        for key, value in changed.items():
            if value is None:
                self.rows.pop(key, None)
            else:
                self.rows[key] = value


class Restarting:
    """A lane of events and a lane of facts; `restart` forgets everything but the rows."""

    def __init__(self, book: Book, hot: int) -> None:
        self.book, self.hot = book, hot
        self.stores = Store(), Store()
        self.said: dict[str, Alert] = {}
        self.clocks: dict[str, Clock] = {}
        self.now = -(1 << 62)
        self.restart()

    def restart(self) -> None:
        self.subjects = SubjectCore(self.book, self.stores[0], hot=self.hot)
        self.groups = GroupCore(self.book, self.stores[1])

    def take(self, events: Sequence[Event]) -> None:
        self.now = max([self.now, *(event.fact.occurred_at for event in events)])
        self._subjects_said(self.subjects.step(events, self.now))
        self.until(self.now)

    def until(self, now: int) -> None:
        self.now = max(self.now, now)
        while self.subjects.wake is not None and self.subjects.wake <= self.now:
            self._subjects_said(self.subjects.advance(self.now))
        while self.groups.wake is not None and self.groups.wake <= self.now:
            self._said(self.groups.advance(self.now), self.stores[1])

    def _subjects_said(self, step: Step) -> None:
        self._said(step, self.stores[0])
        if step.facts:
            facts = [decode_group_fact(encode_group_fact(fact)) for fact in step.facts]
            self._said(self.groups.step(facts, self.now), self.stores[1])

    def _said(self, step: Step, store: Store) -> None:
        store.take(step.rows)
        for alert in step.alerts:
            before = self.said.get(alert.alert_id)
            expected = before.revision + 1 if before is not None else 1
            assert alert.revision == expected, f"{alert.rule} of {alert.subject} skips to {alert.revision}"
            self.said[alert.alert_id] = alert
        for clock in step.clocks:
            held = self.clocks.get(clock.clock_id)
            assert clock.revision == (held.revision + 1 if held is not None else 1), clock
            self.clocks[clock.clock_id] = clock

    def standing(self) -> list[Alert]:
        return [alert for alert in self.said.values() if alert.state != "withdrawn"]
