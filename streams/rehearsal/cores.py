"""Decides how the parts of a rehearsal run side by side: a process each, in step, ended together.

Processes are spawned, not forked: the caller may have threads. They ignore Ctrl-C, which the caller answers by ending
them, and end by themselves when the caller is gone. Nothing is written but to files without a name.
"""

from __future__ import annotations

import signal
import tempfile
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.reduction import DupFd
from multiprocessing.resource_tracker import ensure_running
from typing import IO, Any

from msgspec import Struct

from streams.collecting import collect_seldom
from streams.rehearsal.part import NEVER, Part
from streams.rehearsal.spools import Spool
from streams.rehearsal.wanted import Outcome, Tally, Wanted

LEAVES_IN = 10.0
"""Seconds that an ended process may take."""


Files = list[list[list[IO[bytes]]]]
"""From each part, per book, to each part."""


class PartFailed(Exception):
    """A part ended with an error, or without an answer: killed, or out of memory."""

    def __init__(self, said: str, exit_status: int = 1) -> None:
        super().__init__(said)
        self.exit_status = exit_status


class Answer(Struct):
    """What a part says at its end."""

    outcomes: list[Outcome]
    tally: Tally


def in_parts(wanted: Wanted, parts: int, read: Callable[[int, int], None]) -> tuple[list[Answer], int]:
    """The answers of all parts, and `now` at the end of the history.

    `read` is told the number of a part and how much it has read since. Raises PartFailed.
    """
    with _spools(len(wanted.books), parts) as files, _running(wanted, parts, files) as lines:
        latest = max(_gathered(lines, read))
        now = max(latest, wanted.horizon.now if wanted.horizon.now is not None else NEVER)
        for step in (now, None):
            for line in lines:
                line.send(step)
            found = list(_gathered(lines, read))
    return found, now


def _gathered(lines: Sequence[Connection], read: Callable[[int, int], None]) -> list[Any]:
    """One answer of each part, in their order; progress is passed on as it comes."""
    answers: dict[int, Any] = {}
    waiting = {line: number for number, line in enumerate(lines)}
    while waiting:
        for line in wait(list(waiting)):
            assert isinstance(line, Connection)
            number = waiting[line]
            try:
                kind, said = line.recv()
            except (EOFError, OSError):
                raise PartFailed(f"部分 {number + 1} 意外结束 · part {number + 1} ended without an answer") from None
            if kind == "read":
                read(number, said)
            elif kind == "failed":
                raise PartFailed(*said)
            else:
                answers[number] = said
                del waiting[line]
    return [answers[number] for number in sorted(answers)]


@contextmanager
def _spools(books: int, parts: int) -> Iterator[Files]:
    """Files without a name: from each part, per book, to each part."""
    made: Files = [[[tempfile.TemporaryFile() for _ in range(parts)] for _ in range(books)] for _ in range(parts)]  # noqa: SIM115
    try:
        yield made
    finally:
        for file in (file for rows in made for row in rows for file in row):
            file.close()


@contextmanager
def _running(wanted: Wanted, parts: int, files: Files) -> Iterator[list[Connection]]:
    """The parts as processes; whatever happens, none is left."""
    context = get_context("spawn")
    started: list[Any] = []
    lines: list[Connection] = []
    try:
        with _deaf():
            for number in range(parts):
                ours, theirs = context.Pipe()
                told = (wanted, number, parts, theirs, _Ends(files, number))
                process = context.Process(target=_part, args=told, daemon=True)
                process.start()
                theirs.close()
                started.append(process)
                lines.append(ours)
        yield lines
    finally:
        for process in started:
            process.terminate()
        for process in started:
            process.join(LEAVES_IN)


@contextmanager
def _deaf() -> Iterator[None]:
    """What is spawned here never hears Ctrl-C; the caller hears it at the end of the block, if it came meanwhile."""
    ensure_running()  # the first process would start it, and it unblocks what is blocked here
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class _Ends:
    """The files that one part writes to and reads from, on their way into its process; its own it knows already."""

    def __init__(self, files: Files, number: int) -> None:
        self._files, self._number = files, number

    def __getstate__(self) -> tuple[int, list[list[Any]], dict[int, list[Any]]]:
        number = self._number
        to = [[DupFd(file.fileno()) for file in row] for row in self._files[number]]
        others = {
            other: [DupFd(row[number].fileno()) for row in rows]
            for other, rows in enumerate(self._files)
            if other != number
        }
        return number, to, others

    def __setstate__(self, state: tuple[int, list[list[Any]], dict[int, list[Any]]]) -> None:
        number, to, others = state
        self.to = [[Spool(each.detach()) for each in row] for row in to]
        told = {other: [Spool(each.detach()) for each in row] for other, row in others.items()}
        told[number] = [row[number] for row in self.to]
        self.heard = [[told[part][book] for part in sorted(told)] for book in range(len(self.to))]


def _part(wanted: Wanted, number: int, parts: int, line: Connection, ends: _Ends) -> None:
    """One part, in its own process: reads, moves to the end, judges its groups, answers."""
    try:
        part = Part(wanted, [book.load() for book in wanted.books], number, parts)
        collect_seldom()
        part.hand_on(ends.to)
        part.read(lambda size: line.send(("read", size)))
        line.send(("now", part.now))
        now = line.recv()
        part.until(now)
        line.send(("spooled", None))
        line.recv()
        part.hear(ends.heard, now)
        line.send(("answer", Answer(part.outcomes(), part.tally)))
    except (BrokenPipeError, EOFError):
        return  # the caller is gone
    except Exception as error:
        status = getattr(error, "exit_status", None)
        line.send(("failed", (traceback.format_exc(), 1) if status is None else (str(error), status)))
