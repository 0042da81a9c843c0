"""Decides how long a test waits for what must come: until it is there, and to a limit that a busy machine keeps too."""

import asyncio
from collections.abc import Callable
from threading import Event

from streams import clock

PATIENCE = 300.0
"""Seconds after which what is awaited counts as lost; it is seen at once when it comes."""


async def until(holds: Callable[[], bool]) -> None:
    """TimeoutError if it comes to hold in no time."""
    async with asyncio.timeout(PATIENCE):
        while not holds():
            await asyncio.sleep(0.02)


def awaited(holds: Callable[[], bool], otherwise: str) -> None:
    """The same for a test that has no loop."""
    give_up_at = clock.monotonic() + PATIENCE
    while not holds():
        assert clock.monotonic() < give_up_at, otherwise
        Event().wait(0.05)
