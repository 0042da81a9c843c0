"""Decides how tests write a book of a few rules, and events for it, shortly."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from rules.drive import Drive
from rules.language import Book, load_book
from rules.model.alerts import Alert
from rules.model.events import Event, decode_event
from rules.model.times import instant_of, iso
from tests.oracle.restarting import Restarting

ZONE = "Asia/Shanghai"
HEAD = """\
name: {zh: 试, en: Trial}
category: process
basis: local
stream: service
subject: case_id
"""
EXAMPLES = """\
examples:
  - name: one
    given: [{at: "1999-03-02T09:00", type: case.applied, case_id: A1}]
    expect: []
  - name: two
    given: [{at: "1999-03-02T09:00", type: case.applied, case_id: A1}]
    expect: [{}]
"""
CLOCK = "clock: {start: case.accepted, stop: [case.decided, case.closed]}"


def rule_text(rule_id: str, body: str, **given: str) -> str:
    """A rule file: a body and any keys beside it; its examples are never run."""
    keys = {"severity": "notice", "message": '{zh: "{{ case_id }}", en: "{{ case_id }}"}'} | given
    return (
        f"rule: {rule_id}\n{HEAD}" + "".join(f"{key}: {value}\n" for key, value in keys.items()) + f"{body}\n{EXAMPLES}"
    )


def book_of(folder: Path, *rules: str, **files: str) -> Book:
    """A book of these rules, with a clock named `clock`, and of any other files by name."""
    folder.mkdir(exist_ok=True)
    for name, text in {"clocks": f"clocks: {{{CLOCK}}}\n", **files}.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    for number, text in enumerate(rules):
        (folder / f"r{number}.yaml").write_text(text, encoding="utf-8")
    return load_book(folder)


def at(written: str) -> int:
    return instant_of(written, ZONE)


def event(kind: str, written: str, subject: str = "A1", **given: Any) -> Event:
    """An event of a case at a local time; what is no field of the envelope is a field of the event."""
    envelope = {"id": f"{kind}-{written}-{subject}", "source": "office", "operation": "i"}
    envelope |= {name: given.pop(name) for name in list(given) if name in envelope}
    for name in [name for name in ("recordedat", "receivedat") if name in given]:
        envelope[name] = iso(at(given.pop(name)), ZONE)
    if "precision" in given:
        envelope["precision"] = given.pop("precision")
    made = {"specversion": "1.0", "type": kind, "subject": subject, "time": iso(at(written), ZONE), **envelope}
    if envelope["operation"] != "d":
        made["data"] = given
    return decode_event(msgspec.json.encode(made))


def standing(book: Book, events: Sequence[Event], until: str, ticks: Sequence[str] = ()) -> list[Alert]:
    """What stands at a local time after these events came in one by one, each after its tick."""
    drive = Drive(book)
    for number, each in enumerate(events):
        if number < len(ticks) and ticks[number]:
            drive.until(at(ticks[number]))
        drive.take([each])
    drive.until(at(until))
    return drive.alerts()


def restarting(book: Book, events: Sequence[Event], until: str, every: int = 1) -> list[Alert]:
    """The same through stored rows: all but the rows is forgotten after every so many events."""
    lane = Restarting(book, 1)
    for number, each in enumerate(events):
        lane.take([each])
        if number % every == 0:
            lane.restart()
    lane.until(at(until))
    return sorted(lane.standing(), key=lambda alert: (alert.at, alert.rule, alert.alert_id))


def told(alerts: Sequence[Alert]) -> list[Any]:
    """Alerts without what may differ between runs: the revision."""
    return [msgspec.structs.replace(alert, revision=0) for alert in alerts]
