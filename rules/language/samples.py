"""Decides how the examples in a rule file are read: events, items, and exactly what they expect."""

from __future__ import annotations

from typing import Any

from rules.language.rule import Example
from rules.language.words import day, known, missing, suggest, time, word
from rules.language.yaml import Node
from rules.model.alerts import SEVERITIES
from rules.model.events import OPERATIONS, TYPES
from rules.tables import Tables
from rules.tables.faults import ExampleFaults

EXPECTED = (
    "step", "at", "due_date", "reason", "severity", "state", "ended_at", "value", "subject", "group",
    "provisional",
)  # fmt: skip
STATES = ("open", "ended", "contested")
TIMES = ("at", "recorded_at", "received_at")
BROUGHT = {
    "items": "a task code to catalogue columns",
    "declared": "a declared table to its rows: {key: value | {column: …} | [{column: …}, …]}",
    "rosters": "the id of a roster to its rows: [{who, kind, from, until}, …]",
    "sources": "a source to what is expected of it: {expect_every, since, office_hours, …}",
}
"""The tables that an example may bring, and what each maps."""
ENVELOPE = ("id", "source", "type", "operation", "precision", "subject")


def read_examples(node: Node, subject: str, tables: Tables | None) -> tuple[Example, ...]:
    """At least one example that fires, and one that stays silent."""
    examples = node.get("examples")
    if examples is None or not examples.is_list or not examples.value:
        if "examples" not in node.mistyped:
            place = examples if examples is not None else node
            place.fault("no-examples", "a rule shows at least one example that fires and one that stays silent")
        return ()
    found = [_example(part, subject, tables) for part in examples.value]
    kept = tuple(example for example in found if example is not None)
    if len(kept) == len(found) and len({bool(example.expect) for example in kept}) == 1:
        examples.fault("one-sided", "one example must fire and one must stay silent")
    return kept


def _example(node: Node, subject: str, tables: Tables | None) -> Example | None:
    if not known(node, ("name", *BROUGHT, "given", "until", "expect")):
        return None
    name, given = word(node, "name"), node.get("given")
    brought = {key: _brought(key, node.get(key), tables) for key in BROUGHT}
    expected = _expectations(node)
    if given is None or not given.is_list or not given.value:
        missing(given if given is not None else node, "given", "lists the events of the example")
        return None
    for part in given.value:
        _event(part, subject)
    until = node.get("until") or given.value[-1].get("at")
    end = time(node.get("until")) or (str(until.value) if until is not None else "")
    if until is None and given.value[-1].get("operation") is not None:
        missing(node, "until", "is required where the last event has no time")
    events = tuple(part.plain() for part in given.value if part.is_map)
    return Example(name, events, end, expected, line=node.line, col=node.col, **brought)


def _event(node: Node, subject: str) -> None:
    if not node.is_map:
        node.fault("type", f"an event is a mapping of its fields, not {node.shown}")
        return
    named = node.get("type")
    kind = TYPES.get(str(named.value)) if named is not None else None
    if named is None:
        missing(node, "type", "is required: which event this is")
    elif kind is None:
        named.fault("unknown-event", f"{named.shown} is not an event type", suggest(named.value, TYPES))
    else:
        known(node, (*TIMES, *ENVELOPE, subject, *kind.fields))
    operation = word(node, "operation", OPERATIONS, "i")
    word(node, "precision", ("second", "day"), "second")
    if node.get("at") is None and operation != "d":
        missing(node, "at", "is required: when this happened")
    for key in TIMES:
        time(node.get(key))


def _brought(key: str, node: Node | None, tables: Tables | None) -> dict[str, Any]:
    """What an example says of one table, in place of what the book says there."""
    if node is None:
        return {}
    if not node.is_map:
        node.fault("type", f"`{key}` maps {BROUGHT[key]}; this is {node.shown}")
        return {}
    plain: dict[str, Any] = node.plain()
    try:
        if tables is not None:
            getattr(tables, key).with_examples(plain)
    except ExampleFaults as error:
        _told(node, error)
    return plain


def _told(node: Node, error: ExampleFaults) -> None:
    for each in error.errors:
        message, _, hint = each.message.partition("; ")
        _place(node, each.path, each.code).fault(each.code, message, hint)


def _place(node: Node, path: tuple[str, ...], code: str) -> Node:
    """The value that a path names, or its key where the key is wrong."""
    for name in path:
        if code in ("unknown-column", "unknown-table") and name == path[-1]:
            found = node.keys.get(name)
        else:
            found = node.value[int(name)] if node.is_list else node.get(name)
        node = found if found is not None else node
    return node


def _expectations(node: Node) -> tuple[dict[str, Any], ...]:
    expect = node.get("expect")
    if expect is None:
        missing(node, "expect", "is required: exactly the alerts that stand at the end, or []")
        return ()
    if not expect.is_list:
        expect.fault("type", f"`expect` is a list of alerts, not {expect.shown}")
        return ()
    for part in expect.value:
        if known(part, EXPECTED):
            time(part.get("at"))
            time(part.get("ended_at"))
            day(part.get("due_date"))
            word(part, "severity", SEVERITIES, "")
            word(part, "state", STATES, "")
    return tuple(part.plain() for part in expect.value if part.is_map)
