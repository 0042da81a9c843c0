"""Decides what one part of a rehearsal does: its own subjects through one drive per book, then its own groups."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from itertools import groupby
from operator import itemgetter

from rules.drive import Drive
from rules.language import Book
from rules.model.events import Event
from rules.testing.found import found as found_alert
from rules.testing.found import found_clock
from streams.rehearsal.lines import Block, blocks, lines_of
from streams.rehearsal.spools import Sorting, Spool, judged_by, merged
from streams.rehearsal.wanted import Outcome, Tally, Wanted
from streams.replay import Admission
from streams.sources.faults import DeadLetters, Fault, Place

NEVER = -(1 << 62)
LAST = 1 << 62
"""The number of the block in which everything ends."""
WAREHOUSE = Place("event_versions", 0)
Seen = Callable[[int], None]
"""Told how many bytes (or events, where they are not bytes of a file) have been read since."""


class Part:
    """One part of the subjects of a history. Alone, its drives judge groups as they go.

    Of several, each hands the facts of groups on, sorted by the part that judges them once all subjects are read.
    """

    def __init__(self, wanted: Wanted, books: Sequence[Book], number: int = 0, of: int = 1) -> None:
        self.wanted, self.number, self.of = wanted, number, of
        self.tally, self._dead_letters = Tally(), DeadLetters()
        self._admit = Admission(wanted.horizon, self._dead_letters, self.tally.left_out)
        self._sorting: list[Sorting] = []
        self._books = books
        self._drives = [Drive(book, tells_clocks=False, owns=None if of == 1 else _no_group) for book in books]
        self._listening: list[Drive] = []

    def hand_on(self, spools: Sequence[Sequence[Spool]]) -> None:
        """Hands facts on: per book, one spool for each part."""
        self._sorting = [Sorting(each) for each in spools]
        for drive, sorting in zip(self._drives, self._sorting, strict=True):
            drive.hands_on = sorting.take

    @property
    def now(self) -> int:
        """The latest event so far."""
        return self.tally.last_at if self.tally.last_at is not None else NEVER

    def read(self, seen: Seen) -> None:
        """Judges the part's share of the whole history, a block at a time."""
        if self.wanted.url:
            self._read_warehouse(seen)
        number = 0
        for name in self.wanted.inputs:
            for block in blocks(name, self._tell):
                number += 1
                self.take(self._events_of(block), number)
                seen(block.read)

    def _read_warehouse(self, seen: Seen) -> None:
        """Every version in the order of what happened: a day of them is a block."""
        from warehouse.reader import Reader

        taken = self.wanted.horizon
        stored = Reader(self.wanted.url).event_messages(self.number, self.of, taken.last, taken.known_at)
        for day, messages in groupby(stored, key=itemgetter(0)):
            values = [(message, WAREHOUSE) for _, message in messages]
            self.take_messages(values, day)
            seen(len(values))

    def _tell(self, fault: Fault, place: Place) -> None:
        if not self.number:
            self._dead_letters.add(fault, place)

    def _events_of(self, block: Block) -> list[Event]:
        mine = lines_of(block, self.number, self.of) if self.of > 1 else enumerate(block.lines, block.first)
        lines = [(number, line) for number, line in mine if line]
        return self._admit.at_once([line for _, line in lines], lambda index: Place(block.file, lines[index][0]))

    def take_messages(self, messages: Sequence[tuple[bytes, Place]], block: int) -> None:
        """Judges messages that are this part's."""
        self.take(self._admit.at_once([value for value, _ in messages], lambda index: messages[index][1]), block)

    def take(self, events: Sequence[Event], block: int) -> None:
        """Judges the events of one block; blocks are numbered alike in all parts."""
        if not events:
            return
        times = [event.at for event in events]
        self.tally.events += len(events)
        self.tally.see(min(times), max(times))
        for place, drive in enumerate(self._drives):
            step = drive.take(events)
            self.tally.unjudged += len(step.unjudged) if not place else 0
            for rejected in step.rejected if not place else ():
                self._dead_letters.reasons[rejected.reason] += 1
        for sorting in self._sorting:
            sorting.end_block(block, self.now)

    def until(self, now: int) -> None:
        """Moves to the end of the history, which may be later than this part's last event."""
        for drive in self._drives:
            drive.until(now)
        for sorting in self._sorting:
            sorting.end_block(LAST, now)
            sorting.flush()

    def hear(self, spools: Sequence[Sequence[Spool]], now: int) -> None:
        """Judges the groups that are this part's, by what all parts told of them, from the beginning again: a group
        that heard the past at the end of the history would take it for too late."""
        self._listening = [Drive(book, tells_clocks=False, owns=self._owns) for book in self._books]
        for place, (drive, told) in enumerate(zip(self._listening, spools, strict=True)):
            for _, then, facts in merged(told):
                step = drive.hear(facts, then)
                self.tally.unjudged += len(step.unjudged) if not place else 0
            drive.until(now)

    def _owns(self, group: str) -> bool:
        return judged_by(group, self.of) == self.number

    @property
    def drives(self) -> list[Drive]:
        """What judges here: subjects first, then the groups that are this part's."""
        return [*self._drives, *self._listening]

    def outcomes(self) -> list[Outcome]:
        """What stands, per book."""
        self.tally.dead_letters = self._dead_letters.reasons
        self.tally.examples = self._dead_letters.examples
        found = []
        for place, drive in enumerate(self._drives):
            both = [drive, *self._listening[place : place + 1]]
            counters: Counter[str] = Counter()
            for each in both:
                counters.update(each.counters)
            alerts = [found_alert(alert) for each in both for alert in each.alerts()]
            clocks = [found_clock(clock) for clock in drive.clocks()] if self.wanted.clocks else []
            found.append(Outcome(alerts, clocks, dict(counters)))
        return found


def _no_group(group: str) -> bool:
    """The groups of subjects that are read in parts are judged by what all parts told."""
    return False
