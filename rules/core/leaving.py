"""Decides when a group of openings leaves the state: when none can open beside them any more.

An opening may be learnt of as late as its subject is judged, so that the group stays for as long as its rules reach
back, and for transit. Who is open beside another stays until that has ended.
"""

from __future__ import annotations

from rules.core.folding import TRANSIT
from rules.core.group import HEAD, Group, past_key, row_key
from rules.core.hushed import Rules
from rules.core.record import NEVER
from rules.core.step import Step
from rules.tables import Sources


def leaves_at(group: Group, rules: Rules, sources: Sources, now: int) -> int | None:
    """From when on a group may be let go whole; None where it stays. Only openings leave: other points are swept."""
    if group.grouping.holds != "openings" or not rules or group.is_outdated:
        return None
    if any(alert.state == "open" for alert in group.alerts.values()):
        return None
    last = max([-NEVER, *(alert.at for alert in group.alerts.values()), *(point.at for point in group.points[-1:])])
    reach = max(body.reach() for _, body in rules)
    return max(group.held(now), last + reach + TRANSIT + sources.longest + 1)


def let_go(group: Group, step: Step) -> None:
    """Deletes the rows of a group."""
    for point in group.points:
        step.rows[row_key(group.key, point)] = None
    for key in group.past:
        step.rows[past_key(group.key, key)] = None
    step.rows[HEAD + group.key.encode()] = None
