"""Decides how tests write events: `wire("case.accepted", "2026-02-12T09:00")` is a message of the topic."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

Message = dict[str, Any]


def stamp(text: str) -> str:
    """`2026-02-12`, `2026-02-12T09:00` → RFC 3339 in Shanghai time."""
    padded = text + "T00:00:00"[len(text) - 10 :] if len(text) < 19 else text
    return padded if padded[-6] == "+" else padded + "+08:00"


def wire(
    kind: str,
    at: str,
    subject: str = "A1",
    /,
    *,
    id: str = "",
    recorded: str = "",
    received: str = "",
    operation: str = "i",
    **data: Any,
) -> Message:
    """One message. Ten characters of time are a date without a time; recorded at once unless said."""
    message: Message = {
        "specversion": "1.0",
        "id": id or f"{kind}@{at}",
        "source": "s",
        "type": kind,
        "time": stamp(at),
        "subject": subject,
        "recordedat": stamp(recorded or at),
        "operation": operation,
        "data": {"task_code": "item-a", **data},
    }
    if received:
        message["receivedat"] = stamp(received)
    if len(at) == 10:
        message["precision"] = "day"
    return message


def deletion(of: Mapping[str, Any], recorded: str) -> Message:
    """The tombstone of a record."""
    kept = {name: of[name] for name in ("specversion", "id", "source", "type", "subject")}
    return {**kept, "operation": "d", "recordedat": stamp(recorded)}


WRITTEN = {
    "at": "time", "type": "type", "id": "id", "subject": "subject", "source": "source", "operation": "operation",
    "recorded_at": "recordedat", "received_at": "receivedat",
}  # fmt: skip
"""What the examples of a rule call the fields of a message."""


def as_example(events: Iterable[Mapping[str, Any]], until: str, items: Mapping[str, Any]) -> str:
    """A history as the `examples` of a rule file write it, to be pasted there."""
    lines = ["  - name: found by a history", *([f"    items: {json.dumps(items)}"] if items else []), "    given:"]
    for event in events:
        fields = {name: event[key] for name, key in WRITTEN.items() if key in event}
        if event.get("precision") == "day":
            fields["at"] = fields["at"][:10]
        fields |= event.get("data") or {}
        lines.append("      - " + json.dumps(fields, ensure_ascii=False))
    return "\n".join([*lines, f'    until: "{until}"', "    expect: []"])
