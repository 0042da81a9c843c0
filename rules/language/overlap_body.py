"""Decides how rules on two subjects that are open at once are read: what opens and stops them, and their key."""

from __future__ import annotations

from hashlib import blake2b

from rules.judging.windows import Grouping
from rules.kinds.overlap import Overlap
from rules.language.grouping import SCALARS
from rules.language.reading import Head, Reading, asks_for_tables, types_of
from rules.language.words import known, missing
from rules.language.yaml import Node


def read_overlap(node: Node, head: Head, reading: Reading) -> Overlap | None:
    """`overlap: {start, stop, key: [event.applicant, task_code], within}`."""
    if not known(node, ("start", "stop", "key", "within")):
        return None
    start, stop = reading.required(node, "start"), reading.required(node, "stop")
    when = reading.expression(head.when, types_of(start), ("bool",))
    key = node.get("key")
    parts = key.elements() if key is not None else []
    if not parts:
        missing(key if key is not None else node, "key", "is required: what two subjects have in common")
    read = [reading.expression(part, types_of(start), SCALARS, True) for part in parts]
    for part, compiled in zip(parts, read, strict=True):
        if compiled is not None and asks_for_tables(compiled):
            part.fault("not-in-groups", "a key is made of what events say: another book may declare otherwise")
    name = f"overlap {head.rule} by {', '.join(str(part.value) for part in parts)}"
    functions = tuple(each for each in read if each is not None)
    return Overlap(
        rule=head.rule, severity=head.severity, event=start, stop=stop, when=when, ranks=start.ranks,
        terms=_terms(node, head, reading), within=reading.span(node.get("within")),
        grouping=Grouping(name, functions, start.ranks, holds="openings"),
    )  # fmt: skip


def _terms(node: Node, head: Head, reading: Reading) -> str:
    """What tells this rule and version from one that opens and stops by other events."""
    places = (node.get("start"), node.get("stop"), head.when)
    said = repr([place.plain() if place is not None else None for place in places])
    params = sorted(reading.params.items()) if "params." in said else []
    return blake2b((said + repr(params)).encode(), digest_size=6).hexdigest()
