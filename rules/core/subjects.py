"""Decides what stands for every subject: the retracting fold over the log of each (ARCHITECTURE §4).

The set of alerts is a function of the set of events and of `now`. An insert that comes after all that is known is
stepped; anything else (a correction, a deletion, a straggler, a tie, a date without a time) puts the log in order and
folds it again with the very same steps, and the difference is said.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from rules.core.alerting import LATENESS, alert_of, changes, settle
from rules.core.record import CLOSING, NEVER, Record, decode_row, encode_row, trace, wake_of
from rules.core.step import Rejected, Rows, Step
from rules.core.timers import Timers
from rules.judging.context import Context
from rules.judging.place import Places
from rules.judging.verdicts import SILENT, ClockView, Ruling, Verdict, signature_of
from rules.judging.versions import content, in_order, resolve, times_of
from rules.kinds.count import Count, Grouping
from rules.kinds.deadline import Deadline
from rules.language.rule import Book, Rule
from rules.model.alerts import Alert, Clock, Text
from rules.model.events import DELETED, RANK_OF, Event, Fact, stream_of
from rules.model.facts import GroupFact, group_key
from rules.model.spans import Span
from rules.model.times import DAY, local_day

KEEP = 90 * DAY
TRANSIT = 7 * DAY
PREFIX = b"s"
ENGINE = Rule(
    id="engine.error", version=1, name=Text("规则出错", "Rule failed"), category="data", basis="project",
    severity="notice", kind="match", body=None, streams=("service", "inspection"), subject="subject", params={},
    messages={"fire": Text("{{ subject }}：规则 {{ rule }} 无法判定", "{{ subject }}: rule {{ rule }} could not judge")},
)  # type: ignore[arg-type]  # fmt: skip


class SubjectCore:
    """The fold over subjects. With `rows` it restores from them and hands back what changed; without, memory alone."""

    def __init__(self, book: Book, rows: Rows | None = None, always_refold: bool = False) -> None:
        self.book, self.rows, self.always_refold = book, rows, always_refold
        self.places = Places(book.tables)
        self.slots = [rule for rule in book.rules if not _is_grouped(rule)]
        self.groupings = _groupings(book)
        self.by_rank: dict[int, list[int]] = {}
        for slot, rule in enumerate(self.slots):
            for rank in rule.body.ranks:
                self.by_rank.setdefault(rank, []).append(slot)
        self.remembered = _remembered(book)
        self.relief = min((r.body.relief.amount for r in self.slots if _has_relief(r)), default=NEVER)
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
            except Exception as error:  # the event is a dead letter, the subject is folded again from its log
                self._forget_folding(event.subject)
                step.rejected.append(Rejected(index, "fold_raised", "$", f"{type(error).__name__}: {error}"))
        self._settle(dirty, now, step)
        return step

    def advance(self, now: int, limit: int = 2000) -> Step:
        """Fires the timers of at most `limit` subjects that are due at `now`."""
        step = Step()
        dirty: dict[str, None] = {}
        for subject in self.timers.due(now, limit):
            record = self._record(subject)
            if record is None:
                continue
            dirty[subject] = None
            if record.closed_at is not None and now >= record.closed_at + KEEP + TRANSIT:
                self._evict(record, step)
                del dirty[subject]
            elif record.slow or record.states is None:
                self._refold(record, now, step)
            else:
                self._judge(record, self._due_slots(record, now), now, step)
        self._settle(dirty, now, step)
        return step

    def _due_slots(self, record: Record, now: int) -> Sequence[int]:
        return [
            slot
            for slot, ruling in enumerate(record.rulings)
            if ruling.wake is not None and ruling.wake <= now
        ]

    def _settle(self, dirty: dict[str, None], now: int, step: Step) -> None:
        for subject in dirty:
            record = self.records[subject]
            wake = self._wake_of(record, now)
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

    def _forget_folding(self, subject: str) -> None:
        record = self.records.get(subject)
        if record is not None:
            record.states = None

    def _evict(self, record: Record, step: Step) -> None:
        del self.records[record.subject]
        self.gone.add(record.subject)
        if self.rows is not None:
            step.rows[PREFIX + record.subject.encode()] = trace()

    def _take(self, subject: str, fact: Fact, now: int, step: Step) -> bool:
        record = self._record(subject)
        if record is None:
            if subject in self.gone:
                step.unjudged.append((fact.source, fact.id))
                return False
            record = self.records[subject] = Record(subject, stream_of(fact))
            self._fold(record, now)
        fresh = (
            fact.operation != DELETED and fact.occurred_at > record.seen and fact.occurred_at <= now
            and not (fact.whole_day or record.slow or self.always_refold or record.closed_at is not None)
            and record.states is not None and not record.mentions(fact.id)
        )  # fmt: skip
        if fresh and RANK_OF[type(fact)] not in CLOSING:
            self._append(record, fact, now, step)
            return True
        return self._amend(record, fact, now, step)

    def _append(self, record: Record, fact: Fact, now: int, step: Step) -> None:
        record.append(fact)
        record.seen = fact.occurred_at
        record.late = record.late or fact.recorded_at > fact.occurred_at + self.relief
        touched = self._step_all(record, fact)
        if touched:
            self._judge(record, touched, now, step)
        for grouping in self.groupings.get(RANK_OF[type(fact)], ()):
            self._tell(grouping, None, fact, record, step)

    def _step_all(self, record: Record, fact: Any) -> Sequence[int]:
        context, states = record.context, record.states
        assert context is not None and states is not None
        slots = self.by_rank.get(RANK_OF[type(fact)], ())
        context.before(fact)
        for slot in slots:
            if slot in record.off:
                continue
            try:
                self.slots[slot].body.step(states[slot], fact, context)
            except Exception as error:  # a rule that raises is off for this subject, and an alert says so
                record.off[slot] = _failure(self.slots[slot], fact, error)
        context.after(fact)
        return slots

    def _amend(self, record: Record, fact: Fact, now: int, step: Step) -> bool:
        versions = record.versions()
        same = [v for v in versions if v.id == fact.id and v.source == fact.source]
        if any(_is_repeat(version, fact) for version in same):
            step.counted.append("duplicate")
            return False
        before = resolve(same)
        record.append(fact)
        after = resolve([*same, fact])
        self._refold(record, now, step)
        for grouping in {g.name: g for g in self._groupings_of([*before, *after])}.values():
            self._tell(grouping, before[0] if before else None, after[0] if after else None, record, step)
        if not self._is_judged(record, fact):
            step.unjudged.append((fact.source, fact.id))
        return True

    def _groupings_of(self, facts: Sequence[Fact]) -> list[Grouping]:
        return [grouping for fact in facts for grouping in self.groupings.get(RANK_OF[type(fact)], ())]

    def _is_judged(self, record: Record, fact: Fact) -> bool:
        return record.closed_at is None or fact.recorded_at <= record.closed_at + KEEP

    def _refold(self, record: Record, now: int, step: Step) -> None:
        self._fold(record, now)
        self._judge(record, range(len(self.slots)), now, step, whole=True)

    def _fold(self, record: Record, now: int) -> None:
        """Folds the log from its beginning: what occurred up to `now`, in order, each id in the version that speaks."""
        versions = record.versions()
        context = record.context = Context(record.subject, self.places, self.remembered)
        for version in versions:
            key = (version.source, version.id)
            context.firsts[key] = min(context.firsts.get(key, NEVER), version.recorded_at)
        record.states = [rule.body.new() for rule in self.slots]
        record.off = {}
        current = self._judged_versions(record, versions)
        zone = next((self.places.of(f.region).zone for f in current if f.region), context.zone)
        record.late = any(v.recorded_at > v.occurred_at + self.relief for v in versions)
        record.slow = any(f.occurred_at > now or f.whole_day for f in current)
        visible = [f for f in current if f.occurred_at <= now]
        context.times = times_of(visible, zone)
        record.seen = max((v.occurred_at for v in versions), default=-NEVER)
        for fact in in_order(visible, context.times):
            self._step_all(record, fact)
        record.rulings = [SILENT] * len(self.slots)

    def _judged_versions(self, record: Record, versions: list[Fact]) -> list[Any]:
        current = resolve(versions)
        record.closed_at = min((f.occurred_at for f in current if RANK_OF[type(f)] in CLOSING), default=None)
        if record.closed_at is None or all(v.recorded_at <= record.closed_at + KEEP for v in versions):
            return current
        return resolve(v for v in versions if v.recorded_at <= (record.closed_at or 0) + KEEP)

    def _judge(self, record: Record, slots: Sequence[int], now: int, step: Step, whole: bool = False) -> None:
        """Asks rules for their rulings and says what changed."""
        context, states = record.context, record.states
        assert context is not None and states is not None
        versions: Callable[[], list[Fact]] | None = record.versions if record.late else None
        stale: list[int] = list(range(len(self.slots))) if whole else []
        for slot in slots:
            old, new = record.rulings[slot], self._ruling(record, slot, now, versions)
            record.rulings[slot] = new
            if new.counted and not record.noted.issuperset(new.counted):
                step.counted += sorted(set(new.counted) - record.noted)
                record.noted |= set(new.counted)
            if not whole and new.verdicts != old.verdicts:
                stale.append(slot)
            if new.clocks:
                self._say_clocks(record, slot, new.clocks, step)
        if len(record.clocks) > sum(len(ruling.clocks) for ruling in record.rulings):
            self._void_clocks(record, step)
        if stale:
            self._say_alerts(record, stale, now, step)
        if record.alerts:
            step.alerts += settle(record.alerts, now)

    def _ruling(
        self, record: Record, slot: int, now: int, versions: Callable[[], list[Fact]] | None
    ) -> Ruling:
        if slot not in record.off:
            try:
                return self.slots[slot].body.ruling(record.states[slot], record.context, now, versions)  # type: ignore[index,arg-type]
            except Exception as error:
                facts = record.versions()
                record.off[slot] = _failure(self.slots[slot], facts[-1], error)
        return Ruling((record.off[slot],))

    def _say_alerts(self, record: Record, slots: Sequence[int], now: int, step: Step) -> None:
        rules = {self.slots[slot].id for slot in slots} | {ENGINE.id}
        after: dict[str, Alert] = {}
        facts: list[Fact] | None = None
        for slot in slots:
            rule = self.slots[slot]
            for verdict in record.rulings[slot].verdicts:
                if not _in_force(rule, verdict, record.context.zone):  # type: ignore[union-attr]
                    continue
                if facts is None:
                    context = record.context
                    facts = in_order(self._judged_versions(record, record.versions()), context.times)  # type: ignore[union-attr]
                shown = ENGINE if slot in record.off else rule
                group = record.subject if isinstance(rule.body, Count) else ""
                alert = alert_of(shown, verdict, record.subject, facts, self.book.hash, now, group)
                after[alert.alert_id] = alert
        if after or record.alerts:
            step.alerts += changes(record.alerts, after, rules)

    def _say_clocks(self, record: Record, slot: int, clocks: Sequence[ClockView], step: Step) -> None:
        rule = self.slots[slot].id
        for view in clocks:
            old = record.clocks.get((rule, view.occasion))
            if old is None or signature_of(old) != view.signature:
                changed = view.make(old.revision + 1 if old is not None else 1)
                record.clocks[rule, view.occasion] = changed
                step.clocks.append(changed)

    def _void_clocks(self, record: Record, step: Step) -> None:
        """Voids the clocks that a refold no longer finds."""
        standing = {
            (self.slots[slot].id, view.occasion)
            for slot, ruling in enumerate(record.rulings) for view in ruling.clocks
        }  # fmt: skip
        for key, old in record.clocks.items():
            if key not in standing and old.state != "void":
                gone = msgspec.structs.replace(old, state="void", revision=old.revision + 1)
                record.clocks[key] = gone
                step.clocks.append(gone)

    def _tell(self, grouping: Grouping, old: Any, new: Any, record: Record, step: Step) -> None:
        context = record.context
        keys: list[str | None] = []
        for fact in (old, new):
            rank = RANK_OF[type(fact)] if fact is not None else 0
            if rank not in grouping.ranks:
                keys.append(None)
                continue
            values = tuple(part.functions[rank](fact, context) for part in grouping.parts)
            keys.append(
                None if any(v is None or v == "" for v in values) else group_key(grouping.name, values)
            )
        for fact, key, present in ((old, keys[0], False), (new, keys[1], True)):
            if key is None or (not present and keys[0] == keys[1]):
                continue
            step.facts.append(
                GroupFact(key, fact.source, fact.id, record.count, present, record.subject, fact)
            )

    def _wake_of(self, record: Record, now: int) -> int | None:
        wakes = [ruling.wake for ruling in record.rulings if ruling.wake is not None]
        wakes += [a.at + LATENESS for a in record.alerts.values() if not a.settled and a.state != "withdrawn"]
        if record.closed_at is not None:
            wakes.append(record.closed_at + KEEP + TRANSIT)
        if record.slow:
            wakes += [v.occurred_at for v in record.versions() if v.occurred_at > now]
        return min(wakes, default=None)

    def clocks(self, now: int) -> list[Clock]:
        """The clocks of the subjects in memory as they stand at `now`, each with its revision."""
        found: list[Clock] = []
        for record in self.records.values():
            versions = record.versions if record.late else None
            for slot in range(len(self.slots)):
                if slot in record.off or not record.rulings[slot].clocks:
                    continue
                for view in self._ruling(record, slot, now, versions).clocks:
                    old = record.clocks.get((self.slots[slot].id, view.occasion))
                    found.append(view.make(old.revision if old else 1))
        return found


def _is_grouped(rule: Rule) -> bool:
    return isinstance(rule.body, Count) and rule.body.grouping is not None


def _has_relief(rule: Rule) -> bool:
    return isinstance(rule.body, Deadline) and isinstance(rule.body.relief, Span)


def _groupings(book: Book) -> dict[int, list[Grouping]]:
    """The groupings that events of each rank belong to; rules that group alike share one."""
    merged: dict[str, Grouping] = {}
    for rule in book.rules:
        grouping = rule.body.grouping if isinstance(rule.body, Count) else None
        if grouping is None:
            continue
        other = merged.get(grouping.name)
        if other is not None:
            parts = tuple(
                msgspec.structs.replace(one, functions={**two.functions, **one.functions})
                for one, two in zip(grouping.parts, other.parts, strict=True)
            )
            grouping = Grouping(grouping.name, parts, grouping.ranks | other.ranks)
        merged[grouping.name] = grouping
    found: dict[int, list[Grouping]] = {}
    for grouping in merged.values():
        for rank in grouping.ranks:
            found.setdefault(rank, []).append(grouping)
    return found


def _remembered(book: Book) -> frozenset[int]:
    """The event types whose latest or first fact some expression reads."""
    found: set[int] = set()
    pending: list[Any] = [rule.body for rule in book.rules]
    while pending:
        each = pending.pop()
        if isinstance(each, msgspec.Struct):
            found |= getattr(each, "reads", frozenset())
            pending += [getattr(each, name) for name in each.__struct_fields__]
        elif isinstance(each, tuple):
            pending += each
    return frozenset(found)


def _in_force(rule: Rule, verdict: Verdict, zone: str) -> bool:
    return rule.effective is None or local_day(verdict.at, zone) >= rule.effective


def _failure(rule: Rule, fact: Fact, error: Exception) -> Verdict:
    said = {"rule": rule.id, "error": type(error).__name__}
    return Verdict(
        occasion=(fact.source, fact.id), reason="rule_raised", severity="notice", at=fact.occurred_at, params=said,
        step=rule.id, rests_on=((fact.source, fact.id),),
    )  # fmt: skip


def _is_repeat(one: Fact, other: Fact) -> bool:
    return (
        type(one) is type(other) and one.recorded_at == other.recorded_at and one.operation == other.operation
        and content(one) == content(other)
    )  # fmt: skip
