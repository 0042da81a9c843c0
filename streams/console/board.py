"""Decides which alerts the queue shows: the last revision of each, narrowed by what the reader asked for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import msgspec
from msgspec import Struct

from rules.model.alerts import Alert, parse_alert

LIVE, SHADOW = "live", "shadow"
STATES = ("open", "ended", "contested", "withdrawn")
MOST_ALERTS = 20_000
MOST_REVISIONS = 50
PAGE = 100


class Entry(Struct, frozen=True):
    """An alert as it stands. `changed_at` is when its last revision came; the evidence stays in the line."""

    alert: Alert
    changed_at: int
    words: str


class Wanted(Struct, frozen=True):
    """What a reader asked for; an empty set or text narrows nothing. Shadow alerts are shown to who asks for them."""

    severities: frozenset[str] = frozenset()
    states: frozenset[str] = frozenset()
    rule: str = ""
    department: str = ""
    text: str = ""
    page: int = 1
    mode: str = LIVE

    def nearly_takes(self, entry: Entry) -> bool:
        """Apart from severity and state, whose buttons count what they would show."""
        if self.mode and self.mode != entry.alert.mode:
            return False
        if entry.alert.absorbed_by:
            return False  # it is told under the card that it joined
        if self.rule and self.rule != entry.alert.rule:
            return False
        if self.department and self.department != entry.alert.department:
            return False
        return not self.text or all(word in entry.words for word in self.text.lower().split())

    def of_severity(self, entry: Entry) -> bool:
        return not self.severities or entry.alert.severity in self.severities

    def of_state(self, entry: Entry) -> bool:
        return not self.states or entry.alert.state in self.states


class Shown(Struct, frozen=True):
    """One page of the queue, newest change first, and how many alerts each severity and state would show."""

    entries: tuple[Entry, ...]
    total: int
    page: int
    pages: int
    by_severity: dict[str, int]
    by_state: dict[str, int]


class Board:
    """The fold of the alerts topic by (alert id, revision); `version` grows with every visible change."""

    def __init__(self, most: int = MOST_ALERTS) -> None:
        self._most = most
        self._entries: dict[str, Entry] = {}
        self._lines: dict[str, dict[int, bytes]] = {}
        self._absorbed: dict[str, dict[str, None]] = {}
        self._ordered: list[Entry] = []
        self._shown: dict[Wanted, Shown] = {}
        self._shown_at = -1
        self.version = 0
        self.latest_at = 0

    def __len__(self) -> int:
        return len(self._entries)

    def take(self, line: bytes, changed_at: int) -> None:
        """One line of the alerts topic. Raises msgspec.MsgspecError or ValueError for what is none."""
        self.put(parse_alert(line), changed_at, line)

    def put(self, alert: Alert, changed_at: int, line: bytes) -> None:
        """A revision that is known already changes nothing, an older one adds to the history alone.

        The queue is the same in whatever order the topic and the warehouse tell of a revision.
        """
        before = self._entries.get(alert.alert_id)
        lines = self._lines.setdefault(alert.alert_id, {})
        is_known = alert.revision in lines
        if is_known and (before is None or before.changed_at >= changed_at):
            return
        lines[alert.revision] = line
        while len(lines) > MOST_REVISIONS:
            del lines[min(lines)]
        self.latest_at = max(self.latest_at, alert.at, alert.ended_at or 0)
        self.version += 1
        if before is None or (alert.revision, changed_at) > (before.alert.revision, before.changed_at):
            self._entries.pop(alert.alert_id, None)
            self._entries[alert.alert_id] = Entry(_lean(alert), changed_at, _words(alert))
            self._join(before.alert.absorbed_by if before is not None else "", alert)
            self._forget()

    def _join(self, card_before: str, alert: Alert) -> None:
        if card_before and card_before != alert.absorbed_by:
            self._absorbed.get(card_before, {}).pop(alert.alert_id, None)
        if alert.absorbed_by:
            self._absorbed.setdefault(alert.absorbed_by, {})[alert.alert_id] = None

    def absorbed(self, alert_id: str) -> list[Alert]:
        """The alerts that joined the card of this one, oldest first."""
        found = [self._entries[each].alert for each in self._absorbed.get(alert_id, ()) if each in self._entries]
        return sorted(found, key=lambda alert: (alert.at, alert.rule))

    def alerts(self) -> Iterator[Alert]:
        """Every alert as it stands, without its evidence."""
        return (entry.alert for entry in self._entries.values())

    def _forget(self) -> None:
        while len(self._entries) > self._most:
            oldest = next(iter(self._entries))
            del self._entries[oldest], self._lines[oldest]

    def entry(self, alert_id: str) -> Entry | None:
        return self._entries.get(alert_id)

    def revisions(self, alert_id: str) -> list[Alert]:
        """Every revision that came by, the newest first, with its evidence."""
        lines = self._lines.get(alert_id, {})
        return [parse_alert(lines[revision]) for revision in sorted(lines, reverse=True)]

    def show(self, wanted: Wanted) -> Shown:
        """The page asked for, or the last one where there are fewer; readers who ask alike share it."""
        if self._shown_at != self.version:
            self._shown_at = self.version
            self._shown.clear()
            self._ordered = sorted(self._entries.values(), key=_newest_first)
        shown = self._shown.get(wanted)
        if shown is None:
            shown = self._shown[wanted] = self._show(wanted)
        return shown

    def _show(self, wanted: Wanted) -> Shown:
        near = [entry for entry in self._ordered if wanted.nearly_takes(entry)]
        of_state = [entry for entry in near if wanted.of_state(entry)]
        taken = [entry for entry in of_state if wanted.of_severity(entry)]
        pages = max(1, -(-len(taken) // PAGE))
        page = min(max(1, wanted.page), pages)
        return Shown(
            tuple(taken[(page - 1) * PAGE : page * PAGE]),
            len(taken),
            page,
            pages,
            Counter(entry.alert.severity for entry in of_state),
            Counter(entry.alert.state for entry in near if wanted.of_severity(entry)),
        )

    def count_of(self, mode: str) -> int:
        """How many alerts of a mode there are."""
        return sum(entry.alert.mode == mode for entry in self._entries.values())

    def rules(self) -> list[str]:
        return sorted({entry.alert.rule for entry in self._entries.values()})

    def departments(self) -> list[str]:
        return sorted({entry.alert.department for entry in self._entries.values()} - {""})


def _newest_first(entry: Entry) -> tuple[int, int]:
    return -entry.changed_at, -entry.alert.at


def _lean(alert: Alert) -> Alert:
    return msgspec.structs.replace(alert, evidence=())


def _words(alert: Alert) -> str:
    return "\n".join(
        (
            alert.alert_id,
            alert.rule,
            alert.subject,
            alert.group,
            alert.department,
            alert.responsible,
            alert.region,
            alert.item,
            alert.message.zh,
            alert.message.en,
        )
    ).lower()
