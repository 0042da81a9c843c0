"""Decides how the steps are read by which an open alert is raised: beside the kind, or within its body."""

from __future__ import annotations

from rules.judging.ladder import Escalation
from rules.language.reading import Reading
from rules.language.words import known, missing, word
from rules.language.yaml import Node
from rules.model.alerts import SEVERITIES

ESCALATE = "escalate"


def read_escalations(node: Node | None, reading: Reading) -> tuple[Escalation, ...]:
    """`[{after: 5 workdays, severity: red_card, to: supervisor}]`, one step or a list of them."""
    steps = (_step(each, reading) for each in (node.elements() if node is not None else ()))
    return tuple(step for step in steps if step is not None)


def written_once(beside: Node | None, within: Node | None) -> Node | None:
    """The steps of a rule, which stand beside its kind or within the body, not in both places."""
    if beside is not None and within is not None:
        within.fault("twice", "`escalate` stands here and beside `rule`; write it once")
    return within if within is not None else beside


def lifted(body: Node) -> Node:
    """A body without its steps, for the readers of kinds that have no clock: they know nothing of them."""
    if body.get(ESCALATE) is None:
        return body
    kept = {key: part for key, part in body.items() if key != ESCALATE}
    bare = Node(body.source, body.line, body.col, body.width, kept)
    bare.keys = {key: place for key, place in body.keys.items() if key != ESCALATE}
    bare.mistyped = body.mistyped
    return bare


def _step(node: Node, reading: Reading) -> Escalation | None:
    if not known(node, ("after", "severity", "to")):
        return None
    after = reading.span(node.get("after"))
    severity = word(node, "severity", SEVERITIES, "")
    to = word(node, "to", default="")
    if node.get("after") is None:
        missing(node, "after")
    if not severity and not to:
        node.fault("missing-key", "an escalation raises the `severity` or says `to` whom")
    return Escalation(after, severity, to) if after is not None else None
