"""Decides which warehouse and which clock a night uses, and which day a partition key names."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta

from expectations.night import Night
from rules.model.times import local_day
from streams.clock import now_us
from streams.settings import settings
from warehouse.assessment.night_cases import ZONE

_KEY = re.compile(r"\d{4}-\d{2}-\d{2}\Z")


class NoDay(Exception):
    """A run without a partition key, or with one that is no day, assesses nothing."""

    exit_status = 2


def day_of(key: str | None) -> date:
    """The day of a partition key `YYYY-MM-DD`. Raises NoDay: a run without a key does not guess one."""
    if key is None:
        raise NoDay("this run has no partition key; trigger it with the day as its key, YYYY-MM-DD")
    try:
        if _KEY.match(key):
            return date.fromisoformat(key)
    except ValueError:
        pass
    raise NoDay(f"the partition key `{key}` is not a day, YYYY-MM-DD")


def yesterday() -> date:
    """The last day that is over in the zone of the nights."""
    return local_day(now_us(), ZONE) - timedelta(days=1)


@contextmanager
def night() -> Iterator[Night]:
    """The night of this process's settings, closed at the end."""
    chosen = settings()
    opened = Night(chosen.clickhouse_url, now_us, chosen.suites)
    try:
        yield opened
    finally:
        opened.close()
