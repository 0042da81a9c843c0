"""Decides what the log of one subject comes to: every rule stepped over its events, in the versions that speak."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rules.core.record import CLOSING, NEVER, Record
from rules.core.slots import Slots
from rules.judging.context import Context
from rules.judging.verdicts import SILENT, Ruling, Verdict
from rules.judging.versions import in_order, resolve, times_of
from rules.language.rule import Rule
from rules.model.events import RANK_OF, Fact
from rules.model.times import DAY

KEEP = 90 * DAY
"""How long after a subject closed its own rules judge what is recorded of it (RULES.md §3.5)."""


def fold(record: Record, slots: Slots, now: int) -> list[tuple[str, str]]:
    """Folds the log from its beginning: what occurred up to `now`, in order.

    Gives back (source, id) of what was found too late to judge since the last fold.
    """
    versions = record.versions()
    context = record.context = Context(record.subject, slots.places, slots.remembered)
    for version in versions:
        key = (version.source, version.id)
        context.firsts[key] = min(context.firsts.get(key, NEVER), version.recorded_at)
    record.states = [rule.body.new() for rule in slots.rules]
    record.rulings = [SILENT] * len(slots.rules)
    record.off = {}
    current = judged(record, versions)
    first = min((f for f in current if f.region), key=lambda f: (f.occurred_at, f.source, f.id), default=None)
    zone = slots.places.of(first.region).zone if first is not None else context.zone
    record.late = any(version.recorded_at > version.occurred_at + slots.relief for version in versions)
    record.slow = any(fact.occurred_at > now or fact.whole_day for fact in current)
    record.seen = max((version.occurred_at for version in versions), default=-NEVER)
    visible = [fact for fact in current if fact.occurred_at <= now]
    context.times = times_of(visible, zone)
    for fact in in_order(visible, context.times):
        take(record, slots, fact)
    record.touched.clear()
    return _newly_unjudged(record, versions)


def _newly_unjudged(record: Record, versions: list[Fact]) -> list[tuple[str, str]]:
    if record.closed_at is None:
        return []
    last = record.closed_at + KEEP
    late = [(version.source, version.id) for version in versions if version.recorded_at > last]
    known, record.unjudged = record.unjudged, len(late)
    return late[known:]


def judged(record: Record, versions: list[Fact]) -> list[Any]:
    """The versions that speak, of those recorded while the rules of the subject still listened."""
    current = resolve(versions)
    record.closed_at = min((fact.occurred_at for fact in current if RANK_OF[type(fact)] in CLOSING), default=None)
    if record.closed_at is None:
        return current
    last = record.closed_at + KEEP
    return (
        current
        if all(v.recorded_at <= last for v in versions)
        else resolve(v for v in versions if v.recorded_at <= last)
    )


def take(record: Record, slots: Slots, fact: Any) -> Sequence[int]:
    """Steps the rules that an event concerns; gives back their slots. A rule that raises is off for this subject."""
    context, states = record.context, record.states
    assert context is not None and states is not None
    concerned = slots.by_rank.get(RANK_OF[type(fact)], ())
    context.before(fact)
    for slot in concerned:
        if slot not in record.off:
            try:
                slots.rules[slot].body.step(states[slot], fact, context)
            except Exception as error:  # whatever a rule does wrong must not stop the others
                record.off[slot] = failure(slots.rules[slot], fact, error)
    context.after(fact)
    return concerned


def ruling(record: Record, slots: Slots, slot: int, now: int) -> Ruling:
    """What one rule says of a subject at `now`; versions are shown to it only when some event was entered late."""
    if slot not in record.off:
        assert record.context is not None and record.states is not None
        versions = record.versions if record.late else None
        try:
            return slots.rules[slot].body.ruling(record.states[slot], record.context, now, versions)
        except Exception as error:  # as above
            record.off[slot] = failure(slots.rules[slot], record.versions()[-1], error)
    return Ruling((record.off[slot],))


def failure(rule: Rule, fact: Fact, error: Exception) -> Verdict:
    """The verdict that stands in place of a rule that raised."""
    key = (fact.source, fact.id)
    said = {"rule": rule.id, "error": type(error).__name__}
    return Verdict(
        occasion=key, reason="rule_raised", severity="notice", at=fact.occurred_at, params=said, step=rule.id,
        rests_on=(key,),
    )  # fmt: skip
