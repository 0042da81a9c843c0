"""Decides what stands for every subject: the retracting fold over the log of each.

The set of alerts is a function of the set of events and of `now`. An insert that comes after all that is known is
stepped; anything else (a correction, a deletion, a straggler, a tie, a date without a time) puts the log in order and
folds it again with the very same steps, and the difference is said.
"""

from __future__ import annotations

from collections.abc import Sequence

from rules.core.alerting import LATENESS, WITHDRAWN, settle
from rules.core.folding import KEEP, fold, ruling, take
from rules.core.record import CLOSING, Record, decode_row, encode_row, trace, wake_of
from rules.core.saying import say_alerts, say_clocks, void_clocks
from rules.core.slots import Slots
from rules.core.step import Rejected, Rows, Step
from rules.core.telling import tell_changed, tell_new
from rules.core.timers import Timers
from rules.judging.versions import content, resolve
from rules.language.rule import Book
from rules.model.alerts import Clock
from rules.model.events import DELETED, RANK_OF, Event, Fact, stream_of
from rules.model.times import DAY

TRANSIT = 7 * DAY
"""How long state is kept beyond what is judged, so that the answer does not depend on when an event arrives."""
PREFIX = b"s"


class SubjectCore:
    """The fold over subjects. With `rows` it restores from them and hands back what changed; without, memory alone."""

    def __init__(self, book: Book, rows: Rows | None = None, always_refold: bool = False) -> None:
        self.slots = Slots(book)
        self.rows, self.always_refold = rows, always_refold
        self.records: dict[str, Record] = {}
        self.gone: set[str] = set()
        wakes: dict[str, int] = {}
        for key, row in rows.scan(PREFIX) if rows is not None else ():
            at = wake_of(row)
            if at is not None:
                wakes[key[1:].decode()] = at
        self.timers = Timers(wakes)

    @property
    def wake(self) -> int | None:
        """The earliest instant at which a timer is due."""
        return self.timers.next

    def step(self, events: Sequence[Event], now: int) -> Step:
        """Folds a chunk of events; what they bring about is judged at `now`."""
        step = Step()
        dirty: dict[str, None] = {}
        for index, event in enumerate(events):
            try:
                if self._take(event.subject, event.fact, now, step):
                    dirty[event.subject] = None
            except Exception as error:  # a defect of ours: the event is a dead letter, the others go on
                step.rejected.append(Rejected(index, "fold_raised", "$", f"{type(error).__name__}: {error}"))
        self._keep(dirty, now, step)
        return step

    def advance(self, now: int, limit: int = 2000) -> Step:
        """Fires the timers of at most `limit` subjects that are due at `now`."""
        step = Step()
        dirty: dict[str, None] = {}
        for subject in self.timers.due(now, limit):
            record = self._record(subject)
            if record is None:
                continue
            if record.closed_at is not None and now >= record.closed_at + KEEP + TRANSIT:
                self._evict(record, step)
                continue
            dirty[subject] = None
            if record.slow or record.states is None:
                self._refold(record, now, step)
            else:
                due = [
                    at for at, said in enumerate(record.rulings) if said.wake is not None and said.wake <= now
                ]
                self._judge(record, due, now, step)
        self._keep(dirty, now, step)
        return step

    def clocks(self, now: int) -> list[Clock]:
        """The clocks of the subjects in memory as they stand at `now`, each with its revision."""
        found: list[Clock] = []
        for record in self.records.values():
            for slot, said in enumerate(record.rulings):
                if slot in record.off or not said.clocks:
                    continue
                for view in ruling(record, self.slots, slot, now).clocks:
                    old = record.clocks.get((self.slots.rules[slot].id, view.occasion))
                    found.append(view.make(old.revision if old else 1))
        return found

    def _keep(self, dirty: dict[str, None], now: int, step: Step) -> None:
        for subject in dirty:
            record = self.records[subject]
            wake = _wake_of(record, now)
            self.timers.arm(subject, wake)
            if self.rows is not None:
                step.rows[PREFIX + subject.encode()] = encode_row(record, wake)

    def _record(self, subject: str) -> Record | None:
        record = self.records.get(subject)
        if record is None and self.rows is not None:
            row = self.rows.get(PREFIX + subject.encode())
            if row is not None:
                record = decode_row(subject, row)
                if record is None:
                    self.gone.add(subject)
                else:
                    self.records[subject] = record
        return record

    def _evict(self, record: Record, step: Step) -> None:
        del self.records[record.subject]
        self.gone.add(record.subject)
        if self.rows is not None:
            step.rows[PREFIX + record.subject.encode()] = trace()

    def _take(self, subject: str, fact: Fact, now: int, step: Step) -> bool:
        """Folds one event; True when the record changed. A fold that raises leaves the record as it was."""
        record = self._record(subject)
        if record is None:
            if subject in self.gone:
                step.unjudged.append((fact.source, fact.id))
                return False
            record = Record(subject, stream_of(fact))
            fold(record, self.slots, now)
        before = record.count, record.log
        try:
            changed = True
            if self._comes_after(record, fact, now):
                self._append(record, fact, now, step)
            else:
                changed = self._amend(record, fact, now, step)
        except Exception:
            record.count, record.log = before
            record.states = None
            raise
        self.records[subject] = record
        return changed

    def _comes_after(self, record: Record, fact: Fact, now: int) -> bool:
        return (
            fact.operation != DELETED
            and record.seen < fact.occurred_at <= now
            and record.states is not None
            and record.closed_at is None
            and not (fact.whole_day or record.slow or self.always_refold)
            and not record.mentions(fact.id)
            and RANK_OF[type(fact)] not in CLOSING
        )

    def _append(self, record: Record, fact: Fact, now: int, step: Step) -> None:
        record.append(fact)
        record.seen = fact.occurred_at
        record.late = record.late or fact.recorded_at > fact.occurred_at + self.slots.relief
        concerned = take(record, self.slots, fact)
        if concerned:
            self._judge(record, concerned, now, step)
        tell_new(record, self.slots, fact, step)

    def _amend(self, record: Record, fact: Fact, now: int, step: Step) -> bool:
        same = [v for v in record.versions() if v.id == fact.id and v.source == fact.source]
        if any(_is_repeat(version, fact) for version in same):
            step.counted.append("duplicate")
            return False
        record.append(fact)
        self._refold(record, now, step)
        tell_changed(record, self.slots, resolve(same), resolve([*same, fact]), step)
        if record.closed_at is not None and fact.recorded_at > record.closed_at + KEEP:
            step.unjudged.append((fact.source, fact.id))
        return True

    def _refold(self, record: Record, now: int, step: Step) -> None:
        fold(record, self.slots, now)
        self._judge(record, range(len(self.slots.rules)), now, step, whole=True)

    def _judge(
        self, record: Record, concerned: Sequence[int], now: int, step: Step, whole: bool = False
    ) -> None:
        """Asks rules for their rulings and says what changed; `whole` compares every alert with what was said."""
        stale: list[int] = list(concerned) if whole else []
        for slot in concerned:
            old, new = record.rulings[slot], ruling(record, self.slots, slot, now)
            record.rulings[slot] = new
            if new.counted and not record.noted.issuperset(new.counted):
                step.counted += sorted(set(new.counted) - record.noted)
                record.noted |= set(new.counted)
            if not whole and new.verdicts != old.verdicts:
                stale.append(slot)
            if new.clocks:
                say_clocks(record, self.slots.rules[slot].id, new.clocks, step)
        void_clocks(record, self.slots, step)
        if stale:
            say_alerts(record, self.slots, stale, now, step)
        if record.alerts:
            step.alerts += settle(record.alerts, now)


def _wake_of(record: Record, now: int) -> int | None:
    wakes = [said.wake for said in record.rulings if said.wake is not None]
    wakes += [a.at + LATENESS for a in record.alerts.values() if not a.settled and a.state != WITHDRAWN]
    if record.closed_at is not None:
        wakes.append(record.closed_at + KEEP + TRANSIT)
    if record.slow:
        wakes += [version.occurred_at for version in record.versions() if version.occurred_at > now]
    return min(wakes, default=None)


def _is_repeat(one: Fact, other: Fact) -> bool:
    return (
        type(one) is type(other)
        and one.recorded_at == other.recorded_at
        and one.operation == other.operation
        and content(one) == content(other)
    )
