"""Decides what is said of one subject after it was judged: alerts and clocks that changed, each with its revision."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from rules.core.absorbing import join_cards
from rules.core.alerting import alert_of, changes
from rules.core.engine import ENGINE, doubted, is_doubtful, is_full, quarantine_of
from rules.core.folding import judged
from rules.core.record import NOTHING, Record
from rules.core.slots import Slots
from rules.core.step import Step
from rules.judging.verdicts import SILENT, ClockView, Verdict
from rules.judging.versions import in_order, resolve
from rules.judging.windows import Grouped
from rules.model.alerts import Alert, Clock
from rules.model.events import Fact

CONTESTED, VOID = "contested", "void"


def say_alerts(record: Record, slots: Slots, stale: Sequence[int], now: int, step: Step, whole: bool = False) -> None:
    """Says what changed of the alerts of these slots, and of the rules that are off; `whole`: of every alert, so that
    those of a rule that has left the book are withdrawn."""
    said = sorted({kin for slot in (*stale, *record.off) for kin in slots.kin.get(slot, (slot,))})
    rules = None if whole else {slots.rules[slot].id for slot in said} | {ENGINE.id}
    after = _alerts_of(record, slots, said, now)
    if whole and is_full(record):
        full = quarantine_of(record, slots.book, now)
        after[full.alert_id] = full
    if record.noted and is_doubtful(record):
        after = {key: doubted(alert) for key, alert in after.items()}
    if after or record.alerts:
        if slots.absorbing:
            join_cards(slots.absorbing, record.alerts, after, rules)
        if record.alerts is NOTHING:
            record.alerts = {}
        step.alerts += changes(record.alerts, after, rules)


def _alerts_of(record: Record, slots: Slots, said: Sequence[int], now: int) -> dict[str, Alert]:
    """What the last rulings of these slots come to, each of the version that governs its occasion."""
    assert record.context is not None
    zone = record.context.home_place.zone
    after: dict[str, Alert] = {}
    facts: list[Fact] | None = None
    for slot in said:
        rule = slots.rules[slot]
        for verdict in record.rulings.get(slot, SILENT).verdicts:
            if not slots.governing.governs(rule, verdict.began_at, zone, now):
                continue
            if facts is None:
                facts = in_order(judged(record, record.versions()), record.context.times)
            grounds = facts if verdict.state != CONTESTED else _with_deleted(record, facts, verdict)
            shown = msgspec.structs.replace(ENGINE, mode=rule.mode) if slot in record.off else rule
            group = record.subject if isinstance(rule.body, Grouped) else ""
            alert = alert_of(shown, verdict, record.subject, grounds, slots.book, now, group)
            after[alert.alert_id] = alert
    return after


def _with_deleted(record: Record, facts: Sequence[Fact], verdict: Verdict) -> Sequence[Fact]:
    """The facts of a subject and what a contested alert rests on though it was deleted: no other knows of that."""
    assert record.context is not None
    wanted = set(verdict.rests_on) - {(fact.source, fact.id) for fact in facts}
    written = [v for v in record.versions() if (v.source, v.id) in wanted and type(v) is not Fact]
    return in_order([*facts, *resolve(written)], record.context.times) if written else facts


def say_clocks(record: Record, rule: str, clocks: Sequence[ClockView], step: Step) -> None:
    """Says the clocks of a rule of which more changed than the time, and voids those that it no longer has."""
    for view in clocks:
        old = record.clocks.get((rule, view.occasion))
        if old is None or view.differs_from(old):
            changed = view.make(old.revision + 1, old.clock_id) if old is not None else view.make(1, "")
            if record.clocks is NOTHING:
                record.clocks = {}
            record.clocks[rule, view.occasion] = changed
            step.clocks.append(changed)
    if len(record.clocks) > len(clocks):
        _void(record, rule, {view.occasion for view in clocks}, step)


def shown_clocks(record: Record, slots: Slots, slot: int, clocks: Sequence[ClockView], now: int) -> Sequence[ClockView]:
    """Those of a rule's clocks that it governs: of several versions each shows its own."""
    if not slots.dated >> slot & 1:
        return clocks
    assert record.context is not None
    rule, zone = slots.rules[slot], record.context.home_place.zone
    return [view for view in clocks if slots.governing.governs(rule, view.began_at, zone, now)]


def final_clocks(record: Record, clocks: Iterable[Clock], told: bool) -> list[Clock]:
    """The last figures of a subject that is let go: of those told before, the ones that time has changed since."""
    if not told:
        return list(clocks)
    found: list[Clock] = []
    for clock in clocks:
        old = record.clocks.get((clock.rule, clock.occasion))
        if old is None or (old.used, old.left) != (clock.used, clock.left):
            found.append(msgspec.structs.replace(clock, revision=old.revision + 1 if old is not None else 1))
    return found


def void_others(record: Record, slots: Slots, step: Step) -> None:
    """Voids the clocks of rules that have left the book."""
    for rule in {key[0] for key in record.clocks} - slots.ids:
        _void(record, rule, set(), step)


def _void(record: Record, rule: str, standing: set[tuple[str, str]], step: Step) -> None:
    for key, old in record.clocks.items():
        if key[0] == rule and key[1] not in standing and old.state != VOID:
            gone = msgspec.structs.replace(old, state=VOID, revision=old.revision + 1)
            record.clocks[key] = gone
            step.clocks.append(gone)
