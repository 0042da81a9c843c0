"""Decides what stands for every subject: the retracting fold over the log of each.

The set of alerts is a function of the set of events and of `now`. An insert that comes after all that is known is
stepped; anything else (a correction, a deletion, a straggler, a tie, a date without a time) puts the log in order and
folds it again with the very same steps, and the difference is said.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from itertools import islice

from rules.core.alerting import settle
from rules.core.asking import ask
from rules.core.calm import UNUSUAL, Calm
from rules.core.chunk import Chunk, FoldError, events_from
from rules.core.engine import FOLD_RAISED, QUARANTINED, doubt, is_full, is_told_full, settle_doubt
from rules.core.folding import KEEP, TRANSIT, begin, fold, is_settling, slots_of, take
from rules.core.keeping import Records
from rules.core.marking import Marking
from rules.core.record import CLOSING, NEVER, Record
from rules.core.refolding import Heard
from rules.core.saying import final_clocks, say_alerts, void_others
from rules.core.showing import clocks_of
from rules.core.slots import Slots
from rules.core.step import Rejected, Rows, Step
from rules.core.telling import tell_changed, tell_new, tell_past
from rules.core.timers import Timers
from rules.core.waking import is_heard, last_judged, wake_after
from rules.judging.quiet import CALM, WAKES
from rules.judging.versions import is_repeat
from rules.language.rule import Book
from rules.model.alerts import Clock
from rules.model.events import DELETED, RANK_OF, Event, Fact, stream_of

HOT = 20_000
"""How many subjects stay folded in memory; the others rest as rows and are folded again when an event comes."""
HOT_ALONE = 200_000
"""The same where there are no rows but in memory: a row is little smaller than a subject that is followed quietly."""


class SubjectCore:
    """The fold over subjects. With `rows` it restores from them and hands back what changed; without, memory alone.

    Where nobody listens to clocks as they change, `tells_clocks` is False and they are reckoned when asked for.
    """

    def __init__(
        self,
        book: Book,
        rows: Rows | None = None,
        always_refold: bool = False,
        hot: int | None = None,
        tells_clocks: bool = True,
    ) -> None:
        self.slots = Slots(book)
        self.always_refold, self.tells_clocks = always_refold, tells_clocks
        self.records = Records(rows, book.mark, hot or (HOT_ALONE if rows is None else HOT))
        self.timers = Timers(self.records.wakes())
        self.heard, self.marking = Heard(self.slots, rows), Marking(self.slots, defers=rows is None)
        quietly = not (always_refold or tells_clocks or book.regional or book.tables.closures)
        self.calm = Calm(self.slots) if quietly else None

    @property
    def outdated(self) -> int:
        """How many subjects another book judged last."""
        return len(self.records.outdated)

    @property
    def wake(self) -> int | None:
        """The earliest instant at which a timer is due, or a mark is told that waited."""
        return min((at for at in (self.timers.next, self.marking.wake) if at is not None), default=None)

    def step(self, events: Sequence[Event], now: int) -> Step:
        """Folds a chunk of events, then judges each subject once at `now`: nothing is raised that the chunk undoes."""
        self.records.cool()
        step = Step()
        taken = self._take_all(events, now, step)
        for chunk in taken.values():
            record = chunk.record
            if record.quiet is not None:
                continue
            try:
                if chunk.broken:
                    raise FoldError(record.subject)
                self._judge(record, now, step)
            except Exception:  # a defect of ours: one by one, so that only the event that brings it is set aside
                record.restore(chunk.count, chunk.length)
                step.facts = [fact for fact in step.facts if fact.subject != record.subject]
                self._one_by_one(record, events_from(chunk.since, events, record.subject), now, step)
        self.marking.tell(events, step)
        self._keep((chunk.record for chunk in taken.values()), now, step)
        return step

    def _take_all(self, events: Sequence[Event], now: int, step: Step) -> dict[str, Chunk]:
        """Adds the events to the logs of their subjects; nothing is judged yet. Gives back what is to be judged, stored
        or woken at another time."""
        taken: dict[str, Chunk] = {}
        find, turn, telling = self.records.hot.get, self.records.turn, self.slots.telling
        least = CALM if self.records.rows is not None else WAKES
        calm = self.calm
        for index, event in enumerate(events):
            record = find(event.subject)
            if calm is None or record is None or record.quiet is None:
                self._take_apart(index, event, taken, now, step)
                continue
            said = calm.take(record, event, now)
            if said == UNUSUAL:
                self._take_apart(index, event, taken, now, step)
                continue
            record.stamp = turn
            if said >= least and event.subject not in taken:
                taken[event.subject] = Chunk(record, index + 1, record.count, len(record.log))
            if event.rank in telling:
                tell_new(record, self.slots, event.fact, step)
        return taken

    def _take_apart(self, index: int, event: Event, taken: dict[str, Chunk], now: int, step: Step) -> None:
        """Takes an event of a subject that is new, is not followed quietly, or is by this event."""
        subject, fact = event.subject, event.fact
        chunk = taken.get(subject)
        if chunk is None:
            record = self.records.get(subject) or self._new(subject, fact)
            if record is None:
                step.unjudged.append((fact.source, fact.id))
                return
            chunk = taken[subject] = Chunk(record, index, record.count, len(record.log))
        record = chunk.record
        if is_full(record):
            step.rejected.append(Rejected(index, "quarantined", "$.subject", QUARANTINED))
            if not is_told_full(record):
                record.states = record.quiet = None
            return
        fresh = self.calm is not None and record.quiet is not None and not record.count
        if fresh and self.calm is not None and self.calm.take(record, event, now) != UNUSUAL:
            tell_new(record, self.slots, fact, step)
            return
        try:
            self._take(record, fact, now, step)
        except Exception:  # told apart when its subject is judged
            chunk.broken = True

    def _one_by_one(self, record: Record, facts: Sequence[tuple[int, Fact]], now: int, step: Step) -> None:
        for index, fact in facts:
            before = record.count, len(record.log)
            try:
                self._take(record, fact, now, step)
                self._judge(record, now, step)
            except Exception as error:
                record.restore(*before)
                doubt(record, fact)
                step.rejected.append(Rejected(index, FOLD_RAISED, "$", f"{type(error).__name__}: {error}"))
        if record.states is None and record.quiet is None:
            with suppress(Exception):  # what stood before stands, without the mark
                self._judge(record, now, step)

    def advance(self, now: int, limit: int = 2000) -> Step:
        """Fires the timers of at most `limit` subjects that are due at `now`."""
        self.records.cool()
        step = Step()
        self.marking.tell_waiting(now, step)
        dirty: list[Record] = []
        for subject in self.timers.due(now, limit):
            record = self.records.get(subject)
            if record is None:
                continue
            record.wake = NEVER  # its timer has gone off
            if record.slow:
                record.states = None
            for slot, said in record.rulings.items():
                if said.wake is not None and said.wake <= now:
                    record.touched |= 1 << slot
            if self.calm is None or self.calm.may_say(record, now):
                self._judge(record, now, step)  # before it is let go: what ran out in between has to be said
            elif record.alerts:
                step.alerts += settle(record.alerts, self.slots.book.tables.sources, now)
            if record.closed_at is not None and now >= record.closed_at + KEEP + TRANSIT:
                self._let_go(record, step)
            else:
                dirty.append(record)
        self._keep(dirty, now, step)
        return step

    def refold(self, now: int, limit: int = 2000) -> Step:
        """Judges at most `limit` of the subjects that another book judged last."""
        self.records.cool()
        step = Step()
        dirty: list[Record] = []
        for subject in list(islice(self.records.outdated, limit)):
            record = self.records.get(subject)
            assert record is not None
            try:
                self._judge(record, now, step)
            except Exception:  # a defect of ours: what stood stands until an event comes for this subject
                step.counted.append("refold_raised")
                step.facts = [fact for fact in step.facts if fact.subject != subject]
                self.records.drop(subject)
            else:
                dirty.append(record)
        self._keep(dirty, now, step)
        return step

    def clocks(self, now: int) -> list[Clock]:
        """The clocks of the subjects in memory as they stand at `now`, each with its revision."""
        return [clock for record in self.records.each() for clock in clocks_of(record, self.slots, now)]

    def _keep(self, dirty: Iterable[Record], now: int, step: Step) -> None:
        for record in dirty:
            quietly = self.calm is not None and record.quiet is not None
            wake = self.calm.wake(record) if self.calm and quietly else wake_after(record, self.slots, now)
            self.timers.arm(record.subject, wake)
            self.records.store(record, wake, step)
        self.heard.note(step.rows)

    def _let_go(self, record: Record, step: Step) -> None:
        step.clocks += final_clocks(record, clocks_of(record, self.slots, NEVER), self.tells_clocks)
        self.records.let_go(record, step)

    def _new(self, subject: str, fact: Fact) -> Record | None:
        """The record of a subject that is not known; None for one that was known, closed and let go."""
        if self.records.was_let_go(subject):
            return None
        record = self.records.add(Record(subject, stream_of(fact)))
        if self.calm is not None:
            self.calm.begin(record)
        else:
            begin(record, self.slots)
        return record

    def _take(self, record: Record, fact: Fact, now: int, step: Step) -> None:
        """Adds one event to the log, and steps the rules where it comes after all that is known."""
        settle_doubt(record, fact)
        if self._comes_after(record, fact, now):
            record.append(fact)
            record.seen = fact.occurred_at
            if fact.recorded_at > record.latest_recorded:
                record.latest_recorded = fact.recorded_at
            if record.closed_at is None and RANK_OF[type(fact)] in CLOSING:
                record.closed_at = fact.occurred_at
            if fact.recorded_at > fact.occurred_at + self.slots.relief:
                record.late = True
            take(record, slots_of(record, self.slots, fact), fact)
            if RANK_OF[type(fact)] in self.slots.telling:
                tell_new(record, self.slots, fact, step)
            return
        if record.quiet is not None and not self.slots.opening and not record.may_know(fact):
            record.append(fact)
            record.quiet = None
            tell_new(record, self.slots, fact, step)
            return
        versions = record.versions()
        known_as = (fact.source, fact.id)
        if any((version.source, version.id) == known_as and is_repeat(version, fact) for version in versions):
            step.counted.append("duplicate")
            return
        record.append(fact)
        record.states = record.quiet = None
        tell_changed(record, self.slots, versions, fact, step)

    def _comes_after(self, record: Record, fact: Fact, now: int) -> bool:
        return (
            fact.operation != DELETED
            and record.seen < fact.occurred_at <= now
            and record.states is not None
            and not (fact.whole_day or record.slow or self.always_refold)
            and (not record.alerts or fact.occurred_at > max(alert.at for alert in record.alerts.values()))
            and not record.may_know(fact)
            and is_heard(record, fact)
            and not (self.slots.regional and is_settling(record, fact))
        )

    def _judge(self, record: Record, now: int, step: Step) -> None:
        """Asks the rules that were touched for their rulings and says what changed; all of them after a refold."""
        whole = record.states is None
        if self.calm is not None and self.calm.follows_again(record, now, self.records):
            return
        if whole:
            step.unjudged += fold(record, self.slots, now)
        slots = slots_of(record, self.slots)
        if record.former is not None:
            tell_past(record, slots, self.heard.owed(record.former), step)
            record.former = None
        now = last_judged(record, now)
        turned = bool(slots.governing.activations) and record.epoch != (epoch := slots.governing.epoch(now))
        if turned:
            record.epoch, record.touched = epoch, record.touched | slots.dated
        concerned = slots.every if whole else slots.listed(record.touched)
        record.touched = 0
        stale = ask(record, slots, concerned, now, whole, step, self.tells_clocks)
        if turned and not whole:
            stale += [slot for slot in concerned if slots.dated >> slot & 1]
        if whole and self.tells_clocks:
            void_others(record, slots, step)
        if stale or whole:
            say_alerts(record, slots, stale, now, step, whole)
        if record.alerts:
            step.alerts += settle(record.alerts, slots.book.tables.sources, now)
