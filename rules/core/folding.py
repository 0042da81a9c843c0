"""Decides what the log of one subject comes to: every rule stepped over its events, in the versions that speak."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from rules.core.record import CLOSING, NEVER, NOTHING, Record
from rules.core.slots import Slots
from rules.judging.context import Context
from rules.judging.escalation import escalated
from rules.judging.verdicts import SILENT, Ruling, Verdict
from rules.judging.versions import in_order, resolve, times_of
from rules.language.rule import Rule
from rules.model.events import RANK_OF, Fact
from rules.model.times import DAY

KEEP = 90 * DAY
"""How long after a subject closed its own rules judge what is recorded of it (RULES.md §3.5)."""
TRANSIT = 7 * DAY
"""How long state is kept beyond what is judged, so that the answer does not depend on when an event arrives."""


def begin(record: Record, slots: Slots) -> Context:
    """The fold of no events."""
    record.states, record.rulings, record.off = {}, {}, NOTHING
    record.late = record.slow = False
    record.closed_at, record.seen, record.latest_recorded, record.touched = None, -NEVER, -NEVER, 0
    context = record.context = Context(record.subject, slots.places, slots.remembered, slots.remembered_first)
    return context


def fold(record: Record, slots: Slots, now: int) -> list[tuple[str, str]]:
    """Folds the log from its beginning: what occurred up to `now`, in order.

    Gives back (source, id) of what was found too late to judge since the last fold.
    """
    versions = record.versions()
    context = begin(record, slots)
    current = judged(record, versions)
    record.late = any(version.recorded_at > version.occurred_at + slots.relief for version in versions)
    record.slow = any(fact.occurred_at > now or fact.whole_day for fact in current)
    record.seen = max((version.occurred_at for version in versions), default=-NEVER)
    record.latest_recorded = max((version.recorded_at for version in versions), default=-NEVER)
    visible = [fact for fact in current if fact.occurred_at <= now]
    ordered = arranged(visible, versions, slots, context)
    if slots.regional:
        slots = slots.within(home_of(ordered))
    for fact in ordered:
        take(record, slots, fact)
    record.touched = 0
    return _newly_unjudged(record, versions)


def home_of(ordered: Iterable[Any]) -> str:
    """The region of the first event, of those in order, that has one: what holds for a whole subject holds there."""
    return next((fact.region for fact in ordered if fact.region), "")


def slots_of(record: Record, slots: Slots, fact: Any = None) -> Slots:
    """The rules as they read in the region of a subject; `fact` is its first event, where none was stepped yet."""
    if not slots.regional:
        return slots
    assert record.context is not None
    return slots.within(record.context.home or (fact.region if fact is not None else ""))


def is_settling(record: Record, fact: Any) -> bool:
    """Whether an event is the first to say the region: what came before it was judged as if there were none."""
    return record.count > 0 and record.context is not None and not record.context.home and bool(fact.region)


def _newly_unjudged(record: Record, versions: list[Fact]) -> list[tuple[str, str]]:
    if record.closed_at is None:
        return []
    last = record.closed_at + KEEP
    late = [(version.source, version.id) for version in versions if version.recorded_at > last]
    known, record.unjudged = record.unjudged, len(late)
    return late[known:]


def arranged(facts: list[Any], versions: Sequence[Fact], slots: Slots, context: Context) -> list[Any]:
    """Facts in the order in which they are judged; the context learns their times, and when each was first recorded."""
    firsts: dict[tuple[str, str], int] = {}
    for version in versions:
        key = (version.source, version.id)
        firsts[key] = min(firsts.get(key, NEVER), version.recorded_at)
    if len(firsts) < len(versions):
        context.firsts = firsts
    first = min((f for f in facts if f.region), key=lambda f: (f.occurred_at, f.source, f.id), default=None)
    zone = slots.places.of(first.region).zone if first is not None else context.zone
    context.times = times_of(facts, zone)
    return in_order(facts, context.times)


def judged(record: Record, versions: list[Fact]) -> list[Any]:
    """The versions that speak, of those recorded while the rules of the subject still listened."""
    current, record.closed_at = heard(versions)
    return current


def heard(versions: Sequence[Fact]) -> tuple[list[Any], int | None]:
    """The versions that speak and are judged, and when the subject closed by them."""
    current = resolve(versions)
    closed_at = min((fact.occurred_at for fact in current if RANK_OF[type(fact)] in CLOSING), default=None)
    if closed_at is None or all(version.recorded_at <= closed_at + KEEP for version in versions):
        return current, closed_at
    return resolve(version for version in versions if version.recorded_at <= closed_at + KEEP), closed_at


def take(record: Record, slots: Slots, fact: Any) -> None:
    """Steps the rules that an event concerns. A rule that raises is off for this subject."""
    context, states, off = record.context, record.states, record.off
    assert context is not None and states is not None
    rank = RANK_OF[type(fact)]
    context.before(fact)
    for home, body in slots.homes.get(rank, ()):
        if off and all(slot in off for slot in slots.sharing[home]):
            continue
        if home not in states:
            states[home] = body.new()
        try:
            body.step(states[home], fact, context)
        except Exception as error:  # whatever a rule does wrong must not stop the others
            failed = {slot: failure(slots.rules[slot], fact, error) for slot in slots.sharing[home]}
            off = record.off = failed | dict(off)
    context.after(fact)
    record.touched |= slots.concerned.get(rank, 0)


def ruling(record: Record, slots: Slots, slot: int, now: int) -> Ruling:
    """What one rule says of a subject at `now`; versions are shown to it only when some event was entered late."""
    if slot not in record.off:
        assert record.context is not None and record.states is not None
        body: Any = slots.rules[slot].body
        versions = record.versions if record.late else None
        state = record.states.get(slots.home[slot])
        if state is None:
            if versions is None:
                return SILENT
            state = body.new()
        try:
            made: Ruling = body.ruling(state, record.context, now, versions)
            escalate = slots.rules[slot].escalate
            return escalated(made, escalate, record.context.home_place, now) if escalate and made.verdicts else made
        except Exception as error:  # as above
            record.off = {**record.off, slot: failure(slots.rules[slot], record.versions()[-1], error)}
    return Ruling((record.off[slot],))


def failure(rule: Rule, fact: Fact, error: Exception) -> Verdict:
    """The verdict that stands in place of a rule that raised."""
    key = (fact.source, fact.id)
    said = {"rule": rule.id, "error": type(error).__name__}
    return Verdict(
        occasion=key, reason="rule_raised", severity="notice", at=fact.occurred_at, params=said, step=rule.id,
        rests_on=(key,),
    )  # fmt: skip
