"""Decides what was entered too late to take a card away: CLOCKS.md 17 and 18."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from rules.judging.context import Context
from rules.judging.reading import Reading
from rules.judging.versions import outranks
from rules.model.events import RANK_OF, Fact

Read = Callable[[Sequence[Fact], int], Reading]
"""Reads a clock from some versions of its subject's events, at an instant."""


def weigh(
    whole: Reading, versions: Sequence[Fact], ranks: frozenset[int], within: int, context: Context, read: Read
) -> None:
    """Adds to the whole reading the strict outcome of every occasion in which something was entered too late.

    `ranks` are the event types that the clock reads, `within` the microseconds in which an entry is in time.
    """
    read_ids = {(v.source, v.id) for v in versions if RANK_OF[type(v)] in ranks}
    others = [v for v in versions if (v.source, v.id) not in read_ids]
    own = sorted((v for v in versions if (v.source, v.id) in read_ids), key=lambda v: (v.recorded_at, v.operation))
    slow = [v for v in own if v.recorded_at > _happened(v, own, context) + within]
    occasions: set[tuple[str, str]] = set()
    for late in slow:
        then = read([*others, *(v for v in own if v.recorded_at < late.recorded_at)], late.recorded_at)
        occasions |= {outcome.occasion for outcome in then.outcomes if outcome.breach}
    for occasion in sorted(occasions):
        timely = _timely(occasion, own, others, slow, read)
        if len(timely) < len(own):
            strict = read([*others, *timely], whole.now)
            found = strict.breach(occasion)
            whole.strict += [found] if found is not None else []
            strict.ruling()
            whole.wakes += strict.wakes


def _timely(
    occasion: tuple[str, str], own: Sequence[Fact], others: Sequence[Fact], slow: Sequence[Fact], read: Read
) -> list[Fact]:
    """The versions that were not entered after the breach of that occasion already stood."""
    timely: list[Fact] = []
    for version in own:
        known = [*others, *(kept for kept in timely if kept.recorded_at < version.recorded_at)]
        if version not in slow or read(known, version.recorded_at).breach(occasion) is None:
            timely.append(version)
    return timely


def _happened(version: Fact, versions: Iterable[Fact], context: Context) -> int:
    """When what a version tells happened; a deletion has the time of what it deletes."""
    if type(version) is Fact:
        same = [v for v in versions if (v.source, v.id) == (version.source, version.id) and type(v) is not Fact]
        below = [v for v in same if (v.recorded_at, v.operation) <= (version.recorded_at, version.operation)]
        version = next((v for v in below if not any(outranks(other, v) for other in below)), version)
    return context.day_end(version)
