"""Decides how rules that count in a window are read, and by what they group."""

from __future__ import annotations

import re
from math import ceil

from rules.expression import Compiled
from rules.judging.selector import Selector
from rules.judging.windows import Grouping, Window
from rules.kinds.count import Count
from rules.language.order_body import own_condition
from rules.language.reading import Head, Reading, types_of
from rules.language.words import known, missing, word
from rules.language.yaml import Node
from rules.model.spans import Span

SCALARS = ("string", "number", "bool")
ITEM = re.compile(r"\bitem\.")
KEYS = ("event", "when", "group_by", "window", "over", "at_least", "distinct", "keep_firing_for")


def read_count(node: Node, head: Head, reading: Reading) -> Count | None:
    """`count: {event, when, group_by, window: {type, size}, over | at_least, distinct, keep_firing_for}`."""
    if not known(node, KEYS):
        return None
    event = reading.required(node, "event")
    kind, size = _window(node, reading)
    threshold, at_least = _threshold(node, reading)
    distinct = reading.expression(node.get("distinct"), types_of(event), ("string",))
    when = own_condition(node, head, reading, event)
    if kind == "sliding":
        _refuse_the_case(node, event, when, distinct)
    return Count(
        rule=head.rule,
        severity=head.severity,
        event=event,
        window=Window(size),
        at_least=at_least,
        threshold=threshold,
        distinct=distinct,
        when=when,
        grouping=_grouping(node, reading, event, kind == "life"),
        keep_firing_for=reading.exact(node.get("keep_firing_for")),
        ranks=event.ranks,
    )


def _refuse_the_case(node: Node, event: Selector, *conditions: Compiled | None) -> None:
    """A group sees the events alone: neither other facts of their cases nor the catalogue can be asked there."""
    read = [*conditions, *(clause.when for clause in event.clauses)]
    for compiled in (each for each in read if each is not None):
        if compiled.reads or ITEM.search(compiled.text):
            place = node.get("when") or node.get("event") or node
            place.fault(
                "not-in-groups", f"`{compiled.text}` asks for more than the event, which is all that a group has"
            )


def grouped_by(node: Node) -> list[Node]:
    """What a count rule writes under `group_by`."""
    group_by = node.get("group_by")
    return group_by.elements() if group_by is not None else []


def _window(node: Node, reading: Reading) -> tuple[str, Span | None]:
    window = node.get("window")
    if window is None:
        missing(node, "window")
        return "", None
    if not known(window, ("type", "size")):
        return "", None
    kind, written = word(window, "type", ("sliding", "life"), ""), window.get("size")
    if window.get("type") is None:
        missing(window, "type", "is sliding or life")
    if kind == "life" and written is not None:
        written.fault("unknown-key", "a window of type life has no size")
    if kind != "sliding":
        return kind, None
    if written is None:
        missing(window, "size", "is required: a duration in h, m, s or days")
        return kind, None
    size = reading.span(written)
    if size is not None and size.unit not in ("exact", "days"):
        written.fault("not-a-duration", f"{written.shown}: a sliding window is so many h, m, s or days long")
    return kind, size


def _threshold(node: Node, reading: Reading) -> tuple[float, int]:
    """What the rule writes, and the least count that breaks it."""
    over, least = node.get("over"), node.get("at_least")
    if (over is None) == (least is None):
        missing(node, "over", "or else `at_least` is required, one of them")
        return 0.0, 1
    threshold = reading.number(over if over is not None else least)
    if threshold is None:
        return 0.0, 1
    at_least = int(threshold // 1) + 1 if over is not None else ceil(threshold)
    if at_least < 1:
        (over or least or node).fault("impossible-threshold", "this would hold without any event")
    return float(threshold), at_least


def _grouping(node: Node, reading: Reading, event: Selector, life: bool) -> Grouping | None:
    group_by = node.get("group_by")
    if group_by is None:
        missing(node, "group_by")
        return None
    parts = group_by.elements()
    if not parts:
        group_by.fault("empty", "`group_by` names one field or more")
        return None
    texts = [str(part.value) for part in parts]
    if life:
        if texts != [reading.subject]:
            group_by.fault("life-of-subject", f"a window of type life is grouped by [{reading.subject}]")
        return None
    compiled = [(part, reading.expression(part, types_of(event), SCALARS)) for part in parts]
    for part, expression in compiled:
        if expression is not None and expression.reads:
            part.fault("not-in-groups", "a group is known by fields of the event itself")
    return Grouping(", ".join(texts), tuple(each for _, each in compiled if each is not None), event.ranks)
