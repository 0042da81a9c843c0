"""Decides how two books differ over one history: alerts that appear, vanish or change, and clocks whose due moved."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date

from msgspec import Struct

from rules.testing.found import Found, FoundClock

COMPARED = (
    "state", "severity", "mode", "reason", "at", "ended_at", "due_date", "due_at", "provisional", "absorbed_by",
    "responsible", "department", "value", "threshold",
)  # fmt: skip
"""What of an alert is compared; not its version and book, which differ by themselves."""


class Changed(Struct, frozen=True):
    """One alert of both books that is not the same, and the names of what differs."""

    old: Found
    new: Found
    fields: tuple[str, ...]


class Moved(Struct, frozen=True):
    """One clock of both books with another due time, or of which one alone is provisional."""

    old: FoundClock
    new: FoundClock

    @property
    def days(self) -> int | None:
        """By how many calendar days the due date moved; None where one of them has none."""
        if self.old.due_date is None or self.new.due_date is None:
            return None
        return (self.new.due_date - self.old.due_date).days

    @property
    def became_firm(self) -> bool:
        """True where the due time was provisional under the first book alone."""
        return self.old.provisional and not self.new.provisional


class Differences(Struct, frozen=True, kw_only=True):
    """Everything that differs, in the order of time."""

    appeared: tuple[Found, ...] = ()
    vanished: tuple[Found, ...] = ()
    changed: tuple[Changed, ...] = ()
    same: int = 0
    clocks_appeared: tuple[FoundClock, ...] = ()
    clocks_vanished: tuple[FoundClock, ...] = ()
    moved: tuple[Moved, ...] = ()

    def __bool__(self) -> bool:
        return bool(
            self.appeared or self.vanished or self.changed or self.clocks_appeared or self.clocks_vanished or self.moved
        )


def differences(
    old: Iterable[Found],
    new: Iterable[Found],
    old_clocks: Iterable[FoundClock] = (),
    new_clocks: Iterable[FoundClock] = (),
) -> Differences:
    """What differs between what stands under two books. Alerts and clocks are the same by their id."""
    left, right = {each.alert_id: each for each in old}, {each.alert_id: each for each in new}
    before, after = {each.clock_id: each for each in old_clocks}, {each.clock_id: each for each in new_clocks}
    changed = [Changed(left[key], right[key], differing(left[key], right[key])) for key in left.keys() & right.keys()]
    moved = [Moved(before[key], after[key]) for key in before.keys() & after.keys()]
    return Differences(
        appeared=_ordered(right[key] for key in right.keys() - left.keys()),
        vanished=_ordered(left[key] for key in left.keys() - right.keys()),
        changed=tuple(sorted((each for each in changed if each.fields), key=lambda each: _place(each.old))),
        same=sum(not each.fields for each in changed),
        clocks_appeared=_in_turn(after[key] for key in after.keys() - before.keys()),
        clocks_vanished=_in_turn(before[key] for key in before.keys() - after.keys()),
        moved=tuple(sorted((each for each in moved if _has_moved(each)), key=lambda each: _turn(each.old))),
    )


def differing(old: Found, new: Found) -> tuple[str, ...]:
    """The names of what differs between two readings of one alert."""
    return tuple(name for name in COMPARED if getattr(old, name) != getattr(new, name))


def _has_moved(each: Moved) -> bool:
    old, new = each.old, each.new
    return (old.due_date, old.due_at, old.provisional) != (new.due_date, new.due_at, new.provisional)


def _ordered(alerts: Iterable[Found]) -> tuple[Found, ...]:
    return tuple(sorted(alerts, key=_place))


def _place(alert: Found) -> tuple[int, str, str, str]:
    return alert.at, alert.rule, alert.subject, alert.alert_id


def _in_turn(clocks: Iterable[FoundClock]) -> tuple[FoundClock, ...]:
    return tuple(sorted(clocks, key=_turn))


def _turn(clock: FoundClock) -> tuple[date, str, str, str]:
    return clock.start_date, clock.rule, clock.subject, clock.clock_id


class Move(Struct, frozen=True):
    """How many clocks of one region and department moved from one date to another."""

    region: str
    department: str
    rule: str
    was: date | None
    due: date | None
    became_firm: bool
    clocks: int


def moves(moved: Iterable[Moved]) -> list[Move]:
    """Moved clocks counted by region, department, rule and dates: the report of a changed calendar."""
    counted = Counter(
        (
            each.new.region, each.new.department, each.new.rule, each.old.due_date, each.new.due_date,
            each.became_firm,
        )
        for each in moved
    )  # fmt: skip
    made = [Move(*key, clocks) for key, clocks in counted.items()]
    return sorted(made, key=lambda m: (m.region, m.department, m.rule, m.was or date.min, m.due or date.min))
