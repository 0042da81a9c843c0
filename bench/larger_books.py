"""Decides what a book costs of which most rules have nothing to say: the same book with 92 rules more.

None of their events comes (`unmatched`), or all come and none of their conditions holds (`false`).
"""

from __future__ import annotations

import shutil
from pathlib import Path

MORE = 92
NEVER_SENT = ("case.published",)
SENT = ("case.applied", "case.accepted", "case.stage", "case.decided", "case.delivered", "review.submitted")
FIELDS = ("department", "task_code", "organ")
RULE = """\
rule: {name}
version: 1
name: {{zh: 不会触发, en: Never fires}}
category: data
basis: side-by-side workload
severity: notice
stream: service
subject: case_id
match: {{event: {event}, when: 'event.{field} == "none-{name}"'}}
message: {{zh: 不会触发, en: Never fires}}
examples:
  - name: the value that nobody has
    given:
      - {{at: "2024-03-01T09:00", type: {event}, case_id: C1, {field}: none-{name}}}
    expect:
      - {{at: "2024-03-01T09:00"}}
  - name: any other
    given:
      - {{at: "2024-03-01T09:00", type: {event}, case_id: C2, {field}: D1}}
    expect: []
"""


def larger(book: Path, folder: Path, kind: str) -> Path:
    """A copy of a book with so many rules more."""
    made = folder / f"book-{kind}"
    if not made.exists():
        shutil.copytree(book, made)
        for number in range(MORE):
            (made / f"X{number:02d}.yaml").write_text(_rule(number, kind), encoding="utf-8")
    return made


def _rule(number: int, kind: str) -> str:
    events = NEVER_SENT if kind == "unmatched" else SENT
    field = FIELDS[number % len(FIELDS)]
    return RULE.format(name=f"X{number:02d}", event=events[number % len(events)], field=field)
