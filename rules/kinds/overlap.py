"""Decides where a second subject with the same key opens while the first is open: one verdict per opening.

A subject is open from a start to the next stop; a start while it is open changes nothing. Of two starts at one instant
the later in the order of events is the second. What is said of it ends when it, or the last of the others, stops.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from msgspec import Struct

from rules.judging.context import Context
from rules.judging.limit import limit_of
from rules.judging.selector import Selector
from rules.judging.verdicts import Ruling, Verdict, Versions
from rules.judging.windows import Grouped, Key
from rules.model.events import RANK_OF
from rules.model.facts import Order, opening_id
from rules.model.spans import Span
from rules.model.times import DAY

FOREVER = 1 << 62
LONGEST_OPEN = 366 * DAY
"""How much longer than `within` an opening is kept for what may still be learnt of it."""


class Opening(Struct, array_like=True, gc=False):
    """A subject from a start to its stop; others count as opened beside it up to `last`."""

    at: int
    rank: int
    key: Key
    subject: str
    stopped: Order | None
    last: int
    terms: str
    actor: str = ""

    @property
    def known_as(self) -> Key:
        """The key under which its group was told of it."""
        source, id = self.key
        return source, opening_id(id, self.terms)

    def lasts(self, other: Opening) -> bool:
        """Whether this is still open when another subject opens."""
        if self.subject == other.subject or other.at > self.last:
            return False
        return self.stopped is None or self.stopped > (other.at, other.rank, *other.key)


class Pair(Struct, array_like=True, gc=False):
    """An opening, and those of others that it came beside."""

    second: Opening
    others: list[Opening]

    @property
    def ended_at(self) -> int | None:
        """When the second, or the last of the others, stopped; None while both are open."""
        stops = [other.stopped[0] for other in self.others if other.stopped is not None]
        ends = [max(stops)] if len(stops) == len(self.others) else []
        ends += [self.second.stopped[0]] if self.second.stopped is not None else []
        return min(ends, default=None)


class Openings(Struct, array_like=True):
    """The openings beside which another may still come, and the pairs that were found."""

    open: list[Opening] = []
    pairs: list[Pair] = []


class Overlap(Grouped, frozen=True, kw_only=True):
    """One overlap rule, compiled: `event` is what opens a subject, and gives its key.

    `terms` tell rules and versions apart that open and stop by other events.
    """

    stop: Selector
    terms: str
    within: Span | None = None

    @property
    def name(self) -> str:
        """That of its grouping."""
        return self.grouping.name if self.grouping is not None else ""

    def new(self) -> Openings:
        return Openings()

    def decode(self, row: bytes) -> Openings:
        return _decode(row)

    def openings(self, facts: Iterable[Any], context: Context) -> Iterator[tuple[Any, tuple[Any, ...], Order | None]]:
        """The openings of one subject, by its facts in order: the start, the key at it, and the stop."""
        opened: tuple[Any, tuple[Any, ...]] | None = None
        for fact in facts:
            context.before(fact)
            if opened is None:
                if self.takes(fact, context):
                    opened = fact, self._key(fact, context)
            elif self.stop.clause_of(fact, context) is not None:
                yield *opened, (context.time_of(fact), RANK_OF[type(fact)], fact.source, fact.id)
                opened = None
            context.after(fact)
        if opened is not None:
            yield *opened, None

    def _key(self, fact: Any, context: Context) -> tuple[Any, ...]:
        assert self.grouping is not None
        return tuple(part.functions[RANK_OF[type(fact)]](fact, context) for part in self.grouping.parts)

    def entry(self, fact: Any, context: Context) -> Opening | None:
        """An opening as the record of its subject tells it, by the terms of this rule."""
        if context.opening is None or context.opening[0] != self.terms:
            return None
        last = limit_of(self.within, fact, context).last if self.within is not None else FOREVER
        rank, key, stopped = RANK_OF[type(fact)], (fact.source, fact.id), context.opening[1]
        return Opening(context.time_of(fact), rank, key, context.subject, stopped, last, self.terms, fact.actor)

    def push(self, state: Openings, instant: list[Opening], zone: str) -> None:
        """Takes the openings of one instant, in order."""
        for opening in instant:
            state.open = [other for other in state.open if other.last >= opening.at]
            others = [other for other in state.open if other.lasts(opening)]
            if others:
                state.pairs.append(Pair(opening, others))
            state.open.append(opening)

    def ruling(self, state: Openings, context: Context, now: int, versions: Versions | None) -> Ruling:
        return Ruling(tuple(self._verdict(pair) for pair in state.pairs))

    def _verdict(self, pair: Pair) -> Verdict:
        second, ended_at = pair.second, pair.ended_at
        return Verdict(
            occasion=second.key, reason="overlap", severity=self.severity, at=second.at, actor=second.actor,
            state="open" if ended_at is None else "ended", ended_at=ended_at,
            params={"other": pair.others[0].subject},
            rests_on=tuple(opening.known_as for opening in (*pair.others, second)),
        )  # fmt: skip

    def seal(self, state: Openings) -> frozenset[Key]:
        """Pairs of which something may still be learnt go on."""
        kept = frozenset(pair.second.key for pair in state.pairs if pair.ended_at is None)
        state.pairs = [pair for pair in state.pairs if pair.second.key in kept]
        return kept

    def may_show(self, state: Openings) -> frozenset[Key]:
        paired = [each for pair in state.pairs for each in (pair.second, *pair.others)]
        return frozenset(opening.known_as for opening in (*state.open, *paired))

    def reach(self) -> int:
        within = self.within
        if within is None:
            return 10 * LONGEST_OPEN
        return LONGEST_OPEN + (within.amount if within.unit in ("exact", "workhours") else 2 * within.amount * DAY)


_decode = msgspec.msgpack.Decoder(Openings).decode
