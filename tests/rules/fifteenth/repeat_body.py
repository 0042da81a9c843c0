"""Decides how a rule on events that come too often is read."""

from __future__ import annotations

from rules.kinds.repeat import Repeat  # type: ignore[import-not-found]
from rules.language.reading import Head, Reading
from rules.language.words import known, missing
from rules.language.yaml import Node


def read_repeat(node: Node, head: Head, reading: Reading) -> Repeat | None:
    """`repeat: {event, most}`."""
    if not known(node, ("event", "most")):
        return None
    event, most = reading.required(node, "event"), reading.number(node.get("most"))
    if node.get("most") is None:
        missing(node, "most", "is required: how often it may come")
    if most is None:
        return None
    return Repeat(rule=head.rule, severity=head.severity, event=event, most=most, ranks=event.ranks)
