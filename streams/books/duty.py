"""Decides how something that a worker does beside its lanes lives and ends: with the Faust app, and not before it."""

from collections.abc import Awaitable, Callable
from typing import Any

from mode import Service


class Duty(Service):  # type: ignore[misc]
    """Runs one coroutine for as long as the app runs. What it raises ends the worker."""

    def __init__(self, run: Callable[[], Awaitable[None]], **options: Any) -> None:
        super().__init__(**options)
        self._run = run

    async def on_started(self) -> None:
        self.add_future(self._run())
