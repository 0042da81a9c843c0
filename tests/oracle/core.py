"""Decides how the two judges are asked the same question: the oracle, and the core through its host."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any

from oracle.book import EXTRA, RULES
from oracle.clocks import World
from oracle.judge import Alert, Clock, judge

Found = tuple[set[Alert], set[Clock]]
Judge = Callable[[Iterable[Mapping[str, Any]], World, datetime], Found]


def by_oracle(events: Iterable[Mapping[str, Any]], world: World, now: datetime) -> Found:
    return judge(events, world, now, [*RULES, *EXTRA])


def by_core(events: Iterable[Mapping[str, Any]], world: World, now: datetime) -> Found:
    import pytest

    pytest.skip("the core is not here yet")
