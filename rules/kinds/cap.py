"""Decides whether a declared quota of a year or a month is passed: each event beyond it is one too many."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import msgspec

from rules.expression import Compiled
from rules.judging.bounds import MILLION, MOST, millionths
from rules.judging.context import Context
from rules.judging.pointed import Finding, Pointed, Trail, found
from rules.judging.selector import read, text_of
from rules.judging.sweeping import MOST_EVIDENCE
from rules.judging.verdicts import Ruling, Versions
from rules.judging.windows import Entry, Key
from rules.model.times import DAY, local_day

Period: TypeAlias = Literal["year", "month"]
LONGEST: dict[Period, int] = {"year": 367 * DAY, "month": 32 * DAY}
REACHED = "reached"
NO_QUOTA = -1


class Used(Trail, array_like=True):
    """What of a quota is used up in the period at hand: so many events, or different values."""

    period: str = ""
    number: int = 0
    values: dict[str, int] = msgspec.field(default_factory=dict)
    keys: list[Key] = msgspec.field(default_factory=list)
    unlimited: bool = False


class Cap(Pointed, frozen=True, kw_only=True):
    """One cap rule, compiled. The quota is that of the event at hand; without one it is counted and not judged."""

    quota: Compiled
    period: Period
    distinct: Compiled | None = None
    reached: str = ""

    def new(self) -> Used:
        return Used()

    def decode(self, row: bytes) -> Used:
        return _decode(row)

    def entry(self, fact: Any, context: Context) -> Entry | None:
        if not self.takes(fact, context):
            return None
        what = text_of(self.distinct, fact, context)
        if what is None:
            return None
        quota = read(self.quota, fact, context)
        amount = NO_QUOTA if quota is None else min(max(millionths(quota), 0), MOST)
        return self.counted(fact, context, what, amount)

    def push(self, used: Used, instant: list[Entry], zone: str) -> None:
        """Takes the events of one instant in their order; each is one more, unless its value was there already."""
        day = local_day(instant[0].at, zone)
        period = f"{day:%Y}" if self.period == "year" else f"{day:%Y-%m}"
        if period != used.period:
            used.period, used.number, used.values, used.keys = period, 0, {}, []
        for entry in instant:
            used.keys = [*used.keys[-MOST_EVIDENCE + 1 :], entry.key]
            if self.distinct is not None:
                if entry.what in used.values:
                    continue
                used.values[entry.what] = entry.at
            used.number += 1
            self._judge(used, entry)

    def _judge(self, used: Used, entry: Entry) -> None:
        if entry.amount == NO_QUOTA:
            used.unlimited = True
            return
        number = used.number * MILLION
        if number > entry.amount:
            used.found.append(self._finding(used, entry))
        elif self.reached and number == entry.amount:
            used.found.append(msgspec.structs.replace(self._finding(used, entry), step=REACHED, severity=self.reached))

    @staticmethod
    def _finding(used: Used, entry: Entry) -> Finding:
        return found(
            entry, value=float(used.number), threshold=entry.amount / MILLION, rests_on=used.keys, total=used.number
        )

    def ruling(self, state: Any, context: Context, now: int, versions: Versions | None) -> Ruling:
        said = Pointed.ruling(self, state, context, now, versions)
        return Ruling(said.verdicts, counted=(f"no_quota:{self.rule}",)) if state.unlimited else said

    def may_show(self, state: Used) -> frozenset[Key]:
        return frozenset(state.keys)

    def reach(self) -> int:
        return LONGEST[self.period]


_decode = msgspec.msgpack.Decoder(Used).decode
