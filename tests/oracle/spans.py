"""Decides which event opens a clock and which one stops it, for each of the ways in which rules say so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from tests.oracle.clocks import Rule, Span, World, before, count, first_day
from tests.oracle.history import Fact


def plain(starts: frozenset[str], stops: Callable[[Fact, Fact], bool]) -> Callable[..., list[Span]]:
    """The first start for which the rule has a limit, unless it was stopped before."""

    def spans(rule: Rule, facts: list[Fact], world: World, now: datetime) -> list[Span]:
        fitting = [fact for fact in facts if fact.type in starts and has_limit(rule, fact, facts, world)]
        if not fitting:
            return []
        start = fitting[0]
        if any(stops(fact, start) for fact in facts if before(fact, start)):
            return []
        after = [fact for fact in facts if before(start, fact) and stops(fact, start)]
        return [Span(start, after[0] if after else None)]

    return spans


def has_limit(rule: Rule, fact: Fact, facts: list[Fact], world: World) -> bool:
    """What `when` refuses, or what has no limit, opens no clock of that rule."""
    return rule.limit(fact, [each for each in facts if before(each, fact)], world) is not None


ANSWERS = frozenset({"case.accepted", "case.not_accepted", "case.withdrawn", "case.closed"})
ENDS = frozenset({"case.decided", "case.withdrawn", "case.closed"})


def answered(rule: Rule, facts: list[Fact], world: World, now: datetime) -> list[Span]:
    """The clocks of T04, each opened by the correction that followed a notice in time (CLOCKS.md 5, 6)."""
    final = next((fact for fact in facts if fact.type in ANSWERS), None)
    notices = [fact for fact in facts if fact.type == "case.correction_notified"]
    received = next((fact for fact in facts if fact.type == "case.received"), None)
    if received is None or any(before(fact, received) for fact in [*notices, *([final] if final else [])]):
        return []
    return list(chain(rule, received, final, notices, facts, world))


def chain(
    rule: Rule, start: Fact, final: Fact | None, notices: list[Fact], facts: list[Fact], world: World
) -> Iterator[Span]:
    allowed = rule.limit(start, [], world)
    assert allowed is not None
    world = world.here(start, facts)
    due = world.days.after(first_day(rule, start, world), *allowed)
    in_time = [
        fact for fact in notices if before(start, fact) and fact.day <= due and (final is None or before(fact, final))
    ]
    if not in_time:
        yield Span(start, final)
        return
    yield Span(start, in_time[0])
    corrected = [
        fact
        for fact in facts
        if fact.type == "case.corrected" and before(in_time[0], fact) and (final is None or before(fact, final))
    ]
    if corrected:
        yield from chain(rule, corrected[0], final, notices, facts, world)


def handled(lapse: Rule) -> Callable[..., list[Span]]:
    """The clock `handling`: from the acceptance, or from a receipt without an answer (CLOCKS.md 7)."""

    def spans(rule: Rule, facts: list[Fact], world: World, now: datetime) -> list[Span]:
        ends = [fact for fact in facts if fact.type in ENDS]
        start = None
        for span in lapse.spans(lapse, facts, world, now):
            reading = count(lapse, span, facts, world, now)
            if reading is not None and reading.breach:
                start = span.start
        if start is None:
            start = next((fact for fact in facts if fact.type == "case.accepted"), None)
        if start is None or any(before(fact, start) for fact in ends):
            return []
        return [Span(start, next((fact for fact in ends if before(start, fact)), None))]

    return spans
