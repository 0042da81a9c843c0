"""Decides how what kinds of groups share is read: their events, their window, by what they group, their bound."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, cast

from msgspec import Struct

from rules.expression import Compiled
from rules.judging.bounds import MILLION, Bound, Way, bound
from rules.judging.selector import Selector
from rules.judging.windows import AXES, Axis, Grouping, Window, WindowType, grouping_name
from rules.language.order_body import own_condition
from rules.language.reading import Head, Reading, asks_for_tables, asks_for_the_case, types_of
from rules.language.words import known, missing, word
from rules.language.yaml import Node
from rules.model.spans import Span
from rules.model.times import DAY

GROUP_KEYS = ("event", "when", "group_by")
WINDOW_KEYS = ("type", "size", "gap", "axis")
TYPES: tuple[WindowType, ...] = ("sliding", "tumbling", "session", "life")
WAYS: tuple[Way, ...] = ("over", "at_least", "under", "at_most")
SCALARS = ("string", "number", "bool")
_LENGTHS: dict[WindowType, str] = {
    "sliding": "write `size`", "tumbling": "write `size`", "session": "write `gap`",
    "life": "it forgets by `forget_after`, if at all",
}  # fmt: skip
PERCENT = re.compile(r"(\d+(?:\.\d+)?)\s*%")


class Members(Struct, frozen=True):
    """Which events a rule of groups is about, and which of them lie together."""

    event: Selector
    when: Compiled | None
    window: Window
    grouping: Grouping | None

    def of(self, head: Head) -> dict[str, Any]:
        """What every kind of groups is made of."""
        return {
            "rule": head.rule, "severity": head.severity, "event": self.event, "when": self.when,
            "grouping": self.grouping, "ranks": self.event.ranks,
        }  # fmt: skip


def read_members(node: Node, head: Head, reading: Reading, windows: tuple[WindowType, ...] = TYPES) -> Members:
    """The events of a body, its condition, window and groups; later expressions may rest on the condition."""
    event = reading.required(node, "event")
    when = own_condition(node, head, reading, event)
    window, axis = _window(node, reading, windows) if windows else (Window("sliding"), "at")
    grouping = _grouping(node, reading, event, window.type == "life", axis)
    clauses = [clause.when.proved if clause.when is not None else frozenset() for clause in event.clauses]
    reading.proved |= frozenset.intersection(*clauses) if clauses else frozenset()
    reading.proved |= when.proved if when is not None else frozenset()
    return Members(event, when, window, grouping)


def refuse_the_case(node: Node, members: Members, *conditions: Compiled | None) -> None:
    """A group sees the events alone: neither other facts of their cases nor the catalogue can be asked there."""
    if members.window.type == "life":
        return
    read = [members.when, *conditions, *(clause.when for clause in members.event.clauses)]
    for compiled in (each for each in read if each is not None):
        if asks_for_the_case(compiled):
            place = node.get("when") or node.get("event") or node
            place.fault(
                "not-in-groups", f"`{compiled.text}` asks for more than the event, which is all that a group has"
            )


def grouped_by(node: Node) -> list[Node]:
    """What a rule of groups writes under `group_by`."""
    group_by = node.get("group_by")
    return group_by.elements() if group_by is not None else []


def _window(node: Node, reading: Reading, types: tuple[WindowType, ...]) -> tuple[Window, Axis]:
    window = node.get("window")
    if window is None:
        missing(node, "window")
        return Window("sliding"), "at"
    if not known(window, WINDOW_KEYS):
        return Window("sliding"), "at"
    written = window.get("type")
    kind = cast(WindowType, word(window, "type", types, "sliding"))
    if written is None:
        missing(window, "type", f"is one of {', '.join(types)}")
    if written is not None and written.value not in types:
        return Window("sliding"), "at"
    axis = cast(Axis, word(window, "axis", AXES, "at"))
    if kind == "life" and axis != "at":
        (window.get("axis") or window).fault("unknown-key", "the life of a subject is in the order of what occurred")
    return Window(kind, _size(window, kind, reading)), axis


def _size(window: Node, kind: WindowType, reading: Reading) -> Span | None:
    """How far a window reaches: its size, the gap that ends a session, nothing for a life."""
    key, other = ("gap", "size") if kind == "session" else ("size", "gap")
    wrong = [other, "size"] if kind == "life" else [other]
    places = [place for each in wrong if (place := window.get(each)) is not None]
    for place in places:
        place.fault("unknown-key", f"a window of type {kind} has no such length: {_LENGTHS[kind]}")
    written = window.get(key)
    if kind == "life" or written is None:
        if kind != "life" and not places:
            missing(window, key, "is required: a duration in h, m, s or days")
        return None
    size = reading.span(written)
    if size is None:
        return None
    if size.unit not in ("exact", "days"):
        written.fault("not-a-duration", f"{written.shown}: a window is so many h, m, s or days long")
    elif kind == "tumbling" and size.unit == "exact" and DAY % size.amount:
        written.fault(
            "impossible-duration", f"{written.shown} does not divide a day: its buckets begin at each local midnight",
            "write `1h`, `6h`, or whole days",
        )  # fmt: skip
    return size


def read_field(node: Node, reading: Reading, members: Members) -> tuple[Compiled | None, str]:
    """The number that a body is about, and its unit: `s` where it is a length of time. An event without it, or with
    nothing that spells a number, does not count."""
    if node.get("field") is None:
        missing(node, "field", "is required: the number that it is about")
    field = reading.expression(node.get("field"), types_of(members.event), ("number", "exact"), True)
    refuse_the_case(node, members, field)
    return field, "s" if field is not None and field.kind == "exact" else ""


def read_length(node: Node | None, reading: Reading) -> Span | None:
    """A span in which a group remembers: exact, or calendar days."""
    span = reading.span(node)
    if span is not None and node is not None and span.unit not in ("exact", "days"):
        node.fault("not-a-duration", f"{node.shown}: write so many h, m, s or days")
    return span


def read_bound(node: Node, reading: Reading, ways: tuple[Way, ...], unit: str = "") -> Bound:
    """The one threshold that a body writes; `unit` is `%`, `s` for lengths of time, or none."""
    written = [way for way in ways if node.get(way) is not None]
    if len(written) != 1:
        others = " or ".join(f"`{way}`" for way in ways[1:])
        missing(node, ways[0], f"or else {others} is required, one of them" if others else "is required")
    way = written[0] if written else ways[0]
    place = node.get(way)
    value = _threshold(place, reading, unit) if place is not None else 0.0
    return bound(way, value)


def _threshold(node: Node, reading: Reading, unit: str) -> float:
    if unit == "%":
        return read_share(node, reading)
    if unit == "s":
        span = reading.span(node)
        if span is not None and span.unit != "exact":
            node.fault("not-exact", f"{node.shown}: this takes hours, minutes or seconds")
        return span.amount / MILLION if span is not None else 0.0
    return reading.number(node) or 0.0


def read_share(node: Node, reading: Reading) -> float:
    """`40%`, or a parameter that says so, as 40."""
    text = reading.text(node)
    found = PERCENT.fullmatch(text or "")
    if text is not None and found is None:
        node.fault("not-a-share", f"{node.shown} is not a share", "write `40%`")
    return float(found[1]) if found is not None else 0.0


def read_least(node: Node, key: str, reading: Reading, default: int | None = 1) -> int:
    """A whole number from 1 on; without a default it must be there."""
    place = node.get(key)
    if place is None:
        if default is None:
            missing(node, key, "is required: of fewer it is not judged")
        return default or 1
    value = reading.number(place)
    if value is not None and (value < 1 or value != int(value)):
        place.fault("impossible-threshold", f"{place.shown}: this is a whole number from 1 on")
        return 1
    return int(value) if value is not None else 1


def _grouping(node: Node, reading: Reading, event: Selector, life: bool, axis: Axis) -> Grouping | None:
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
    return Grouping(grouping_name(texts, axis), read_parts(parts, event, reading), event.ranks, axis)


def read_parts(parts: Iterable[Node], event: Selector, reading: Reading) -> tuple[Compiled, ...]:
    """By which fields of the event itself the members of a group are known."""
    found: list[Compiled] = []
    for part in parts:
        compiled = reading.expression(part, types_of(event), SCALARS)
        if compiled is not None:
            found.append(compiled)
            if asks_for_the_case(compiled) or asks_for_tables(compiled):
                part.fault("not-in-groups", "a group is known by fields of the event itself")
    return tuple(found)
