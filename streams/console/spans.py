"""Decides how a length of time is written: days of their unit, or the two largest parts of an exact one."""

from __future__ import annotations

from rules.model.times import DAY, HOUR, MINUTE, SECOND
from streams.console.wording import Words

PARTS = (("d", DAY), ("h", HOUR), ("m", MINUTE), ("s", SECOND))


def length(amount: int, unit: str, words: Words) -> str:
    """`20 个工作日`; for `exact` and `workhours` the amount is microseconds: `3天 4小时`."""
    if unit not in ("exact", "workhours"):
        return f"{amount} {words.name('clock.unit', unit)}"
    parts = PARTS if unit == "exact" else PARTS[1:]
    written: list[str] = []
    for sign, size in parts:
        count, amount = divmod(amount, size)
        if count:
            written.append(words(f"span.{sign}", n=count))
    text = " ".join(written[:2]) or words("span.s", n=0)
    return text if unit == "exact" else f"{text} ({words('clock.unit.workhours')})"
