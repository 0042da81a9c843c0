"""Decides how a server that we start ends: with us, however we end."""

import atexit
import ctypes
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

PR_SET_PDEATHSIG = 1
_LIBC: Any = ctypes.CDLL(None) if sys.platform == "linux" else None


def _end_with_parent() -> None:
    """Runs in the child between fork and exec: the kernel ends it when the thread that started it is gone."""
    if _LIBC is not None:
        _LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def tie() -> Callable[[], None] | None:
    """What a child does before it becomes the server; only the main thread lives as long as we do."""
    return _end_with_parent if threading.current_thread() is threading.main_thread() else None


def start(command: Sequence[str | Path], log: Path, environment: dict[str, str] | None = None) -> "Child":
    """Starts a server in its own process group, so that Ctrl-C reaches us first and we end it in order.

    Started from the main thread it ends even when we are killed; from another thread the kernel would end it
    with that thread, so there only an orderly exit takes it along.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as out:
        process = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=tie(),
            env={**os.environ, **(environment or {})},
        )
    return Child(process, log)


class Child:
    """A running server and its log."""

    def __init__(self, process: "subprocess.Popen[bytes]", log: Path) -> None:
        self.process = process
        self.log = log
        atexit.register(self.kill)

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def stop(self, patience: float = 15.0) -> None:
        """Asks with SIGTERM, waits so many seconds, then kills."""
        if self.alive:
            self._signal(signal.SIGTERM)
            try:
                self.process.wait(patience)
            except subprocess.TimeoutExpired:
                self.kill()
        atexit.unregister(self.kill)

    def kill(self) -> None:
        """SIGKILL to the whole group, and waits until it is gone."""
        if self.alive:
            self._signal(signal.SIGKILL)
            self.process.wait()
        atexit.unregister(self.kill)

    def last_words(self, lines: int = 15) -> str:
        """The end of its log, for an error message."""
        return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])

    def _signal(self, number: int) -> None:
        try:
            os.killpg(self.process.pid, number)
        except ProcessLookupError:
            self.process.poll()
