"""Decides what stands for every subject: the retracting fold over the log of each.

The set of alerts is a function of the set of events and of `now`. An insert that comes after all that is known is
stepped; anything else (a correction, a deletion, a straggler, a tie, a date without a time) puts the log in order and
folds it again with the very same steps, and the difference is said.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from rules.core.alerting import WITHDRAWN, settle, settles_at
from rules.core.folding import KEEP, begin, fold, ruling, take
from rules.core.record import CLOSING, NEVER, Record, decode_row, encode_row, trace, wake_of
from rules.core.saying import say_alerts, say_clocks, void_others
from rules.core.slots import Slots
from rules.core.step import Rejected, Rows, Step
from rules.core.telling import tell_changed, tell_new
from rules.core.timers import Timers
from rules.judging.verdicts import SILENT
from rules.judging.versions import content, resolve
from rules.language.rule import Book
from rules.model.alerts import Clock
from rules.model.events import DELETED, RANK_OF, Event, Fact, stream_of
from rules.model.times import DAY
from rules.tables import Sources

TRANSIT = 7 * DAY
"""How long state is kept beyond what is judged, so that the answer does not depend on when an event arrives."""
HOT = 20_000
"""How many subjects stay folded in memory; the others rest as rows and are folded again when an event comes."""
PREFIX = b"s"


class SubjectCore:
    """The fold over subjects. With `rows` it restores from them and hands back what changed; without, memory alone.

    Where nobody listens to clocks as they change, `tells_clocks` is False and they are reckoned when asked for.
    """

    def __init__(
        self,
        book: Book,
        rows: Rows | None = None,
        always_refold: bool = False,
        hot: int = HOT,
        tells_clocks: bool = True,
    ) -> None:
        self.slots = Slots(book)
        self.rows, self.always_refold, self.hot, self.tells_clocks = rows, always_refold, hot, tells_clocks
        self.records: dict[str, Record] = {}
        self.cold: dict[str, bytes] = {}
        self.gone: set[str] = set()
        self.mark = book.mark
        wakes: dict[str, int] = {}
        for key, row in rows.scan(PREFIX) if rows is not None else ():
            at = wake_of(row, self.mark)
            if at is not None:
                wakes[key[1:].decode()] = at
        self.timers = Timers(wakes)

    @property
    def wake(self) -> int | None:
        """The earliest instant at which a timer is due."""
        return self.timers.next

    def step(self, events: Sequence[Event], now: int) -> Step:
        """Folds a chunk of events, then judges each subject once at `now`: nothing is raised that the chunk undoes."""
        self._cool()
        step = Step()
        taken: dict[str, tuple[Record, int, bytes, list[int]]] = {}
        for index, event in enumerate(events):
            subject = event.subject
            known = taken.get(subject)
            if known is None:
                record = self._record(subject) or self._new(subject, event.fact)
                if record is None:
                    step.unjudged.append((event.fact.source, event.fact.id))
                    continue
                known = taken[subject] = record, record.count, record.log, []
            known[3].append(index)
            self._take(known[0], event.fact, now, step)
        for subject, (record, count, log, indexes) in taken.items():
            try:
                self._judge(record, now, step)
            except Exception:  # a defect of ours: one by one, so that only the event that brings it is set aside
                record.restore(count, log)
                self._one_by_one(subject, [(index, events[index].fact) for index in indexes], now, step)
        self._keep(taken, now, step)
        return step

    def _one_by_one(self, subject: str, facts: Sequence[tuple[int, Fact]], now: int, step: Step) -> None:
        record = self.records[subject]
        for index, fact in facts:
            before = record.count, record.log
            try:
                self._take(record, fact, now, step)
                self._judge(record, now, step)
            except Exception as error:
                record.restore(*before)
                step.rejected.append(Rejected(index, "fold_raised", "$", f"{type(error).__name__}: {error}"))

    def advance(self, now: int, limit: int = 2000) -> Step:
        """Fires the timers of at most `limit` subjects that are due at `now`."""
        self._cool()
        step = Step()
        dirty: dict[str, list[int]] = {}
        for subject in self.timers.due(now, limit):
            record = self._record(subject)
            if record is None:
                continue
            if record.closed_at is not None and now >= record.closed_at + KEEP + TRANSIT:
                self._evict(record, now, step)
                continue
            dirty[subject] = []
            record.wake = NEVER  # its timer has gone off
            if record.slow:
                record.states = None
            for slot, said in record.rulings.items():
                if said.wake is not None and said.wake <= now:
                    record.touched |= 1 << slot
            self._judge(record, now, step)
        self._keep(dirty, now, step)
        return step

    def clocks(self, now: int) -> list[Clock]:
        """The clocks of the subjects in memory as they stand at `now`, each with its revision."""
        found: list[Clock] = []
        for subject in [*self.cold, *self.records]:
            record = self._record(subject)
            assert record is not None
            found += self._clocks_of(record, now)
            self._cool()
        return found

    def _clocks_of(self, record: Record, now: int) -> Iterator[Clock]:
        if record.states is None:
            fold(record, self.slots, now)
        for slot in self.slots.listed(self.slots.clocked):
            if slot in record.off:
                continue
            for view in ruling(record, self.slots, slot, now).clocks:
                old = record.clocks.get((self.slots.rules[slot].id, view.occasion))
                yield view.make(old.revision, old.clock_id) if old else view.make(1, "")

    def _keep(self, dirty: Iterable[str], now: int, step: Step) -> None:
        for subject in dirty:
            record = self.records[subject]
            wake = _wake_of(record, self.slots.book.tables.sources, now)
            if wake != record.wake:
                self.timers.arm(subject, wake)
                record.wake = wake
            if self.rows is not None:
                step.rows[PREFIX + subject.encode()] = encode_row(record, wake, self.mark)

    def _record(self, subject: str) -> Record | None:
        record = self.records.get(subject)
        if record is not None and len(self.records) * 2 < self.hot:
            return record  # none cools soon: their order may wait
        if record is not None:
            del self.records[subject]
        else:
            row = self.cold.pop(subject, None) if self.rows is None else self.rows.get(PREFIX + subject.encode())
            if row is None:
                return None
            record = decode_row(subject, row)
            if record is None:
                self.gone.add(subject)
                return None
        self.records[subject] = record  # the latest touched is the last to cool
        return record

    def _cool(self) -> None:
        """Lets go of the subjects longest untouched; what a host keeps in rows is already stored when it asks again."""
        while len(self.records) > self.hot:
            subject = next(iter(self.records))
            record = self.records.pop(subject)
            if self.rows is None:
                self.cold[subject] = encode_row(record, None, self.mark)

    def _evict(self, record: Record, now: int, step: Step) -> None:
        if not self.tells_clocks:
            step.clocks += self._clocks_of(record, now)
        del self.records[record.subject]
        self.gone.add(record.subject)
        if self.rows is not None:
            step.rows[PREFIX + record.subject.encode()] = trace(self.mark)

    def _new(self, subject: str, fact: Fact) -> Record | None:
        """The record of a subject that is not known; None for one that was known, closed and let go."""
        if subject in self.gone:
            return None
        record = self.records[subject] = Record(subject, stream_of(fact))
        begin(record, self.slots)
        return record

    def _take(self, record: Record, fact: Fact, now: int, step: Step) -> None:
        """Adds one event to the log, and steps the rules where it comes after all that is known."""
        if self._comes_after(record, fact, now):
            record.append(fact)
            record.seen = fact.occurred_at
            if fact.recorded_at > record.latest_recorded:
                record.latest_recorded = fact.recorded_at
            if record.closed_at is None and RANK_OF[type(fact)] in CLOSING:
                record.closed_at = fact.occurred_at
            if fact.recorded_at > fact.occurred_at + self.slots.relief:
                record.late = True
            take(record, self.slots, fact)
            if RANK_OF[type(fact)] in self.slots.groupings:
                tell_new(record, self.slots, fact, step)
            return
        same = [v for v in record.versions() if v.id == fact.id and v.source == fact.source]
        if any(_is_repeat(version, fact) for version in same):
            step.counted.append("duplicate")
            return
        record.append(fact)
        record.states = None
        tell_changed(record, self.slots, resolve(same), resolve([*same, fact]), step)

    def _comes_after(self, record: Record, fact: Fact, now: int) -> bool:
        return (
            fact.operation != DELETED
            and record.seen < fact.occurred_at <= now
            and record.states is not None
            and not (fact.whole_day or record.slow or self.always_refold)
            and fact.id.encode() not in record.log
            and self._is_heard(record, fact)
        )

    @staticmethod
    def _is_heard(record: Record, fact: Fact) -> bool:
        """Whether closing leaves every version judged: neither this one nor one before was recorded too long after."""
        if record.closed_at is not None:
            return fact.recorded_at <= record.closed_at + KEEP
        if RANK_OF[type(fact)] in CLOSING:
            return max(fact.recorded_at, record.latest_recorded) <= fact.occurred_at + KEEP
        return True

    def _judge(self, record: Record, now: int, step: Step) -> None:
        """Asks the rules that were touched for their rulings and says what changed; all of them after a refold."""
        slots, rulings = self.slots, record.rulings
        whole = record.states is None
        if whole:
            step.unjudged += fold(record, slots, now)
            rulings = record.rulings
        concerned = slots.every if whole else slots.listed(record.touched)
        record.touched = 0
        stale: list[int] = list(concerned) if whole else []
        for slot in concerned:
            new = ruling(record, slots, slot, now)
            old = rulings.get(slot, SILENT)
            if new is not old:
                rulings[slot] = new.said
                if new.counted:
                    _note(record, new.counted, step)
                if not whole and new.verdicts != old.verdicts:
                    stale.append(slot)
            if self.tells_clocks and (new.clocks or (record.clocks and slots.clocked >> slot & 1)):
                say_clocks(record, slots.rules[slot].id, new.clocks, step)
        if whole and self.tells_clocks:
            void_others(record, slots, step)
        if stale or whole:
            say_alerts(record, slots, stale, now, step, whole)
        if record.alerts:
            step.alerts += settle(record.alerts, slots.book.tables.sources, now)


def _note(record: Record, counted: Sequence[str], step: Step) -> None:
    """Counts what was not counted of this subject before."""
    step.counted += sorted(set(counted) - record.noted)
    record.noted |= set(counted)


def _wake_of(record: Record, sources: Sources, now: int) -> int | None:
    wake = NEVER
    for said in record.rulings.values():
        if said.wake is not None and said.wake < wake:
            wake = said.wake
    for alert in record.alerts.values():
        if not alert.settled and alert.state != WITHDRAWN:
            wake = min(wake, settles_at(alert, sources))
    if record.closed_at is not None:
        wake = min(wake, record.closed_at + KEEP + TRANSIT)
    if record.slow:
        wake = min((v.occurred_at for v in record.versions() if now < v.occurred_at < wake), default=wake)
    return None if wake == NEVER else wake


def _is_repeat(one: Fact, other: Fact) -> bool:
    return (
        type(one) is type(other)
        and one.recorded_at == other.recorded_at
        and one.operation == other.operation
        and content(one) == content(other)
    )
