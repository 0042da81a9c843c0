"""Decides when an episode opens and ends while a window moves over the points of a group.

A sliding window at t covers [t − size, t], both ends included, and is judged once per instant at which the group
has an event. An alert opens once per episode: a run of instants at which the condition holds, ended by the first at
which it does not, or by emptiness of the window, with none holding in the following `keep_firing_for`.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from rules.judging.context import Context
from rules.judging.verdicts import SILENT, Ruling, Verdict, Versions
from rules.judging.windows import Entry, Grouped, Key, Window

MOST_EVIDENCE = 50
LONG_AGO = -(1 << 62)


class Episode(Struct, array_like=True, gc=False):
    """One run of instants at which the condition holds; `value` is its peak."""

    first: Key
    at: int
    value: float
    total: int
    rests_on: list[Key]
    actor: str = ""
    ended_at: int | None = None


class Sweep(Struct, array_like=True):
    """A window that moves over the points of a group, instant by instant. What lies before `start` has left it.

    `total` points are in the window. `instant` are those of the last instant where they come one by one, and `before`
    the episodes as the instant found them, which is judged again with each.
    """

    entries: list[Entry] = []
    start: int = 0
    total: int = 0
    last: int = LONG_AGO
    episodes: list[Episode] = []
    instant: list[Entry] = []
    before: tuple[int, Episode | None] = (0, None)


class Windowed(Grouped, frozen=True, kw_only=True):
    """A kind that asks the same of every window: it differs in what it adds, drops and tests."""

    window: Window
    threshold: float
    keep_firing_for: int = 0

    def add(self, sweep: Any, entry: Entry) -> None:
        """Takes an entry into the tally."""
        raise NotImplementedError

    def drop(self, sweep: Any, entry: Entry) -> None:
        """Takes an entry out of the tally."""
        raise NotImplementedError

    def breach(self, sweep: Any) -> float | None:
        """The value of the window where the condition holds, else None."""
        raise NotImplementedError

    def entry(self, fact: Any, context: Context) -> Entry | None:
        raise NotImplementedError

    def copy(self, state: Any) -> Any:
        """A sweep that can go on without changing this one."""
        taken = {name: copied(getattr(state, name)) for name in state.__struct_fields__}
        return type(state)(**taken | {"episodes": [replace(episode) for episode in state.episodes]})

    def step(self, state: Sweep, fact: Any, context: Context) -> None:
        """Takes the facts of one subject one by one; an instant is judged again with each of its facts."""
        entry = self.entry(fact, context)
        if entry is None:
            return
        if entry.at == state.last:
            number, episode = state.before
            del state.episodes[number:]
            if episode is not None:
                state.episodes[-1] = replace(episode)
        else:
            state.before = len(state.episodes), replace(state.episodes[-1]) if state.episodes else None
            state.instant = []
            self._move(state, entry.at, context.zone)
        state.instant.append(entry)
        self._take(state, entry)
        self._judge(state, state.instant)

    def push(self, sweep: Sweep, instant: list[Entry], zone: str) -> None:
        """Takes all entries of one instant, later than every one before."""
        self._move(sweep, instant[0].at, zone)
        for entry in instant:
            self._take(sweep, entry)
        self._judge(sweep, instant)

    def _take(self, sweep: Sweep, entry: Entry) -> None:
        sweep.entries.append(entry)
        sweep.total += 1
        self.add(sweep, entry)

    def _judge(self, sweep: Sweep, instant: list[Entry]) -> None:
        value = self.breach(sweep)
        episode = sweep.episodes[-1] if sweep.episodes else None
        if value is None:
            if episode is not None and episode.ended_at is None:
                episode.ended_at = sweep.last
            return
        if episode is None or (episode.ended_at is not None and sweep.last > episode.ended_at + self.keep_firing_for):
            first = instant[0]
            episode = Episode(first.key, first.at, value, 0, [], first.actor)
            sweep.episodes.append(episode)
        episode.ended_at = None
        if value > episode.value or not episode.total:
            episode.value, episode.total = value, sweep.total
            episode.rests_on = [entry.key for entry in sweep.entries[sweep.start :][-MOST_EVIDENCE:]]

    def _move(self, sweep: Sweep, at: int, zone: str) -> None:
        """Moves the window on to an instant; what left it is dropped."""
        sweep.last = at
        entries, start = sweep.entries, sweep.start
        if self.window.size is None or not sweep.total:
            return
        emptied = self._leaves(entries[-1].at, zone)
        if emptied < at:
            self._close(sweep, emptied)
        while start < len(entries) and self._leaves(entries[start].at, zone) < at:
            self.drop(sweep, entries[start])
            start += 1
        sweep.total -= start - sweep.start
        sweep.start = start
        if start > len(entries) // 2:
            del entries[:start]
            sweep.start = 0

    def _leaves(self, at: int, zone: str) -> int:
        leaves = self.window.leaves(at, zone)
        assert leaves is not None
        return leaves

    @staticmethod
    def _close(sweep: Sweep, emptied: int) -> None:
        if sweep.episodes and sweep.episodes[-1].ended_at is None:
            sweep.episodes[-1].ended_at = emptied

    def ruling(self, state: Sweep, context: Context, now: int, versions: Versions | None) -> Ruling:
        if not state.episodes:
            return SILENT
        *past, last = state.episodes
        wake: int | None = None
        ended_at = last.ended_at
        if ended_at is None and self.window.size is not None:
            emptied = self._leaves(state.entries[-1].at, context.zone)
            if now > emptied:
                ended_at = emptied
            else:
                wake = emptied + 1
        verdicts = [self._verdict(episode, episode.ended_at) for episode in past]
        return Ruling((*verdicts, self._verdict(last, ended_at)), wake=wake)

    def _verdict(self, episode: Episode, ended_at: int | None) -> Verdict:
        return Verdict(
            occasion=episode.first, reason="over_threshold", severity=self.severity, at=episode.at, actor=episode.actor,
            state="open" if ended_at is None else "ended", ended_at=ended_at, value=episode.value,
            threshold=self.threshold, rests_on=tuple(episode.rests_on), params={"total": str(episode.total)},
        )  # fmt: skip

    def seal(self, state: Sweep) -> frozenset[Key]:
        """The last episode may go on, or be taken up again."""
        state.episodes = state.episodes[-1:]
        return frozenset(episode.first for episode in state.episodes)

    def reach(self) -> int:
        return self.window.reach()


def copied(value: Any) -> Any:
    """A list or a dict of its own; anything else is never changed."""
    return list(value) if isinstance(value, list) else dict(value) if isinstance(value, dict) else value
