"""Decides when an episode opens and ends while a window moves over the points of a group.

It is judged once per instant at which the group has a point. An alert opens once per episode: a run of instants at
which the condition holds, ended by the first at which it does not, or by emptiness of the window, with none holding
in the following `keep_firing_for`. Its value is the furthest beyond the bound.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from rules.judging.bounds import Bound
from rules.judging.context import Context
from rules.judging.verdicts import SILENT, Ruling, Verdict, Versions
from rules.judging.windows import MOST_BEHIND, Entry, Grouped, Key, Timed, Window, cut

MOST_EVIDENCE = 50
LONG_AGO = -(1 << 62)


class Episode(Struct, array_like=True, gc=False):
    """One run of instants at which the condition holds; `value` is its worst, with `total` points in the window."""

    first: Key
    at: int
    value: float
    total: int
    rests_on: list[Key]
    actor: str = ""
    ended_at: int | None = None


class Sweep(Struct, array_like=True):
    """A window that moves over the points of a group, instant by instant. What lies before `start` has left it.

    `total` points are in the window; where all leave together only the last entries are kept. `instant` are the points
    of the last instant where they come one by one, and `before` the episodes as that instant found them.
    """

    entries: list[Entry] = []
    start: int = 0
    total: int = 0
    last: int = LONG_AGO
    zone: str = ""
    episodes: list[Episode] = []
    instant: list[Entry] = []
    before: tuple[int, Episode | None] = field(default=(0, None))


class Windowed(Grouped, frozen=True, kw_only=True):
    """A kind that asks the same of every window: it differs in what it adds, drops and measures."""

    window: Window
    bound: Bound
    min_samples: int = 1
    keep_firing_for: int = 0

    def new(self) -> Any:
        """The sweep over no points."""
        raise NotImplementedError

    def entry(self, fact: Any, context: Context) -> Entry | None:
        """What a fact counts as here; None when the rule does not count it."""
        raise NotImplementedError

    def add(self, sweep: Any, entry: Entry) -> None:
        """Takes an entry into the tally."""

    def drop(self, sweep: Any, entry: Entry) -> None:
        """Takes an entry out of the tally."""

    def measure(self, sweep: Any) -> tuple[int, int] | None:
        """The value of the window as a fraction; None where it holds too little to be judged."""
        raise NotImplementedError

    @property
    def memory(self) -> Window:
        """By which window points are forgotten; it may reach further back than the one that is judged."""
        return self.window

    def held(self, sweep: Any) -> int:
        """How many points the judged window holds: the last ones."""
        return int(sweep.total)

    def copy(self, state: Any) -> Any:
        """A sweep that can go on without changing this one."""
        made = Grouped.copy(self, state)
        made.episodes = [replace(episode) for episode in state.episodes]
        return made

    @property
    def fewest(self) -> int:
        """How many points a window must hold to break the bound."""
        return self.min_samples

    def few(self, points: Sequence[Timed]) -> bool:
        size, fewest = self.window.size, self.fewest
        if size is None or not (self.window.is_exact and self.memory.is_exact):
            return False
        return len(points) < fewest or points[-fewest].at < points[-1].at - size.amount

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
            self.move(state, entry.at, context.zone)
            state.before = len(state.episodes), replace(state.episodes[-1]) if state.episodes else None
            state.instant = []
        state.instant.append(entry)
        self._take(state, entry)
        self._judge(state, state.instant)

    def push(self, sweep: Sweep, instant: list[Entry], zone: str) -> None:
        """Takes all entries of one instant, later than every one before."""
        self.move(sweep, instant[0].at, zone)
        for entry in instant:
            self._take(sweep, entry)
        self._judge(sweep, instant)

    def _take(self, sweep: Sweep, entry: Entry) -> None:
        sweep.entries.append(entry)
        sweep.total += 1
        self.add(sweep, entry)

    def _judge(self, sweep: Sweep, instant: list[Entry]) -> None:
        measured = self.measure(sweep) if self.held(sweep) >= self.min_samples else None
        episode = sweep.episodes[-1] if sweep.episodes else None
        if measured is None or not self.bound.broken_by(*measured):
            if episode is not None and episode.ended_at is None:
                episode.ended_at = sweep.last
            return
        value = measured[0] / measured[1]
        if episode is None or (episode.ended_at is not None and sweep.last > episode.ended_at + self.keep_firing_for):
            first = instant[0]
            episode = Episode(first.key, first.at, value, 0, [], first.actor)
            sweep.episodes.append(episode)
        episode.ended_at = None
        if not episode.total or self.bound.is_worse(value, episode.value):
            episode.value, episode.total = value, self.held(sweep)
            episode.rests_on = [entry.key for entry in sweep.entries[-min(episode.total, MOST_EVIDENCE) :]]

    def move(self, sweep: Sweep, at: int, zone: str) -> None:
        """Moves the window on to an instant; what left it is dropped."""
        sweep.last, sweep.zone = at, zone
        entries, memory = sweep.entries, self.memory
        if not entries:
            return
        if memory.size is None or memory.parts_at_once:
            if len(entries) > MOST_BEHIND:
                del entries[:-MOST_EVIDENCE]
            if memory.size is None:
                return
        self._close(sweep, at, zone)
        start = memory.outlived(entries, sweep.start, at, zone)
        if start == len(entries):
            self._clear(sweep)
            return
        for place in range(sweep.start, start):
            self.drop(sweep, entries[place])
        sweep.total -= start - sweep.start
        sweep.start = cut(entries, start)

    def _close(self, sweep: Sweep, at: int, zone: str) -> None:
        """Ends the episode of a window that was empty before an instant."""
        episode = sweep.episodes[-1] if sweep.episodes else None
        if episode is not None and episode.ended_at is None:
            last = sweep.entries[-1].at
            if self.window.leaves(last, zone) < at:
                episode.ended_at = self.window.empty_at(last, zone)

    def _clear(self, sweep: Sweep) -> None:
        """Nothing is left in the window: the tally begins anew, the episodes stand."""
        fresh = self.new()
        for name in ("entries", "start", "total", *sweep.__struct_fields__[len(Sweep.__struct_fields__) :]):
            setattr(sweep, name, getattr(fresh, name))

    def ruling(self, state: Sweep, context: Context, now: int, versions: Versions | None) -> Ruling:
        if not state.episodes:
            return SILENT
        *past, last = state.episodes
        wake: int | None = None
        ended_at = last.ended_at
        if ended_at is None and self.window.size is not None:
            zone = state.zone
            leaves = self.window.leaves(state.entries[-1].at, zone)
            if now > leaves:
                ended_at = self.window.empty_at(state.entries[-1].at, zone)
            else:
                wake = leaves + 1
        verdicts = [self._verdict(episode, episode.ended_at) for episode in past]
        return Ruling((*verdicts, self._verdict(last, ended_at)), wake=wake)

    def _verdict(self, episode: Episode, ended_at: int | None) -> Verdict:
        reason = "under_threshold" if self.bound.is_low else "over_threshold"
        return Verdict(
            occasion=episode.first, reason=reason, severity=self.severity, at=episode.at, actor=episode.actor,
            state="open" if ended_at is None else "ended", ended_at=ended_at, value=episode.value,
            threshold=self.bound.threshold, rests_on=tuple(episode.rests_on),
            params={"total": str(episode.total), **self.said()},
        )  # fmt: skip

    def seal(self, state: Sweep) -> frozenset[Key]:
        """The last episode may go on, or be taken up again."""
        state.episodes = state.episodes[-1:]
        return frozenset(episode.first for episode in state.episodes)

    def may_show(self, state: Sweep) -> frozenset[Key]:
        """What the episodes rest on, and the last points of the window, on which the next one may."""
        window = [entry.key for entry in state.entries[state.start :][-MOST_EVIDENCE:]]
        episodes = [key for episode in state.episodes for key in (episode.first, *episode.rests_on)]
        return frozenset(window + episodes)

    def reach(self) -> int:
        return self.memory.reach()
