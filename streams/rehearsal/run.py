"""Decides how a rehearsal is run: in this process where that is quicker or the input allows no other, else in parts."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import islice

from rules.language import Book
from streams.clock import monotonic
from streams.rehearsal.cores import in_parts
from streams.rehearsal.lines import size_of
from streams.rehearsal.part import NEVER, Part
from streams.rehearsal.wanted import Outcome, Rehearsed, Tally, Wanted
from streams.sources.emission import Sourced

WORTH_A_PROCESS = 24 << 20
"""Bytes of input below which loading a book in another process takes longer than judging."""

CHUNK = 1_000
Progress = Callable[[int], None]
"""Told how much more has been read: bytes of files, events of the warehouse or of a mapping."""


def parts_for(wanted: Wanted, jobs: int) -> int:
    """How many processes: as many as asked for, else as there are cores, and bytes to make them worth it."""
    if "-" in wanted.inputs:
        return 1
    if jobs:
        return jobs
    if wanted.url:
        return cores()
    return max(min(cores(), size_of(wanted.inputs) // WORTH_A_PROCESS), 1)


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def rehearse(
    wanted: Wanted,
    books: Sequence[Book],
    progress: Progress,
    jobs: int = 0,
    mapped: Iterable[Sourced] | None = None,
) -> Rehearsed:
    """What stands at the end of a history under each of the books, which are those that `wanted` names.

    `mapped` are the messages of a history that only this process can read: one that a mapping turns into events.
    The outcome is the same for any number of processes.
    """
    began = monotonic()
    parts = parts_for(wanted, jobs) if mapped is None else 1
    if parts > 1:
        share = _Share(progress, parts)
        read = share if wanted.inputs else share.each
        answers, now = in_parts(wanted, parts, read)
        tally = Tally()
        for answer in answers:
            tally.add(answer.tally)
        outcomes = [_joined([answer.outcomes[place] for answer in answers]) for place in range(len(books))]
    else:
        part = Part(wanted, books)
        if mapped is None:
            part.read(progress)
        else:
            _take_all(part, mapped, progress)
        now = max(part.now, wanted.horizon.now if wanted.horizon.now is not None else NEVER)
        part.until(now)
        outcomes, tally = [_joined([outcome]) for outcome in part.outcomes()], part.tally
    return Rehearsed(
        outcomes=outcomes,
        tally=tally,
        now=now if now > NEVER else None,
        parts=parts,
        seconds=round(monotonic() - began, 2),
    )


def _take_all(part: Part, mapped: Iterable[Sourced], progress: Progress) -> None:
    messages = iter(mapped)
    number = 0
    while chunk := list(islice(messages, CHUNK)):
        number += 1
        part.take_messages([(each.value, each.place) for each in chunk], number)
        progress(len(chunk))


class _Share:
    """What is shown of several parts: all read alike, so it is the one that has read least."""

    def __init__(self, progress: Progress, parts: int) -> None:
        self._progress, self._read, self._told = progress, [0] * parts, 0

    def __call__(self, number: int, size: int) -> None:
        """Files are read by every part."""
        self._read[number] += size
        least = min(self._read)
        self._progress(least - self._told)
        self._told = least

    def each(self, number: int, size: int) -> None:
        """The warehouse gives each part its own."""
        self._progress(size)


def _joined(outcomes: Sequence[Outcome]) -> Outcome:
    """What all parts found under one book, in the order of a single one."""
    counters: Counter[str] = Counter()
    for outcome in outcomes:
        counters.update(outcome.counters)
    return Outcome(
        sorted((a for each in outcomes for a in each.alerts), key=lambda a: (a.at, a.rule, a.alert_id)),
        sorted((c for each in outcomes for c in each.clocks), key=lambda c: (c.start_date, c.rule, c.clock_id)),
        dict(counters),
    )
