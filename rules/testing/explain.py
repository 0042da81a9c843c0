"""Decides what a person needs to check a verdict by hand: each event and what it means to the rule, each clock by day.

The production core folds the subject; what is told here is read from what it folded, nothing is judged again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from rules.core.folding import fold, ruling
from rules.core.record import Record
from rules.core.slots import Slots, grouping_of
from rules.drive import Drive
from rules.expression import Compiled
from rules.judging.context import Context
from rules.judging.outcome import Outcome
from rules.judging.selector import Clause, Selector
from rules.judging.versions import in_order, resolve, times_of
from rules.language import Book, Rule
from rules.model.alerts import Alert
from rules.model.events import BY_RANK, OPERATIONS, RANK_OF, Event, Fact, stream_of, type_name
from rules.testing.explain_clock import ClockExplained, explained_clock

_OPERATION = {number: name for name, number in OPERATIONS.items()}


class Meaning(Struct, frozen=True):
    """What an event is to a rule: the part of the rule it fits (`stop`, `pause`), or a condition and its value."""

    part: str
    taken: bool
    condition: str = ""
    value: str = ""


class EventLine(Struct, frozen=True, kw_only=True):
    """One version of one event, in the order of judgement; `speaks` for the one that counts of its id."""

    type: str
    source: str
    id: str
    at: int
    whole_day: bool
    recorded_at: int
    received_at: int
    operation: str
    speaks: bool
    fields: dict[str, str]
    meanings: tuple[Meaning, ...] = ()


class Explained(Struct, frozen=True, kw_only=True):
    """One version of one rule over one subject, as known at `now`. `zone` is the one of the subject's region."""

    rule: str
    version: int
    kind: str
    subject: str
    now: int
    zone: str
    calendar: str
    group: str
    events: tuple[EventLine, ...]
    clocks: tuple[ClockExplained, ...]
    alerts: tuple[Alert, ...]
    counted: tuple[str, ...]


def explain(book: Book, subject: str, events: Sequence[Event], now: int) -> list[Explained]:
    """Every rule of a book over one subject; of the rules that judge groups, `events` are those of all subjects.

    A subject of which there is neither event nor alert gives nothing; of a family, the rules that read none of its
    events are left out where another reads some.
    """
    drive = Drive(book, tells_clocks=False)
    drive.take([event for event in events if event.fact.occurred_at <= now])
    drive.until(now)
    own = [event.fact for event in events if event.subject == subject and event.fact.occurred_at <= now]
    alerts = drive.alerts()
    slots = Slots(book)
    record = _record(subject, own, slots, now)
    met_by_alert = any(alert.subject == subject for alert in alerts)  # a source that was never heard has no event
    asked = book.rules if own or met_by_alert else ()
    found = [_explained(rule, record, slots, own, alerts, now) for rule in asked]
    met = [each for each in found if each.alerts or any(line.meanings for line in each.events)]
    return met or found


def _record(subject: str, facts: Sequence[Fact], slots: Slots, now: int) -> Record:
    stream = next((stream_of(fact) for fact in facts if type(fact) is not Fact), "")
    record = Record(subject, stream)
    for fact in facts:
        record.append(fact)
    fold(record, slots, now)
    return record


def _explained(
    rule: Rule, record: Record, slots: Slots, facts: Sequence[Fact], alerts: Iterable[Alert], now: int
) -> Explained:
    context = record.context
    assert context is not None
    said = ruling(record, slots, slots.rules.index(rule), now) if grouping_of(rule) is None else None
    keys = {(fact.source, fact.id) for fact in facts}
    lines, group = _events(rule, record, slots, facts)
    clocks = [each for each in said.clocks if isinstance(each, Outcome)] if said is not None else []
    return Explained(
        rule=rule.id,
        version=rule.version,
        kind=rule.kind,
        subject=record.subject,
        now=now,
        zone=context.zone,
        calendar=context.place.calendar.version,
        group=group,
        events=lines,
        clocks=tuple(explained_clock(rule, each, {(f.source, f.id): f for f in facts}) for each in clocks),
        alerts=tuple(
            alert
            for alert in alerts
            if (alert.rule, alert.version) == (rule.id, rule.version)
            and (alert.subject == record.subject or any((e.source, e.id) in keys for e in alert.evidence))
        ),
        counted=said.counted if said is not None else (),
    )


def _events(rule: Rule, record: Record, slots: Slots, facts: Sequence[Fact]) -> tuple[tuple[EventLine, ...], str]:
    """The versions in the order of judgement, with what each speaking one means; and the group they belong to."""
    context = Context(record.subject, slots.places, slots.remembered, slots.remembered_first)
    assert record.context is not None
    context.firsts = record.context.firsts
    speaking = resolve(facts)
    times = times_of(speaking, record.context.zone)
    context.times = times
    grouping = grouping_of(rule)
    lines: list[EventLine] = []
    group = ""
    for fact in in_order(speaking, times):
        context.before(fact)
        lines += [_line(version, ()) for version in facts if _same(version, fact) and version is not fact]
        lines.append(_line(fact, tuple(_meanings(rule.body, fact, context)), True))
        if grouping is not None and RANK_OF[type(fact)] in grouping.ranks and not group:
            parts = [part.functions[RANK_OF[type(fact)]](fact, context) for part in grouping.parts]
            group = "|".join(str(part) for part in parts) if all(parts) else ""
        context.after(fact)
    told = {(line.source, line.id) for line in lines}
    lines += [_line(fact, ()) for fact in facts if (fact.source, fact.id) not in told]
    return tuple(lines), group


def _same(one: Fact, other: Fact) -> bool:
    return (one.source, one.id) == (other.source, other.id)


def _line(fact: Fact, meanings: tuple[Meaning, ...], speaks: bool = False) -> EventLine:
    return EventLine(
        type=type_name(fact),
        source=fact.source,
        id=fact.id,
        at=fact.occurred_at,
        whole_day=fact.whole_day,
        recorded_at=fact.recorded_at,
        received_at=fact.received_at,
        operation=_OPERATION[fact.operation],
        speaks=speaks,
        fields=_fields(fact),
        meanings=meanings,
    )


def _fields(fact: Fact) -> dict[str, str]:
    """The judged fields that say something and name nobody."""
    kind = BY_RANK.get(RANK_OF[type(fact)])
    if kind is None:
        return {}
    shown = {name: getattr(fact, name) for name in kind.judged if not kind.fields[name].personal}
    return {name: _written(value) for name, value in shown.items() if value not in (None, "", [], False)}


def _written(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else str(value)


def _meanings(body: Any, fact: Fact, context: Context) -> Iterator[Meaning]:
    """Which parts of a rule an event fits, whatever the kind: its selectors and expressions are found by their type."""
    rank = RANK_OF[type(fact)]
    if rank not in body.ranks:
        return
    met = False
    for name, each in _parts(body, ""):
        part = WRITTEN.get(name, name)
        if isinstance(each, Selector):
            for clause in each.clauses:
                if rank in clause.ranks:
                    fit = _fit(part, clause, fact, context)
                    met = met or fit.taken
                    yield fit
        elif met and rank in each.functions:
            yield Meaning(part, True, each.text, _value(each, fact, context))


WRITTEN = {
    "approved.of": "at_most",
    "granted.of": "by",
    "extension_max": "max",
    "within_days.of": "within",
    "deemed_from": "deemed.from",
    "deemed_unless": "deemed.unless",
}
"""Parts of a rule that its author calls otherwise."""


def _fit(part: str, clause: Clause, fact: Fact, context: Context) -> Meaning:
    if clause.when is None:
        return Meaning(part, True)
    value = _value(clause.when, fact, context)
    return Meaning(part, value == "True", clause.when.text, value)


def _value(compiled: Compiled, fact: Fact, context: Context) -> str:
    try:
        return _written(compiled.functions[RANK_OF[type(fact)]](fact, context))
    except Exception as error:  # a rule that raises is shown as it is
        return type(error).__name__


def _parts(body: Any, above: str) -> Iterator[tuple[str, Selector | Compiled]]:
    """The selectors of a rule, then its expressions, each with the name that it has in the rule."""
    found = list(_walk(body, above))
    yield from ((name, each) for name, each in found if isinstance(each, Selector))
    yield from ((name, each) for name, each in found if isinstance(each, Compiled))


def _walk(node: Any, name: str) -> Iterator[tuple[str, Selector | Compiled]]:
    if isinstance(node, Selector | Compiled):
        yield name, node
    elif isinstance(node, msgspec.Struct):
        for field in node.__struct_fields__:
            yield from _walk(getattr(node, field), f"{name}.{field}" if name else field)
    elif isinstance(node, tuple):
        for number, each in enumerate(node, 1):
            yield from _walk(each, f"{name} {number}")
