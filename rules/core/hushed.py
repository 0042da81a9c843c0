"""Decides which groups need not be judged: those of which nothing was said, and to whom too little came for any rule.

The windows of a group to which never enough points came at once are not even swept; its points alone are kept.
"""

from __future__ import annotations

from collections.abc import Sequence

from rules.core.group import Group, Point
from rules.judging.verdicts import SILENT
from rules.judging.windows import GroupKind
from rules.language.rule import Rule
from rules.model.facts import GroupFact

Rules = Sequence[tuple[Rule, GroupKind]]


def is_silent(group: Group, rules: Rules, epoch: int, now: int) -> bool:
    """Whether nothing is to be said of a group of which nothing was said."""
    if group.alerts or group.off or group.is_outdated or group.is_disturbed or group.epoch != epoch:
        return False
    if any(ruling is not SILENT for ruling in group.rulings.values()):
        return False
    if group.stale:
        return True
    if len(group.points) >= group.prunes_at:
        return False
    return all(group.ruling(rule, body, now) is SILENT for rule, body in rules)


def follow(group: Group, rules: Rules, point: Point, fact: GroupFact) -> None:
    """Moves the windows on to a point that came after all others."""
    if group.stale:
        group.is_disturbed = group.is_disturbed or not all(body.few(group.points) for _, body in rules)
        return
    for rule, body in rules:
        if rule.hash in group.off or (group.base and point.at < group.swept_until(rule)):
            continue
        try:
            entry = group.entry(body, fact)
            if entry is not None:
                body.push(group.live[rule.hash], [entry], group.context.zone)
        except Exception as error:  # whatever a rule does wrong must not stop the others
            group.turn_off(rule, point, error)
