"""Decides which subject is to be looked at next: one lazily re-armed entry each."""

from __future__ import annotations

from heapq import heapify, heappop, heappush


class Timers:
    """Wake-ups by name. Arming earlier pushes an entry; arming later waits until the old entry comes up."""

    __slots__ = ("_armed", "_heap", "_wanted")

    def __init__(self, entries: dict[str, int] | None = None) -> None:
        self._wanted: dict[str, int] = dict(entries or {})
        self._armed: dict[str, int] = dict(self._wanted)
        self._heap = [(at, name) for name, at in self._wanted.items()]
        heapify(self._heap)

    def arm(self, name: str, at: int | None) -> None:
        """Wakes `name` at `at`, or not at all; whatever was asked before is forgotten."""
        if at is None:
            self._wanted.pop(name, None)
            return
        self._wanted[name] = at
        armed = self._armed.get(name)
        if armed is None or at < armed:
            self._armed[name] = at
            heappush(self._heap, (at, name))

    @property
    def next(self) -> int | None:
        """The earliest wake-up."""
        heap = self._heap
        while heap:
            at, name = heap[0]
            wanted = self._wanted.get(name)
            if wanted == at:
                return at
            heappop(heap)
            if self._armed.get(name) == at:
                del self._armed[name]
                if wanted is not None:
                    self.arm(name, wanted)
        return None

    def due(self, now: int, limit: int) -> list[str]:
        """At most `limit` names whose time has come, the earliest first; they are disarmed."""
        found: list[str] = []
        while len(found) < limit and (at := self.next) is not None and at <= now:
            _, name = heappop(self._heap)
            self._armed.pop(name, None)
            self._wanted.pop(name, None)
            found.append(name)
        return found
