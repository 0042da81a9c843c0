"""Decides how rules on single events and on who acted are read: what matches, four eyes, rosters."""

from __future__ import annotations

import re

from rules.expression import Compiled
from rules.judging.selector import Selector
from rules.kinds.match import Match
from rules.kinds.roster import Roster, Who
from rules.kinds.separation import Separation
from rules.language.reading import Head, Reading, types_of
from rules.language.words import known, missing, suggest, word
from rules.language.yaml import Node
from rules.tables.rosters import KINDS

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*\Z")
WHO = {kind: kind for kind in KINDS} | {"officers": "officer"}
"""The fields that say who acted, and of which kind the rows of a roster are that admit them."""


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


def read_roster(node: Node, head: Head, reading: Reading) -> Roster | None:
    """`roster: {event, who: [event.actor, event.organ], roster: item.roster | <name>, at, unknown}`."""
    if not known(node, ("event", "when", "who", "roster", "at", "unknown")):
        return None
    event = reading.required(node, "event")
    types, who = types_of(event), node.get("who")
    if who is None or not who.elements():
        missing(who or node, "who", "is required: the fields that must be on the roster")
    named, roster = _roster(node, reading, event)
    return Roster(
        rule=head.rule,
        severity=head.severity,
        event=event,
        who=tuple(each for part in (who.elements() if who is not None else ()) for each in _who(part, reading, event)),
        roster=roster,
        name=named,
        at=reading.expression(node.get("at"), types, ("moment", "time"), True),
        fires_unknown=word(node, "unknown", ("silent", "fire"), "silent") == "fire",
        when=own_condition(node, head, reading, event),
        ranks=event.ranks,
    )


def _who(node: Node, reading: Reading, event: Selector) -> list[Who]:
    """One field that names who acted; its name says among which rows of the roster it is sought."""
    value = reading.expression(node, types_of(event), ("string", "strings"), True)
    field = str(node.value).removeprefix("event.")
    if value is not None and field not in WHO:
        node.fault(
            "unknown-who", f"{node.shown} is none of {', '.join(WHO)}: a roster admits those", suggest(field, WHO)
        )
    return [Who(WHO[field], value)] if value is not None and field in WHO else []


def _roster(node: Node, reading: Reading, event: Selector) -> tuple[str, Compiled | None]:
    """The roster by its name, or what is to be read at the event."""
    place = node.get("roster")
    if place is None:
        missing(node, "roster", "is required: `item.roster`, or the id of a roster")
        return "", None
    if not isinstance(place.value, str) or not NAME.match(place.value):
        return "", reading.expression(place, types_of(event), ("string",), True)
    if reading.rosters is not None and place.value not in reading.rosters:
        hint = suggest(place.value, reading.rosters)
        place.fault("unknown-roster", f"{place.shown} is in no file of `rosters/`", hint)
    return place.value, None
