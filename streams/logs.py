"""Decides how loud a long-running role is: its own words always, a library's complaint once in a while."""

import logging
from typing import TextIO

from streams import clock

LIBRARIES = ("aiokafka", "faust", "mode", "kafka", "asyncio")

REPEATS_AFTER = 10.0
"""Seconds: an outage of 12 s made 1,300 lines."""


class Seldom(logging.Filter):
    """Lets a message through once per logger and place in a while, with the number of those held back."""

    def __init__(self, every: float = REPEATS_AFTER) -> None:
        super().__init__()
        self._every = every
        self._said: dict[tuple[str, int], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if not record.name.startswith(LIBRARIES):
            return True
        place, now = (record.name, record.lineno), clock.monotonic()
        at, held = self._said.get(place, (now - self._every, 0))
        if now - at < self._every:
            self._said[place] = (at, held + 1)
            return False
        self._said[place] = (now, 0)
        if held:
            record.msg, record.args = f"{record.getMessage()} ({held} more)", ()
        return True


def quiet(level: int, stream: TextIO, libraries: int = logging.WARNING) -> None:
    """Logs to the stream from a level up; the libraries from one of their own, and seldom."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    handler.addFilter(Seldom())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for name in LIBRARIES:
        logging.getLogger(name).setLevel(libraries)
