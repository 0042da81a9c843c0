"""Decides how the body of each kind is read and what its messages may say: where the type checker asks for a new kind.

A kind of the union that is not judged here is an error of mypy: `assert_never` would be reached with it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import assert_never, get_args

from msgspec import Struct

from rules.kinds.aggregate import Aggregate
from rules.kinds.baseline import Baseline
from rules.kinds.cap import Cap
from rules.kinds.count import Count
from rules.kinds.deadline import Deadline
from rules.kinds.match import Match
from rules.kinds.new_value import NewValue
from rules.kinds.overlap import Overlap
from rules.kinds.ratio import Ratio
from rules.kinds.roster import Roster
from rules.kinds.separation import Separation
from rules.kinds.sequence import Sequence
from rules.kinds.silence import Silence
from rules.kinds.spike import Spike
from rules.language.clock_body import read_deadline
from rules.language.history_body import read_baseline, read_cap, read_new_value
from rules.language.order_body import read_match, read_roster, read_separation
from rules.language.overlap_body import read_overlap
from rules.language.reading import Head, Reading
from rules.language.rule import Body, Groups, Subjects
from rules.language.sequence_body import read_sequence
from rules.language.silence_body import read_silence
from rules.language.window_body import read_aggregate, read_count, read_ratio, read_spike
from rules.language.yaml import Node

OTHER = "other.subject"
FIGURES = ("value", "threshold", "group", "total")


class Grammar(Struct, frozen=True):
    """How the body of a kind is read, and what its messages may say beyond what every rule's may."""

    read: Callable[[Node, Head, Reading], Body | None]
    says: tuple[str, ...] = ()


def of_subjects(kind: type[Subjects]) -> Grammar:
    """The grammar of a kind that judges one subject by itself."""
    if issubclass(kind, Deadline):
        return Grammar(read_deadline, ("limit", "start", "due", "left", "stop", "overdue"))
    if issubclass(kind, Match):
        return Grammar(read_match)
    if issubclass(kind, Separation):
        return Grammar(read_separation)
    if issubclass(kind, Roster):
        return Grammar(read_roster, ("roster", "who"))
    if issubclass(kind, Sequence):
        return Grammar(read_sequence, ("missing", "limit"))
    assert_never(kind)


def of_groups(kind: type[Groups]) -> Grammar:
    """The grammar of a kind that judges groups of events."""
    if issubclass(kind, Overlap):
        return Grammar(read_overlap, (OTHER,))
    if issubclass(kind, Silence):
        return Grammar(read_silence, ("group", "gap", "since", "source"))
    if issubclass(kind, Count):
        return Grammar(read_count, FIGURES)
    if issubclass(kind, Ratio):
        return Grammar(read_ratio, FIGURES)
    if issubclass(kind, Aggregate):
        return Grammar(read_aggregate, FIGURES)
    if issubclass(kind, Spike):
        return Grammar(read_spike, FIGURES)
    if issubclass(kind, Baseline):
        return Grammar(read_baseline, FIGURES)
    if issubclass(kind, NewValue):
        return Grammar(read_new_value, ("group",))
    if issubclass(kind, Cap):
        return Grammar(read_cap, FIGURES)
    assert_never(kind)


def _named(kind: type[Body]) -> str:
    """A kind as rules write it: NewValue is `new_value`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", kind.__name__).lower()


KINDS: dict[str, Grammar] = {
    **{_named(kind): of_subjects(kind) for kind in get_args(Subjects)},
    **{_named(kind): of_groups(kind) for kind in get_args(Groups)},
}
"""Every kind by its name."""
