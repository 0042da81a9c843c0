"""Decides how rules are read that ask of a window how many events it holds, which share of them, or how much."""

from __future__ import annotations

import re

from rules.expression import Compiled
from rules.judging.bounds import Bound, bound, millionths
from rules.judging.windows import Window
from rules.kinds.aggregate import Aggregate, Function
from rules.kinds.count import Count
from rules.kinds.ratio import Ratio
from rules.kinds.spike import Spike
from rules.language.grouping import (
    GROUP_KEYS,
    WAYS,
    Members,
    read_bound,
    read_field,
    read_least,
    read_length,
    read_members,
    refuse_the_case,
)
from rules.language.reading import Head, Reading, types_of
from rules.language.words import known, missing, word
from rules.language.yaml import Node
from rules.model.spans import Span

EPISODE_KEYS = (*GROUP_KEYS, "window", "min_samples", "keep_firing_for")
COUNT_KEYS = (*EPISODE_KEYS, "over", "at_least", "distinct", "forget_after")
RATIO_KEYS = (*EPISODE_KEYS, *WAYS, "numerator", "denominator")
AGGREGATE_KEYS = (*EPISODE_KEYS, *WAYS, "field", "function")
SPIKE_KEYS = (*GROUP_KEYS, "window", "reference", "ratio", "min_current", "min_reference", "keep_firing_for")
RANKS = {"min": 0.0, "median": 50.0, "max": 100.0}
FUNCTIONS = ("sum", "avg", *RANKS)
PERCENTILE = re.compile(r"p(\d{1,2}(?:\.\d{1,3})?)")


def read_count(node: Node, head: Head, reading: Reading) -> Count | None:
    """`count: {event, when, group_by, window, over | at_least, distinct, min_samples, …}`."""
    if not known(node, COUNT_KEYS):
        return None
    members = read_members(node, head, reading)
    bound = read_bound(node, reading, ("over", "at_least"))
    distinct = reading.expression(node.get("distinct"), types_of(members.event), ("string",))
    refuse_the_case(node, members, distinct)
    if bound.broken_by(0, 1):
        place = node.get(bound.way)
        (place or node).fault("impossible-threshold", "this would hold without any event")
    return Count(
        **members.of(head),
        window=_forgetting(node, members, reading),
        bound=bound,
        distinct=distinct,
        min_samples=read_least(node, "min_samples", reading),
        keep_firing_for=reading.exact(node.get("keep_firing_for")),
    )


def _forgetting(node: Node, members: Members, reading: Reading) -> Window:
    """A life forgets what is longer ago than `forget_after`; every other window forgets by itself."""
    place = node.get("forget_after")
    if place is None:
        return members.window
    if members.window.type != "life":
        place.fault("unknown-key", f"a window of type {members.window.type} forgets by itself; `life` may be told when")
    return Window(members.window.type, read_length(place, reading))


def read_ratio(node: Node, head: Head, reading: Reading) -> Ratio | None:
    """`ratio: {event, when, group_by, window, numerator, denominator, over | …, min_samples, …}`."""
    if not known(node, RATIO_KEYS):
        return None
    members = read_members(node, head, reading)
    types = types_of(members.event)
    denominator = reading.expression(node.get("denominator"), types, ("bool",))
    if denominator is not None:
        reading.proved |= denominator.proved
    numerator = _required(node, "numerator", reading, members)
    refuse_the_case(node, members, numerator, denominator)
    bound = read_bound(node, reading, WAYS, "%")
    _refuse_idle(node, bound)
    least = read_least(node, "min_samples", reading, None)
    if numerator is None:
        return None
    return Ratio(
        **members.of(head),
        window=members.window,
        bound=bound,
        numerator=numerator,
        denominator=denominator,
        min_samples=least,
        keep_firing_for=reading.exact(node.get("keep_firing_for")),
    )


def _required(node: Node, key: str, reading: Reading, members: Members) -> Compiled | None:
    if node.get(key) is None:
        missing(node, key, "is required: a condition on the event")
    return reading.expression(node.get(key), types_of(members.event), ("bool",))


def _refuse_idle(node: Node, bound: Bound) -> None:
    """A share lies from 0 % to 100 %: a bound that all of them break, or none, says nothing."""
    broken = {bound.broken_by(share, 1) for share in (0, 100)}
    place = node.get(bound.way)
    if place is not None and len(broken) == 1:
        always = "always" if broken == {True} else "never"
        place.fault("impossible-threshold", f"a share is from 0% to 100%: `{bound.way}: {place.value}` {always} holds")


def read_aggregate(node: Node, head: Head, reading: Reading) -> Aggregate | None:
    """`aggregate: {event, when, group_by, window, field, function, over | …, min_samples, …}`."""
    if not known(node, AGGREGATE_KEYS):
        return None
    members = read_members(node, head, reading)
    field, unit = read_field(node, reading, members)
    function, rank = _function(node)
    bound = read_bound(node, reading, WAYS, unit)
    least = read_least(node, "min_samples", reading)
    if field is None:
        return None
    return Aggregate(
        **members.of(head),
        window=members.window,
        bound=bound,
        field=field,
        function=function,
        rank=rank,
        is_span=unit == "s",
        min_samples=least,
        keep_firing_for=reading.exact(node.get("keep_firing_for")),
    )


def _function(node: Node) -> tuple[Function, int]:
    """What is made of the amounts: `sum`, `avg`, or one of them by its rank."""
    place = node.get("function")
    if place is None:
        missing(node, "function", f"is one of {', '.join(FUNCTIONS)}, or a percentile such as p95")
        return "sum", 0
    found = PERCENTILE.fullmatch(str(place.value))
    if found is not None:
        return "rank", millionths(float(found[1]))
    name = word(node, "function", FUNCTIONS, "sum")
    if name in RANKS:
        return "rank", millionths(RANKS[name])
    return ("avg", 0) if name == "avg" else ("sum", 0)


def read_spike(node: Node, head: Head, reading: Reading) -> Spike | None:
    """`spike: {event, when, group_by, window, reference, ratio, min_current, min_reference, …}`."""
    if not known(node, SPIKE_KEYS):
        return None
    members = read_members(node, head, reading, ("sliding",))
    refuse_the_case(node, members)
    size, reference = members.window.size, read_length(node.get("reference"), reading)
    if node.get("reference") is None:
        missing(node, "reference", "is required: how far the time before the window reaches that it is compared with")
    ratio = _ratio(node, reading)
    current = read_least(node, "min_current", reading, None)
    before = read_least(node, "min_reference", reading, None)
    if size is None or reference is None:
        return None
    if size.unit != reference.unit:
        (node.get("reference") or node).fault(
            "not-a-duration", f"write the reference in {_written(size)} as the window"
        )
    return Spike(
        **members.of(head),
        window=members.window,
        wide=Window("sliding", Span(size.amount + reference.amount, size.unit)),
        lengths=(size.amount, reference.amount),
        bound=bound("at_least", ratio),
        min_samples=current,
        min_reference=before,
        keep_firing_for=reading.exact(node.get("keep_firing_for")),
    )


def _written(size: Span) -> str:
    return "days" if size.unit == "days" else "h, m or s"


def _ratio(node: Node, reading: Reading) -> float:
    place = node.get("ratio")
    if place is None:
        missing(node, "ratio", "is required: how many times as many as expected")
        return 2.0
    value = reading.number(place)
    if value is not None and value <= 1:
        place.fault("impossible-threshold", f"{place.shown}: as many as expected is no spike; this is more than 1")
    return float(value or 2.0)
