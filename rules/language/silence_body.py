"""Decides how rules on silence are read: a roster of sources, or groups that must be heard within a span."""

from __future__ import annotations

from rules.expression import Compiled
from rules.judging.selector import Clause, Selector
from rules.judging.windows import Grouping
from rules.kinds.silence import Silence
from rules.language.grouping import read_parts
from rules.language.order_body import own_condition
from rules.language.reading import Head, Reading, asks_for_the_case
from rules.language.words import flag, known, missing, word
from rules.language.yaml import Node
from rules.model.events import TYPES
from rules.model.spans import Span

KEYS = ("roster", "event", "when", "group_by", "within", "office_hours")
OF_EVENTS = ("event", "when", "group_by", "within")
EVERYTHING = frozenset(kind.rank for kind in TYPES.values())
SOURCE = Compiled("event.source", "string", dict.fromkeys(EVERYTHING, lambda fact, _: fact.source), frozenset())


def read_silence(node: Node, head: Head, reading: Reading) -> Silence | None:
    """`{roster: sources, office_hours}`, or `{event, when, group_by, within, office_hours}`."""
    if not known(node, KEYS):
        return None
    if node.get("roster") is not None:
        return _of_roster(node, head, reading)
    within = node.get("within")
    if within is None:
        missing(node, "within", "or else `roster: sources` is required, one of them")
    event = reading.selector(node.get("event")) if node.get("event") is not None else _all(reading)
    when = own_condition(node, head, reading, event)
    for compiled in (when, *(clause.when for clause in event.clauses)):
        if compiled is not None and asks_for_the_case(compiled):
            place = node.get("when") or node.get("event") or node
            place.fault("not-in-groups", f"`{compiled.text}` asks for more than the event, which is all that is heard")
    office_hours = flag(node.get("office_hours"))
    span = reading.span(within)
    if span is not None and within is not None and office_hours and span.unit in ("days", "workdays"):
        within.fault("unit", f"`{span}` is no length of office hours: write so many h, m or workhours")
    return Silence(
        rule=head.rule, severity=head.severity, event=event, when=when, ranks=event.ranks,
        grouping=_grouping(node, head.rule, reading, event), within=span or Span(0, "exact"), office_hours=office_hours,
    )  # fmt: skip


def _of_roster(node: Node, head: Head, reading: Reading) -> Silence:
    """Whatever a source of the roster sends is heard, of either stream."""
    for key in OF_EVENTS:
        place = node.keys.get(key)
        if place is not None:
            place.fault("unknown-key", f"`{key}` is not asked of a roster: sources.yaml says what is expected of each")
    word(node, "roster", ("sources",))
    if head.when is not None:
        head.when.fault("unknown-key", "a roster of sources has no condition: all that they send is heard")
    event = Selector((Clause(EVERYTHING),))
    return Silence(
        rule=head.rule, severity=head.severity, event=event, ranks=EVERYTHING,
        grouping=Grouping("sources", (SOURCE,), EVERYTHING, holds="marks"),
        office_hours=flag(node.get("office_hours")),
    )  # fmt: skip


def _all(reading: Reading) -> Selector:
    return Selector((Clause(frozenset(kind.rank for kind in TYPES.values() if kind.stream in reading.streams)),))


def _grouping(node: Node, rule: str, reading: Reading, event: Selector) -> Grouping:
    """By what a rule groups what it hears, without a word by the source."""
    group_by = node.get("group_by")
    parts = group_by.elements() if group_by is not None else []
    if group_by is not None and not parts:
        group_by.fault("empty", "`group_by` names one field or more")
    functions = read_parts(parts, event, reading) or (SOURCE,)
    name = f"silence {rule} by {', '.join(str(part.value) for part in parts) or 'source'}"
    return Grouping(name, functions, event.ranks, holds="marks")
