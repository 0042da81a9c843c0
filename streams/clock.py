"""The only place that reads the time: everything else is told what time it is."""

import time
from datetime import UTC, datetime


def now_us() -> int:
    """Wall time as epoch microseconds (UTC)."""
    return time.time_ns() // 1_000


def monotonic() -> float:
    """Seconds on a clock that never goes back, for pacing and for time limits."""
    return time.monotonic()


def at(us: int) -> datetime:
    """Epoch microseconds as an aware UTC datetime, exact to the microsecond."""
    seconds, rest = divmod(us, 1_000_000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest)
