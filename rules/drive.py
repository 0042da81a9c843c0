"""Decides how events and wake-ups reach the core within one process: replay, rule tester and backtest."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from rules.core import GroupCore, Step, SubjectCore
from rules.language import Book
from rules.model.alerts import Alert, Clock
from rules.model.events import Event
from rules.model.facts import GroupFact

WITHDRAWN = "withdrawn"
VOID = "void"


class Drive:
    """Subjects and groups in memory, and the fold of all that they said. `now` is event time unless it is moved.

    Without `tells_clocks` no step holds clocks (their making is a third of the work); `clocks()` is the same.
    With `hands_on` the facts of groups go there, and groups are judged by whoever is told them with `hear`; `owns` says
    which of the groups that are awaited before any fact (a source that is rostered) are this drive's to raise.
    """

    def __init__(
        self,
        book: Book,
        always_refold: bool = False,
        tells_clocks: bool = True,
        hands_on: Callable[[Sequence[GroupFact]], None] | None = None,
        owns: Callable[[str], bool] | None = None,
    ) -> None:
        self.subjects = SubjectCore(book, always_refold=always_refold, tells_clocks=tells_clocks)
        self.groups = GroupCore(book, owns=owns)
        self.hands_on = hands_on
        self.now = -(1 << 62)
        self.counters: Counter[str] = Counter()
        self._alerts: dict[str, Alert] = {}
        self._clocks: dict[str, Clock] = {}

    def take(self, events: Sequence[Event]) -> Step:
        """Folds events that have arrived; `now` is the latest event time so far."""
        if events:
            self.now = max(self.now, max([event.at for event in events]))
        step = self.subjects.step(events, self.now)
        return self._go_on(step)

    def until(self, now: int) -> Step:
        """Moves `now` forward and fires what is due."""
        self.now = max(self.now, now)
        return self._go_on(Step())

    def hear(self, facts: Sequence[GroupFact], now: int) -> Step:
        """Judges groups by facts that others handed on, at their `now`."""
        self.now = max(self.now, now)
        return self._go_on(self._without_places(self.groups.step(facts, self.now)))

    def _go_on(self, step: Step) -> Step:
        self._groups(step, step)
        while (wake := self.subjects.wake) is not None and wake <= self.now:
            self._groups(_joined(step, self.subjects.advance(self.now)), step)
        while (wake := self.groups.wake) is not None and wake <= self.now:
            _joined(step, self.groups.advance(self.now))
        for alert in step.alerts:
            self._alerts[alert.alert_id] = alert
        for clock in step.clocks:
            self._clocks[clock.clock_id] = clock
        self.counters.update(step.counted)
        self.counters["unjudged"] += len(step.unjudged)
        return step

    def _groups(self, said: Step, into: Step) -> None:
        if said.facts:
            facts, said.facts = said.facts, []
            if self.hands_on is None:
                _joined(into, self._without_places(self.groups.step(facts, self.now)))
            else:
                self.hands_on(facts)

    @staticmethod
    def _without_places(said: Step) -> Step:
        """A fact that could not be folded is counted: it is none of the events that were handed in."""
        said.counted += [each.reason for each in said.rejected]
        said.rejected = []
        return said

    def alerts(self) -> list[Alert]:
        """The alerts that stand at `now`, by time, rule and id."""
        standing = (alert for alert in self._alerts.values() if alert.state != WITHDRAWN)
        return sorted(standing, key=lambda alert: (alert.at, alert.rule, alert.alert_id))

    def clocks(self) -> list[Clock]:
        """The clocks as they stand at `now`."""
        current = self._clocks | {clock.clock_id: clock for clock in self.subjects.clocks(self.now)}
        kept = (clock for clock in current.values() if clock.state != VOID)
        return sorted(kept, key=lambda clock: (clock.start_at, clock.rule, clock.clock_id))


def _joined(into: Step, said: Step) -> Step:
    """Adds what was said; gives back what was said, so that its facts can go to the groups."""
    into.alerts += said.alerts
    into.clocks += said.clocks
    into.unjudged += said.unjudged
    into.counted += said.counted
    into.rejected += said.rejected
    return said
