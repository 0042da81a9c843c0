"""Decides from where the windows of a group are swept again: from before what changed, where that is known.

A late, corrected or deleted point usually lies near the end. Behind it, twice as far back as such points were found of
late, the states are kept as they were there; what follows is pushed again. An earlier change sweeps everything.
"""

from __future__ import annotations

from bisect import bisect_left
from itertools import groupby
from typing import Any

from msgspec import Struct

from rules.core.group import Group, Point, Swept
from rules.core.hushed import Rules
from rules.judging.windows import GroupKind
from rules.language.rule import Rule

FORGOTTEN = 7, 8
"""How much of the depth of a change is remembered until the next one."""


class Rest(Struct):
    """The states of these rules over the points of a group before an instant, by the hash of a rule.

    A region reads the same rules otherwise: they are others, though their hashes are the same.
    """

    until: int
    rules: Rules
    states: dict[str, Any]


def sweep(group: Group, rules: Rules) -> None:
    """Makes the states of a group anew, over the points that it has."""
    points, rest = group.points, group.rest
    if rest is not None and (rest.rules is not rules or group.off):
        rest = None
    group.off = dict(group.broken)  # what raised over points that are there may not raise again
    first = _place(points, rest.until) if rest is not None else 0
    until = _resting_place(group)
    middle = _place(points, until)
    resting: dict[str, Any] = {}
    for rule, body in rules:
        if rule.hash in group.off:
            continue
        state = body.copy(rest.states[rule.hash]) if rest is not None else begun(body, group.base.get(rule.hash))
        if middle > first:
            push(group, rule, body, points[first:middle], state)
            resting[rule.hash] = body.copy(state)
        push(group, rule, body, points[max(first, middle) :], state)
        group.live[rule.hash] = state
    if resting and not group.off:
        group.rest = Rest(until, rules, resting)


def _resting_place(group: Group) -> int:
    """The instant up to which the states are kept: twice as far behind the last point as changes lie of late."""
    last = group.points[-1].at if group.points else 0
    part, whole = FORGOTTEN
    group.depth = max(last - group.changed_at, group.depth * part // whole)
    return last - 2 * group.depth


def _place(points: list[Point], at: int) -> int:
    return bisect_left(points, Point(at, 0, "", ""))


def push(group: Group, rule: Rule, body: GroupKind, points: list[Point], state: Any) -> None:
    """Takes points into a state, instant by instant, but for those that its base has; a rule that raises is off."""
    first = _place(points, group.swept_until(rule)) if group.base else 0
    for _, instant in groupby(points[first:] if first else points, key=lambda point: point.at):
        if rule.hash in group.off:
            return
        together = list(instant)
        try:
            entries = [entry for p in together if (entry := group.entry(body, group.facts[p.key])) is not None]
            if entries:
                body.push(state, entries, group.context.zone)
        except Exception as error:  # whatever a rule does wrong must not stop the others
            group.turn_off(rule, together[0], error)


def begun(body: GroupKind, base: Swept | None) -> Any:
    """The state that a rule begins with: what was let go is swept into it."""
    return body.decode(base.state) if base is not None else body.new()
