"""Decides how the long-running roles are started, started again when one ends, and ended together."""

import asyncio
import sys
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from streams import clock
from streams.local import children
from streams.settings import ROOT, Settings

LOOK_AGAIN = 0.5
RESTARTS, WITHIN = 5, 60.0
"""A role that ends more often than this in so many seconds will not live."""


class RoleError(Exception):
    """A role does not live; the message ends with the last lines of its log."""

    exit_status = 1


def environment(settings: Settings) -> dict[str, str]:
    """The variables by which a child has the settings of this process."""
    return {
        "KAFKA_BOOTSTRAP_SERVERS": settings.kafka_bootstrap_servers,
        "CLICKHOUSE_URL": settings.clickhouse_url,
        "MINGJING_STATE": str(settings.state),
        "MINGJING_CACHE": str(settings.cache),
        "MINGJING_CLOCK": settings.clock,
        "MINGJING_PARTITIONS": str(settings.partitions),
        "MINGJING_CONSOLE_PORT": str(settings.console_port),
        "PYTHONPATH": str(ROOT),
    }


@dataclass
class Role:
    """One role and its present process."""

    name: str
    child: children.Child
    ended_at: deque[float] = field(default_factory=lambda: deque(maxlen=RESTARTS))

    @property
    def doomed(self) -> bool:
        return len(self.ended_at) == RESTARTS and self.ended_at[-1] - self.ended_at[0] < WITHIN


class Roles:
    """The roles of one system on this machine. Leaving the context ends them all."""

    def __init__(self, settings: Settings, say: Callable[[str], None]) -> None:
        self._settings, self._say = settings, say
        self._roles: dict[str, Role] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        with ThreadPoolExecutor(max(len(self._roles), 1)) as together:
            list(together.map(lambda role: role.child.stop(), self._roles.values()))

    def start(self, names: Iterable[str]) -> None:
        for name in names:
            self._roles[name] = Role(name, self._started(name))

    def _started(self, name: str) -> children.Child:
        return children.start(
            [sys.executable, "-m", "streams.cli.main", name],
            self._settings.state / "logs" / f"{name}.log",
            environment(self._settings),
        )

    async def watch(self) -> None:
        """Starts again what has ended; RoleError for one that does not live."""
        while True:
            await asyncio.sleep(LOOK_AGAIN)
            for role in self._roles.values():
                if not role.child.alive:
                    self._again(role)

    def _again(self, role: Role) -> None:
        role.ended_at.append(clock.monotonic())
        if role.doomed:
            raise RoleError(f"{role.name} 无法运行 · does not live:\n{role.child.last_words()}")
        self._say(f"{role.name} 退出，重新启动 · ended and is started again ({role.child.log})")
        role.child.stop()
        role.child = self._started(role.name)
