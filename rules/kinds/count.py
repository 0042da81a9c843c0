"""Decides how many events, or how many distinct values, lie in a window: sliding over a group, or a subject's life.

A sliding window at t covers [t − size, t], both ends included, and is judged once per instant at which the group
has an event. An alert opens once per episode: a run of instants at which the condition holds, ended by the first at
which it does not, or by emptiness of the window, with none holding in the following `keep_firing_for`. Its value is
the greatest of the episode.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
from msgspec import Struct

from rules.expression import Compiled
from rules.judging.context import Context
from rules.judging.selector import Selector, read
from rules.judging.verdicts import SILENT, Ruling, Verdict, Versions
from rules.model.events import RANK_OF
from rules.model.spans import Span
from rules.model.times import local_day, local_time, midnight

MOST_EVIDENCE = 50
ONE = ""

Key = tuple[str, str]


class Grouping(Struct, frozen=True):
    """By which values facts are grouped; `name` is how the key is written, the same for every rule that shares it."""

    name: str
    parts: tuple[Compiled, ...] = ()
    ranks: frozenset[int] = frozenset()


class Entry(Struct, array_like=True, gc=False):
    """One event in a window: when, what it counts as, which it was."""

    at: int
    what: str
    key: Key
    actor: str = ""


class Episode(Struct, array_like=True, gc=False):
    """One run of instants at which the condition holds."""

    first: Key
    at: int
    value: int
    total: int
    rests_on: list[Key]
    actor: str = ""
    ended_at: int | None = None


class Sweep(Struct, array_like=True, gc=False):
    """A window that moves over the points of a group, instant by instant."""

    entries: list[Entry] = []
    counts: dict[str, int] = {}
    episodes: list[Episode] = []
    last: int = -(1 << 62)


class Count(Struct, frozen=True, kw_only=True):
    """One count rule, compiled. `size` is None for the life of a subject."""

    rule: str
    severity: str
    event: Selector
    size: Span | None
    at_least: int
    threshold: float
    distinct: Compiled | None = None
    when: Compiled | None = None
    grouping: Grouping | None = None
    keep_firing_for: int = 0
    ranks: frozenset[int] = frozenset()

    def new(self) -> Sweep:
        return Sweep()

    def copy(self, sweep: Sweep) -> Sweep:
        """A sweep that can go on without changing this one."""
        episodes = [msgspec.structs.replace(episode) for episode in sweep.episodes]
        return Sweep(list(sweep.entries), dict(sweep.counts), episodes, sweep.last)

    def entry(self, fact: Any, context: Context) -> Entry | None:
        """What a fact counts as here; None when the rule does not count it."""
        if self.event.clause_of(fact, context) is None:
            return None
        if self.when is not None and not self.when.functions[RANK_OF[type(fact)]](fact, context):
            return None
        what = ONE
        if self.distinct is not None:
            value = read(self.distinct, fact, context)
            if value is None or value == "":
                return None
            what = str(value)
        return Entry(context.time_of(fact), what, (fact.source, fact.id), fact.actor)

    def step(self, state: Sweep, fact: Any, context: Context) -> None:
        entry = self.entry(fact, context)
        if entry is not None:
            self.push(state, [entry], context.zone)

    def push(self, sweep: Sweep, instant: list[Entry], zone: str) -> None:
        """Takes all entries of one instant, later than every one before."""
        at = instant[0].at
        if self.size is not None:
            self._drop(sweep, at, zone)
        sweep.last = at
        for entry in instant:
            sweep.entries.append(entry)
            sweep.counts[entry.what] = sweep.counts.get(entry.what, 0) + 1
        value = len(sweep.entries) if self.distinct is None else len(sweep.counts)
        episode = sweep.episodes[-1] if sweep.episodes else None
        if value < self.at_least:
            if episode is not None and episode.ended_at is None:
                episode.ended_at = at
            return
        if episode is None or (episode.ended_at is not None and at > episode.ended_at + self.keep_firing_for):
            first = next(entry for entry in sweep.entries if entry.at == at)
            sweep.episodes.append(Episode(first.key, at, 0, 0, [], first.actor))
            episode = sweep.episodes[-1]
        episode.ended_at = None
        if value > episode.value:
            episode.value, episode.total = value, len(sweep.entries)
            episode.rests_on = [entry.key for entry in sweep.entries[-MOST_EVIDENCE:]]

    def _drop(self, sweep: Sweep, at: int, zone: str) -> None:
        entries = sweep.entries
        if entries and self._leaves(entries[-1].at, zone) < at:
            self._close(sweep, zone)
        gone = 0
        while gone < len(entries) and self._leaves(entries[gone].at, zone) < at:
            what = entries[gone].what
            left = sweep.counts[what] - 1
            if left:
                sweep.counts[what] = left
            else:
                del sweep.counts[what]
            gone += 1
        del entries[:gone]

    def _close(self, sweep: Sweep, zone: str) -> None:
        if sweep.episodes and sweep.episodes[-1].ended_at is None:
            sweep.episodes[-1].ended_at = self._leaves(sweep.entries[-1].at, zone)

    def _leaves(self, at: int, zone: str) -> int:
        """The last instant whose window still holds a point; calendar days are those of the region's zone."""
        assert self.size is not None
        if self.size.unit == "exact":
            return at + self.size.amount
        day = local_day(at, zone)
        return local_time(day + timedelta(days=self.size.amount), at - midnight(day, zone), zone)

    def ruling(self, state: Sweep, context: Context, now: int, versions: Versions | None) -> Ruling:
        if not state.episodes:
            return SILENT
        wake: int | None = None
        if self.size is not None and state.episodes[-1].ended_at is None:
            empty = self._leaves(state.entries[-1].at, context.zone)
            if now > empty:
                state = self.copy(state)
                self._close(state, context.zone)
            else:
                wake = empty + 1
        return Ruling(tuple(self._verdict(episode) for episode in state.episodes), wake=wake)

    def _verdict(self, episode: Episode) -> Verdict:
        return Verdict(
            occasion=episode.first, reason="over_threshold", severity=self.severity, at=episode.at, actor=episode.actor,
            state="open" if episode.ended_at is None else "ended", ended_at=episode.ended_at,
            value=float(episode.value), threshold=self.threshold, rests_on=tuple(episode.rests_on),
            params={"total": str(episode.total)},
        )  # fmt: skip
