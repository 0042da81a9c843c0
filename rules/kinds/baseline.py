"""Decides whether a value lies far from the history of its group: by a robust z, of median and MAD.

The score is |x − median| / (1.4826 · MAD): Iglewicz and Hoaglin, How to Detect and Handle Outliers (ASQC, 1993), with
the constant by which the median absolute deviation estimates the standard deviation of a normal distribution (Rousseeuw
and Croux, JASA 88, 1993). Neither median nor MAD is moved far by the outliers themselves, up to half of the history.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from typing import Any, Literal, TypeAlias

import msgspec

from rules.expression import Compiled
from rules.judging.bounds import Bound, amount_of
from rules.judging.context import Context
from rules.judging.order_statistics import four_times_mad, twice_median
from rules.judging.pointed import Pointed, Trail, found
from rules.judging.selector import read
from rules.judging.windows import Entry, Window, cut
from rules.model.times import DAY, HOUR, local_day, midnight

Season: TypeAlias = Literal["none", "hour_of_week"]
CONSISTENCY, WHOLE = 14_826, 10_000
"""1.4826 = 1 / Φ⁻¹(3/4) to four decimals, exactly these."""


class History(Trail, array_like=True):
    """The points of a group within its history, and their amounts in order, season by season."""

    entries: list[Entry] = msgspec.field(default_factory=list)
    start: int = 0
    ordered: dict[str, list[int]] = msgspec.field(default_factory=dict)


class Baseline(Pointed, frozen=True, kw_only=True):
    """One baseline rule, compiled. A point is judged by the points of [t − history, t) of its season, t excluded."""

    field: Compiled
    bound: Bound
    history: Window
    min_samples: int
    min_spread: int
    season: Season = "none"
    is_span: bool = False

    def new(self) -> History:
        return History()

    def decode(self, row: bytes) -> History:
        return _decode(row)

    def copy(self, state: History) -> History:
        made: History = Pointed.copy(self, state)
        made.ordered = {season: list(amounts) for season, amounts in state.ordered.items()}
        return made

    def entry(self, fact: Any, context: Context) -> Entry | None:
        if not self.takes(fact, context):
            return None
        value = read(self.field, fact, context)
        if value is None:
            return None
        season = self._season_of(self.time_of(fact, context), context.zone)
        return self.counted(fact, context, season, amount_of(value, self.is_span))

    def _season_of(self, at: int, zone: str) -> str:
        if self.season == "none":
            return ""
        day = local_day(at, zone)
        return str(day.weekday() * 24 + min((at - midnight(day, zone)) // HOUR, 23))

    def push(self, history: History, instant: list[Entry], zone: str) -> None:
        """Judges the points of one instant by those before it, then adds them."""
        self._forget(history, instant[0].at, zone)
        for entry in instant:
            self._judge(history, entry)
        for entry in instant:
            history.entries.append(entry)
            insort(history.ordered.setdefault(entry.what, []), entry.amount)

    def _forget(self, history: History, at: int, zone: str) -> None:
        entries = history.entries
        start = self.history.outlived(entries, history.start, at, zone)
        for place in range(history.start, start):
            entry = entries[place]
            amounts = history.ordered[entry.what]
            del amounts[bisect_left(amounts, entry.amount)]
        history.start = cut(entries, start)

    def _judge(self, history: History, entry: Entry) -> None:
        amounts = history.ordered.get(entry.what, ())
        if len(amounts) < self.min_samples:
            return
        distance = abs(4 * entry.amount - 2 * twice_median(amounts)) * WHOLE
        spread = max(CONSISTENCY * four_times_mad(amounts), WHOLE * 4 * self.min_spread)
        if self.bound.broken_by(distance, spread):
            history.found.append(
                found(entry, value=distance / spread, threshold=self.bound.threshold, total=len(amounts))
            )

    def reach(self) -> int:
        return self.history.reach() + DAY


_decode = msgspec.msgpack.Decoder(History).decode
