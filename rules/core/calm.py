"""Decides which subjects are followed quietly: those of which no rule has anything to say yet.

A quiet subject has no whole states, no rulings and no alerts. An event that comes after all that is known of it is
given to the quiet rules; whatever they cannot tell is left to the fold of its log with the whole states.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from msgspec import Struct

from rules.core.folding import KEEP, TRANSIT
from rules.core.keeping import Records
from rules.core.record import CLOSING, NEVER, NOTHING, Record
from rules.core.slots import Slots
from rules.core.waking import is_heard
from rules.expression import Compiled, Fused, fuse_all
from rules.judging.context import Context
from rules.judging.quiet import CALM, LOUD, WAKES, Quiet, QuietStep, Whole
from rules.judging.recalled import Past, Recalled
from rules.judging.selector import Selector
from rules.kinds.deadline import Deadline
from rules.kinds.match import Match
from rules.kinds.sequence import Sequence as Order
from rules.language.rule import Rule
from rules.model.events import DELETED, RANK_OF, Event, Fact

UNUSUAL = 3
"""What an event means that does not simply come after all that is known."""
MOST_EVENTS = 1_000
"""A subject with more is followed with the whole states, which need not read its log again."""


class Calm:
    """The quiet rules of a book in which all regions read the rules alike, by the event types that they are given."""

    def __init__(self, slots: Slots) -> None:
        self.slots, self.relief = slots, slots.relief
        self.rules = [_followed(slots, home, place) for place, home in enumerate(_states_of(slots))]
        self.steps: dict[int, tuple[QuietStep, ...]] = {}
        fused = fuse_all([(slot, when) for slot, rule in enumerate(slots.rules) if (when := _condition(rule))])
        for rank in slots.concerned:
            steps = [step for rule in self.rules if (step := rule.asked(rank)) is not None]
            if rank in fused:
                steps.append(_Conditions(fused[rank]).step)
            self.steps[rank] = tuple(steps)
        self.context = Recalled(slots.places, slots.remembered, slots.remembered_first)
        self.nothing: tuple[None, ...] = (None,) * len(self.rules)

    def take(self, record: Record, event: Event, now: int) -> int:
        """Takes an event into the log and the quiet states: CALM or WAKES; UNUSUAL where it took nothing."""
        at, recorded, fact = event.at, event.recorded_at, event.fact
        if not record.seen < at <= now or recorded - at > self.relief or not event.is_timed:
            return UNUSUAL
        if record.count >= MOST_EVENTS:
            record.quiet, record.loud = None, True
            return UNUSUAL
        rank = event.rank
        ends = record.closed_at is not None or rank in CLOSING
        if (ends and not is_heard(record, fact)) or record.may_know(fact):
            return UNUSUAL
        said, steps = CALM, self.steps.get(rank)
        if steps and (said := self.step(record, steps, fact, record)) == LOUD:
            return UNUSUAL
        record.append(fact)
        record.seen = at
        if recorded > record.latest_recorded:
            record.latest_recorded = recorded
        if ends and record.closed_at is None:
            record.closed_at, said = at, WAKES
        return said

    def step(self, record: Record, steps: Iterable[QuietStep], fact: Any, past: Past) -> int:
        """Gives the next event in order to the quiet rules."""
        states, context, said = record.quiet, self.context, CALM
        assert states is not None
        context.turn(fact, past)
        try:
            for step in steps:
                meant = step(states, fact, context)
                if meant:
                    said = meant
                    if meant == LOUD:
                        break
        except Exception:  # which rule raised, and what stands in its place, the whole fold finds
            said = LOUD
        if said == LOUD:
            record.quiet, record.loud = None, True
        return said

    def begin(self, record: Record) -> None:
        """Follows a subject quietly of which nothing is known."""
        record.quiet, record.states, record.rulings, record.off = list(self.nothing), None, NOTHING, NOTHING
        record.context, record.late, record.slow, record.touched = None, False, False, 0
        record.closed_at, record.seen, record.latest_recorded = None, -NEVER, -NEVER

    def follow(self, record: Record, now: int) -> bool:
        """Reads the log of a subject quietly; False where that does not tell all."""
        if record.loud or record.alerts or record.noted or record.former is not None:
            return False
        facts = record.in_order()
        if not self._is_plain(facts, now):
            return False
        self.begin(record)
        for number, fact in enumerate(facts):
            rank = RANK_OF[type(fact)]
            if rank in CLOSING and record.closed_at is None:
                record.closed_at = fact.occurred_at
            before = _Before(record.subject, facts, number)
            if self.step(record, self.steps.get(rank, ()), fact, before) == LOUD:
                return False
        record.seen = facts[-1].occurred_at
        record.latest_recorded = max([fact.recorded_at for fact in facts])
        if record.closed_at is not None and record.latest_recorded > record.closed_at + KEEP:
            record.quiet = None
            return False
        return True

    def follows_again(self, record: Record, now: int, records: Records) -> bool:
        """Whether a subject that is to be folded can be followed quietly instead; else its whole states are kept."""
        if record.states is None and self.follow(record, now):
            return True
        record.loud = True
        records.hold(record)
        return False

    def _is_plain(self, facts: Sequence[Fact], now: int) -> bool:
        """Whether every version is an event of its own, inserted in time, that has a time and has occurred."""
        relief = self.relief
        return len({(fact.source, fact.id) for fact in facts}) == len(facts) and all(
            fact.occurred_at <= now
            and not fact.whole_day
            and fact.operation != DELETED
            and fact.recorded_at - fact.occurred_at <= relief
            for fact in facts
        )

    def may_say(self, record: Record, now: int) -> bool:
        """Whether a subject whose timer went off may have anything to say but that what was said has settled."""
        if record.quiet is None:
            settles = record.loud and record.rulings and not record.touched and not record.slow
            return not settles or bool(self.slots.governing.activations)
        if not any(state is not None and self.rules[at].wake(state) <= now for at, state in enumerate(record.quiet)):
            return False
        record.quiet, record.loud = None, True
        return True

    def wake(self, record: Record) -> int | None:
        """The first instant at which there may be something to say of a quiet subject, or it is let go."""
        assert record.quiet is not None
        wake = NEVER if record.closed_at is None else record.closed_at + KEEP + TRANSIT
        for rule, state in zip(self.rules, record.quiet, strict=True):
            if state is not None:
                wake = min(wake, rule.wake(state))
        return None if wake == NEVER else wake


class _Conditions:
    """The rules that one condition on one event makes say something, as one function."""

    def __init__(self, fused: Fused) -> None:
        self.function = fused.function

    def step(self, states: list[Any], fact: Any, context: Context) -> int:
        return LOUD if self.function(fact, context) else CALM


class _Before(Struct):
    """The first `number` of the events of a subject, which are in order."""

    subject: str
    facts: Sequence[Fact]
    number: int

    def in_order(self) -> Sequence[Fact]:
        return self.facts[: self.number]


def _states_of(slots: Slots) -> Iterable[int]:
    """The slots whose rules need a quiet state: one of those that share one, none for a mere condition."""
    return [home for home in slots.sharing if _condition(slots.rules[home]) is None]


def _condition(rule: Rule) -> Compiled | None:
    """The condition that alone makes a rule say something; None where there is more to it."""
    if not isinstance(rule.body, Match) or len(rule.body.event.clauses) != 1:
        return None
    conditions = [each for each in (rule.body.event.clauses[0].when, rule.body.when) if each is not None]
    return conditions[0] if len(conditions) == 1 and set(conditions[0].sources) >= rule.body.ranks else None


def _followed(slots: Slots, home: int, place: int) -> Quiet:
    body: Any = slots.rules[home].body
    quiet: Quiet | None = None
    if isinstance(body, Deadline):
        ladders = [each.ladder for slot in slots.sharing[home] if isinstance(each := slots.rules[slot].body, Deadline)]
        quiet = body.quiet(ladders, place)
    elif isinstance(body, Order):
        quiet = body.quiet(place)
    elif isinstance(body, Match):
        quiet = _Matched(body.event, body.when)
    return quiet if quiet is not None else Whole(body, place)


class _Matched:
    """A match rule of which one condition is not all."""

    def __init__(self, event: Selector, when: Compiled | None) -> None:
        self.event, self.when = event, when

    def asked(self, rank: int) -> QuietStep | None:
        return self._step if rank in self.event.ranks else None

    def wake(self, state: Any) -> int:
        return NEVER

    def _step(self, states: list[Any], fact: Any, context: Context) -> int:
        if self.event.clause_of(fact, context) is None:
            return CALM
        when = self.when
        return LOUD if when is None or when.functions[RANK_OF[type(fact)]](fact, context) else CALM
