"""A subject of which no rule has anything to say yet still takes a straggler in its own order."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from rules.drive import Drive
from rules.language import Book, load_book
from rules.model.events import Event, decode_event

DECIDED_FIRST = """
rule: X1
name: {zh: 未受理先决定, en: Decided before acceptance}
category: process
basis: test
severity: notice
stream: service
sequence: {forbid: [case.decided, case.accepted]}
message: {zh: "{{ case_id }}", en: "{{ case_id }}"}
examples:
  - name: the wrong way round
    given:
      - {at: "2026-03-02T09:00", type: case.decided, case_id: A}
      - {at: "2026-03-02T10:00", type: case.accepted}
    expect: [{at: "2026-03-02T10:00", reason: wrong_order}]
  - name: the right way round
    given:
      - {at: "2026-03-02T09:00", type: case.accepted, case_id: A}
      - {at: "2026-03-02T10:00", type: case.decided}
    expect: []
"""


@pytest.fixture
def book(tmp_path: Path) -> Book:
    (tmp_path / "X1.yaml").write_text(DECIDED_FIRST, encoding="utf-8")
    return load_book(tmp_path)


def event(kind: str, at: str) -> Event:
    moment = f"2026-03-02T{at}:00+08:00"
    message = {
        "id": kind, "source": "s", "type": kind, "subject": "A", "time": moment, "recordedat": moment,
        "receivedat": moment, "data": {},
    }  # fmt: skip
    return decode_event(msgspec.json.encode(message))


@pytest.mark.parametrize("tells_clocks", [True, False])
@pytest.mark.parametrize(("decided", "accepted", "alerts"), [("09:00", "10:00", 1), ("10:00", "09:00", 0)])
def test_a_straggler_counts_where_it_belongs_whatever_came_before_it(
    book: Book, tells_clocks: bool, decided: str, accepted: str, alerts: int
) -> None:
    for order in (1, -1):
        drive = Drive(book, tells_clocks=tells_clocks)
        for each in [event("case.decided", decided), event("case.accepted", accepted)][::order]:
            drive.take([each])
        assert len(drive.alerts()) == alerts
