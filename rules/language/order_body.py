"""Decides how rules on single events and on who acted are read."""

from __future__ import annotations

from rules.expression import Compiled
from rules.judging.selector import Selector
from rules.kinds.match import Match
from rules.kinds.separation import Separation
from rules.language.reading import Head, Reading, types_of
from rules.language.words import known, missing
from rules.language.yaml import Node


def own_condition(node: Node, head: Head, reading: Reading, event: Selector) -> Compiled | None:
    """The `when` of a body, or else the one of its rule."""
    own = node.get("when")
    if own is not None and head.when is not None:
        own.fault("twice", "`when` stands here and beside `rule`; write both as one condition")
    return reading.expression(own if own is not None else head.when, types_of(event), ("bool",))


def read_match(node: Node, head: Head, reading: Reading) -> Match | None:
    """`match: {event, when}`."""
    if not known(node, ("event", "when")):
        return None
    event = reading.required(node, "event")
    when = own_condition(node, head, reading, event)
    return Match(rule=head.rule, severity=head.severity, event=event, when=when, ranks=event.ranks)


def read_separation(node: Node, head: Head, reading: Reading) -> Separation | None:
    """`separation: {duties: [[…], […]], actor}`."""
    if not known(node, ("duties", "actor")):
        return None
    duties = node.get("duties")
    parts = duties.elements() if duties is not None else []
    if duties is None or not duties.is_list or len(parts) < 2:
        (duties or node).fault("missing-key", "`duties` are two lists of events, or more")
    selectors = tuple(reading.selector(duty) for duty in parts)
    types = types_of(*selectors)
    if node.get("actor") is None:
        missing(node, "actor", "is required: the field that says who acted")
    actor = reading.expression(node.get("actor"), types, ("string",))
    when = reading.expression(head.when, types, ("bool",))
    if actor is None:
        return None
    names = tuple(f"duty{position + 1}" for position in range(len(selectors)))
    ranks = frozenset(kind.rank for kind in types)
    return Separation(
        rule=head.rule,
        severity=head.severity,
        duties=selectors,
        names=names,
        actor=actor,
        when=when,
        ranks=ranks,
    )
