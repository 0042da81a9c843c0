"""Decides how rules are read that hold an event against the past of its group: a baseline, a new value, a quota."""

from __future__ import annotations

from typing import cast

from rules.expression import Compiled
from rules.judging.bounds import MILLION, bound, millionths
from rules.judging.windows import Window
from rules.kinds.baseline import Baseline, Season
from rules.kinds.cap import Cap, Period
from rules.kinds.new_value import NewValue
from rules.language.grouping import (
    GROUP_KEYS,
    Members,
    read_field,
    read_least,
    read_length,
    read_members,
    refuse_the_case,
)
from rules.language.reading import Head, Reading, types_of
from rules.language.words import known, missing, word
from rules.language.yaml import Node
from rules.model.alerts import SEVERITIES

BASELINE_KEYS = (*GROUP_KEYS, "field", "over", "history", "min_samples", "min_spread", "season")
NEW_VALUE_KEYS = (*GROUP_KEYS, "field", "forget_after", "history", "min_samples")
CAP_KEYS = (*GROUP_KEYS, "distinct", "quota", "period", "reached")
SEASONS: tuple[Season, ...] = ("none", "hour_of_week")
PERIODS: tuple[Period, ...] = ("year", "month")


def read_baseline(node: Node, head: Head, reading: Reading) -> Baseline | None:
    """`baseline: {event, when, group_by, field, over, history, min_samples, min_spread, season}`."""
    if not known(node, BASELINE_KEYS):
        return None
    members = read_members(node, head, reading, ())
    field, unit = read_field(node, reading, members)
    over = _positive(node, "over", reading, "is required: how many spreads from the median is far")
    history = _history(node, reading)
    spread = _spread(node, reading, unit)
    least = read_least(node, "min_samples", reading, None)
    season = cast(Season, word(node, "season", SEASONS, "none"))
    if field is None or history is None:
        return None
    return Baseline(
        **members.of(head),
        reason="far_from_baseline",
        field=field,
        bound=bound("over", over),
        history=history,
        min_samples=least,
        min_spread=spread,
        season=season,
        is_span=unit == "s",
    )


def _positive(node: Node, key: str, reading: Reading, why: str) -> float:
    place = node.get(key)
    if place is None:
        missing(node, key, why)
        return 1.0
    value = reading.number(place)
    if value is not None and value <= 0:
        place.fault("impossible-threshold", f"{place.shown}: this is more than 0")
    return value if value is not None and value > 0 else 1.0


def _history(node: Node, reading: Reading) -> Window | None:
    if node.get("history") is None:
        missing(node, "history", "is required: how far back the values reach that it is compared with")
        return None
    span = read_length(node.get("history"), reading)
    return Window("sliding", span) if span is not None else None


def _spread(node: Node, reading: Reading, unit: str) -> int:
    """The least spread in millionths: equal values must not make the next one infinitely far."""
    if unit != "s" or node.get("min_spread") is None:
        why = "is required: the spread, in the unit of the field, below which none is assumed"
        return max(millionths(_positive(node, "min_spread", reading, why)), 1)
    return reading.exact(node.get("min_spread")) or MILLION


def read_new_value(node: Node, head: Head, reading: Reading) -> NewValue | None:
    """`new_value: {event, when, group_by, field, forget_after, history, min_samples}`."""
    if not known(node, NEW_VALUE_KEYS):
        return None
    members = read_members(node, head, reading, ())
    if node.get("field") is None:
        missing(node, "field", "is required: the text whose values are known or new")
    field = reading.expression(node.get("field"), types_of(members.event), ("string",), True)
    refuse_the_case(node, members, field)
    memory, history = read_length(node.get("forget_after"), reading), read_length(node.get("history"), reading)
    wide, learning = Window("sliding", memory), Window("sliding", history)
    if memory is not None and history is not None and wide.reach() <= learning.reach():
        (node.get("history") or node).fault(
            "impossible-duration",
            "what is forgotten so soon is never known for so long",
            "write a longer `forget_after`",
        )
    least = read_least(node, "min_samples", reading)
    if field is None:
        return None
    return NewValue(
        **members.of(head), reason="new_value", field=field, memory=wide, history=learning, min_samples=least
    )


def read_cap(node: Node, head: Head, reading: Reading) -> Cap | None:
    """`cap: {event, when, group_by, distinct, quota, period, reached}`."""
    if not known(node, CAP_KEYS):
        return None
    members = read_members(node, head, reading, ())
    types = types_of(members.event)
    distinct = reading.expression(node.get("distinct"), types, ("string",), True)
    quota = _quota(node, reading, members)
    refuse_the_case(node, members, distinct, quota)
    if node.get("period") is None:
        missing(node, "period", f"is required: {' or '.join(PERIODS)}")
    period = cast(Period, word(node, "period", PERIODS, "year"))
    reached = word(node, "reached", SEVERITIES, "")
    if quota is None:
        return None
    return Cap(
        **members.of(head),
        reason="over_quota",
        quota=quota,
        period=period,
        distinct=distinct,
        reached=reached,
    )


def _quota(node: Node, reading: Reading, members: Members) -> Compiled | None:
    place = node.get("quota")
    if place is None:
        missing(node, "quota", "is required: a number, or an expression of one such as `declared.caps[event.organ]`")
        return None
    if isinstance(place.value, int | float) and not isinstance(place.value, bool) and place.value < 0:
        place.fault("impossible-threshold", f"{place.shown}: a quota is 0 or more")
    return reading.expression(place, types_of(members.event), ("number",), True)
