"""Decides what a group lets go of: the points that nothing can reach any more are swept into a base.

Of what was let go, those events are kept by name that an alert may still rest on: an episode that goes on, the window
that the next points will find. What is said does not depend on when the points went.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import Any

from msgspec import Raw

from rules.core.group import PRUNE_EVERY, Group, Point, Swept, encode, past_key, row_key
from rules.core.hushed import Rules
from rules.core.record import NEVER
from rules.core.rewinding import begun, push
from rules.core.step import Step
from rules.judging.verdicts import SILENT
from rules.judging.windows import GroupKind
from rules.language.rule import Rule
from rules.model.facts import encode_group_fact

Key = tuple[str, str]


def forget(group: Group, rules: Rules, horizon: int, step: Step | None) -> None:
    """Sweeps the points before an instant into the base, if they are many; `step` takes what becomes of rows."""
    horizon = _settled(group, horizon)
    gone = bisect_left(group.points, Point(horizon, 0, "", ""))
    left = len(group.points) - gone
    group.prunes_at = max(PRUNE_EVERY, left + left // 4)  # a fifth at a time: what is swept costs, what is kept too
    if gone < max(PRUNE_EVERY // 2, 1):
        return
    old, kept, shown = group.points[:gone], set[Key](), set[Key]()
    silent = not group.alerts and all(ruling is SILENT for ruling in group.rulings.values())
    for rule, body in rules:
        base = _based(group, rule, body, old)
        kept, shown = kept | body.seal(base), shown | body.may_show(base)
        if rule.hash in group.broken:
            failed = group.broken[rule.hash]
            kept, shown = kept | {failed.occasion}, shown | set(failed.rests_on)
        group.base[rule.hash] = Swept(max(horizon, group.swept_until(rule)), Raw(encode(base)))
        group.final[rule.id] = max(horizon, group.final.get(rule.id, -NEVER))
    group.region = group.home
    del group.points[:gone]
    _let_go(group, old, shown, step)
    group.alerts = {k: a for k, a in group.alerts.items() if a.at >= horizon or a.occasion in kept}
    group.rest, group.stale = None, group.stale or not silent
    group.live = group.live if silent else {}


def _settled(group: Group, horizon: int) -> int:
    """The instant before which points change no more. What was opened may stop at any time, unless it did long ago."""
    if group.grouping.holds != "openings":
        return horizon
    for point in group.points:
        if point.at >= horizon:
            break
        opening = group.facts[point.key].opening
        if opening is None or opening[1] is None or opening[1][0] >= horizon:
            return point.at
    return horizon


def _based(group: Group, rule: Rule, body: GroupKind, old: list[Point]) -> Any:
    """What a rule has of its base and these points; nothing of one that raises over them, which is off for good."""
    base = begun(body, group.base.get(rule.hash))
    off = group.off.pop(rule.hash, None)
    push(group, rule, body, old, base)
    try:
        encode(base)
    except OverflowError as error:  # a tally of more than 64 bits
        group.turn_off(rule, old[-1], error)
    failed = group.broken.get(rule.hash) or group.off.get(rule.hash)
    if failed is not None:
        group.broken[rule.hash] = group.off[rule.hash] = failed
        return body.new()
    if off is not None:
        group.off[rule.hash] = off
    return base


def _let_go(group: Group, old: list[Point], shown: set[Key], step: Step | None) -> None:
    """Forgets the events of these points, and what was kept of earlier ones, but for those that may be shown."""
    for key in [each for each in group.past if each not in shown]:
        del group.past[key]
        if step is not None:
            step.rows[past_key(group.key, key)] = None
    for point in old:
        fact = group.facts.pop(point.key)
        if step is not None:
            step.rows[row_key(group.key, point)] = None
        if point.key in shown:
            group.past[point.key] = fact
            if step is not None:
                step.rows[past_key(group.key, point.key)] = encode_group_fact(fact)
