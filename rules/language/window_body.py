"""Decides how rules are read that ask how many events, or which share of them, lie in a window."""

from __future__ import annotations

from rules.expression import Compiled
from rules.judging.bounds import Bound
from rules.judging.windows import Window
from rules.kinds.count import Count
from rules.kinds.ratio import Ratio
from rules.language.grouping import (
    GROUP_KEYS,
    WAYS,
    Members,
    read_bound,
    read_least,
    read_length,
    read_members,
    refuse_the_case,
)
from rules.language.reading import Head, Reading, types_of
from rules.language.words import known, missing
from rules.language.yaml import Node

EPISODE_KEYS = (*GROUP_KEYS, "window", "min_samples", "keep_firing_for")
COUNT_KEYS = (*EPISODE_KEYS, "over", "at_least", "distinct", "forget_after")
RATIO_KEYS = (*EPISODE_KEYS, *WAYS, "numerator", "denominator")


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
