"""A worker whose core is a small stand-in with the engine's interface, easily said by other means.

An event whose id ends in `a` raises an alert. A subject whose first event is an hour old and that has no
event whose id ends in `z` raises another at that hour, which a `z` takes back. Every event is a fact of its
organ; an organ with ten facts raises one. An event whose id ends in `r` cannot be folded.
"""

import logging
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec

from rules.core.step import Rejected, Step
from rules.model.alerts import Alert, identity
from rules.model.times import HOUR


class Point(msgspec.Struct, array_like=True):
    group: str
    id: str
    at: int


class Record(msgspec.Struct, array_like=True):
    """A subject's events (id → time), its alerts (name → revision, state, at), whether its hour has come."""

    events: dict[str, int]
    alerts: dict[str, tuple[int, str, int]]
    fired: bool = False


def wanted(events: dict[str, int], fired: bool) -> dict[str, int]:
    """The alerts that events come to: name → at."""
    found = {id: at for id, at in events.items() if id.endswith("a")}
    if fired and not any(id.endswith("z") for id in events):
        found["silent"] = min(events.values()) + HOUR
    return found


def alert(subject: str, name: str, revision: int, state: str, at: int, group: str = "") -> Alert:
    return Alert(
        alert_id=identity("S", subject, name),
        revision=revision,
        rule="S",
        subject=subject,
        stream="service",
        state=state,
        severity="notice",
        reason=name,
        at=at,
        occasion=("stub", name),
        group=group,
    )


class Stub:
    """Both cores: `group` says whether the items are facts."""

    def __init__(self, rows: Any, group: bool = False) -> None:
        self._rows, self._group = rows, group
        self._records: dict[str, Record] = {}
        self._timers: dict[str, int] = {}
        for key, row in rows.scan(b""):
            self._keep(key.decode(), msgspec.msgpack.decode(row, type=Record))

    def _keep(self, subject: str, record: Record) -> None:
        self._records[subject] = record
        if not self._group and not record.fired:
            self._timers[subject] = min(record.events.values()) + HOUR
        else:
            self._timers.pop(subject, None)

    @property
    def wake(self) -> int | None:
        return min(self._timers.values(), default=None)

    @property
    def outdated(self) -> int:
        return 0  # this stand-in knows no books

    def refold(self, now: int, limit: int = 2_000) -> Step:
        return Step()

    def step(self, items: Sequence[Any], now: int) -> Step:
        step = Step()
        touched: dict[str, Record] = {}
        for index, item in enumerate(items):
            subject = item.group if self._group else item.subject
            id, at = (item.id, item.at) if self._group else (item.fact.id, item.fact.occurred_at)
            if id.endswith("r"):
                step.rejected.append(Rejected(index, "fold_failed", "$.id", "this one cannot be folded"))
                continue
            record = self._records.get(subject) or Record({}, {})
            touched[subject] = self._records[subject] = record
            if id not in record.events and not self._group:
                step.facts.append(Point(f"organ-{int(id[1:4]) % 7}", id, at))
            record.events[id] = at
        self._settle(step, touched)
        return step

    def advance(self, now: int, limit: int = 2_000) -> Step:
        step = Step()
        due = sorted(name for name, at in self._timers.items() if at <= now)[:limit]
        touched = {}
        for name in due:
            touched[name] = self._records[name]
            touched[name].fired = True
        self._settle(step, touched)
        return step

    def _settle(self, step: Step, touched: dict[str, Record]) -> None:
        for subject, record in touched.items():
            right = self._right(record)
            for name in sorted(record.alerts.keys() | right.keys()):
                revision, *was = record.alerts.get(name, (0, "absent", 0))
                should, at = ("open", right[name]) if name in right else ("withdrawn", 0)
                if [should, at] != was:
                    record.alerts[name] = (revision + 1, should, at)
                    group = subject if self._group else ""
                    step.alerts.append(alert(subject, name, revision + 1, should, at, group))
            self._keep(subject, record)
            step.rows[subject.encode()] = msgspec.msgpack.encode(record)

    def _right(self, record: Record) -> dict[str, int]:
        if self._group:
            return {"ten": sorted(record.events.values())[9]} if len(record.events) >= 10 else {}
        return wanted(record.events, record.fired)


def expected(events: Iterable[Any], now: int) -> dict[str, int]:
    """alert id → at, of the alerts that stand when all events are known and it is `now`."""
    subjects: dict[str, dict[str, int]] = {}
    organs: dict[str, dict[str, int]] = {}
    for event in events:
        subjects.setdefault(event.subject, {})[event.fact.id] = event.fact.occurred_at
        organ = f"organ-{int(event.fact.id[1:4]) % 7}"
        organs.setdefault(organ, {})[event.fact.id] = event.fact.occurred_at
    found = {}
    for subject, known in subjects.items():
        for name, at in wanted(known, now >= min(known.values()) + HOUR).items():
            found[identity("S", subject, name)] = at
    for organ, known in organs.items():
        if len(known) >= 10:
            found[identity("S", organ, "ten")] = sorted(known.values())[9]
    return found


def main() -> int:
    from streams.app import serve
    from streams.books.edition import Edition
    from streams.lane_judge import Cores
    from streams.logs import quiet
    from streams.settings import settings

    decode: Callable[[bytes], Point] = msgspec.msgpack.Decoder(Point).decode
    cores = Cores(
        subject=Stub,  # type: ignore[arg-type]
        group=lambda rows, owns: Stub(rows, group=True),  # type: ignore[arg-type, return-value]
        encode_fact=msgspec.msgpack.encode,
        decode_fact=decode,
        zone=lambda region: "Asia/Shanghai",
    )
    quiet(logging.INFO, sys.stderr)
    return serve(settings(), Edition("stub", "", cores))


if __name__ == "__main__":
    sys.exit(main())
