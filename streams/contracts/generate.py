"""Decides how the topics are described to other programs: generated from the structs, never by hand.

`python -m streams.contracts.generate` writes the files beside this one; a test holds them to the structs.
"""

from pathlib import Path
from typing import Any

import msgspec

from rules.model.alerts import ALERT_TIMES, CLOCK_TIMES, Alert, Clock
from rules.model.events import CHANNELS, TYPES, Tombstone
from streams import topics
from streams.agents import Action
from streams.codec import DeadLetter

HERE = Path(__file__).parent
DRAFT = "https://json-schema.org/draft/2020-12/schema"
TIME = {"type": "string", "format": "date-time"}

Schema = dict[str, Any]

TITLES = {
    topics.SERVICE_EVENTS: "办件事件 · events of service cases",
    topics.INSPECTION_EVENTS: "监管行为事件 · events of supervision actions",
    topics.ALERTS: "告警的产生、变化与撤回 · raises, changes and withdrawals of alerts",
    topics.CLOCKS: "时钟：起止、已用、剩余、暂停 · every clock: start, due, used, left, paused",
    topics.ALERT_ACTIONS: "人对告警的处理 · what people do about alerts",
    topics.DEAD_LETTERS: "无法解码的消息及其位置 · what could not be decoded, and where it is",
}


def schemas() -> dict[str, Schema]:
    """Topic → the JSON Schema of its values."""
    made = {topic: _events(stream) for stream, topic in CHANNELS.items()}
    made[topics.ALERTS] = _one(Alert, ALERT_TIMES)
    made[topics.CLOCKS] = _one(Clock, CLOCK_TIMES)
    made[topics.ALERT_ACTIONS] = _one(Action)
    made[topics.DEAD_LETTERS] = _one(DeadLetter, ("at",))
    return {topic: {"$schema": DRAFT, "title": TITLES[topic]} | schema for topic, schema in made.items()}


def _events(stream: str) -> Schema:
    """Any event of a stream, or the deletion of one."""
    types = [kind.message for kind in TYPES.values() if kind.stream == stream]
    refs, parts = msgspec.json.schema_components([*types, Tombstone], ref_template="#/$defs/{name}")
    names = sorted(kind.name for kind in TYPES.values() if kind.stream == stream)
    parts["Tombstone"]["properties"]["type"] = {"enum": names}
    for part in parts.values():
        _with_times(part, ("time", "recordedat", "receivedat"), empty=True)
    return {"anyOf": list(refs), "$defs": parts}


def _one(struct: type[msgspec.Struct], times: tuple[str, ...] = ()) -> Schema:
    (ref,), parts = msgspec.json.schema_components([struct], ref_template="#/$defs/{name}")
    parts[struct.__name__].pop("description", None)  # it speaks of the struct, not of the wire
    _with_times(parts[struct.__name__], times)
    if "Evidence" in parts:
        _with_times(parts["Evidence"], ("recordedat",))
    return {**ref, "$defs": parts}


def _with_times(schema: Schema, fields: tuple[str, ...], empty: bool = False) -> None:
    """Times are written as ISO 8601 with an offset, whatever they are inside."""
    described = schema.get("properties", {})
    for name in fields:
        if name not in described:
            continue
        default = {"default": described[name]["default"]} if "default" in described[name] else {}
        optional = default.get("default", "") in (None, "") and bool(default)
        choices = [TIME, {"const": ""} if empty else {"type": "null"}]
        described[name] = {"anyOf": choices, **default} if optional else dict(TIME)


def asyncapi() -> Schema:
    """Every topic with its key, its values and who writes it."""
    channels = {topic: _channel(topic, TITLES[topic]) for topic in TITLES}
    channels[topics.FACTS] = {
        "address": topics.FACTS,
        "description": "组事实，内部使用 · what groups are told of events; between our own lanes alone",
        "messages": {"value": {"contentType": "application/msgpack"}},
    }
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "明镜 Mingjing",
            "version": "1",
            "description": "Keys are UTF-8 text; a partition is murmur2(key) modulo the partitions of "
            "its topic. A record with neither key nor value and a header `mark` (epoch microseconds) is a "
            "clock mark.",
        },
        "defaultContentType": "application/json",
        "channels": channels,
        "operations": {name: _operation(*where) for name, where in OPERATIONS.items()},
    }


OPERATIONS = {
    "judgeServiceEvents": ("receive", topics.SERVICE_EVENTS),
    "judgeInspectionEvents": ("receive", topics.INSPECTION_EVENTS),
    "takeActions": ("receive", topics.ALERT_ACTIONS),
    "sayAlerts": ("send", topics.ALERTS),
    "sayClocks": ("send", topics.CLOCKS),
    "reportDeadLetters": ("send", topics.DEAD_LETTERS),
}
KEYS = {
    topics.ALERTS: "the subject, or the group of a group rule",
    topics.ALERT_ACTIONS: "the alert's id",
    topics.DEAD_LETTERS: "the source topic",
}


def _channel(topic: str, title: str) -> Schema:
    key = {"type": "string", "description": KEYS.get(topic, "the subject")}
    message = {
        "contentType": "application/json",
        "payload": {"$ref": f"./{topic}.json"},
        "bindings": {"kafka": {"key": key}},
    }
    return {"address": topic, "description": title, "messages": {"value": message}}


def _operation(action: str, topic: str) -> Schema:
    escaped = topic.replace("/", "~1")
    return {"action": action, "channel": {"$ref": f"#/channels/{escaped}"}}


def files() -> dict[str, bytes]:
    """File name → what it must hold."""
    made = {f"{topic}.json": schema for topic, schema in schemas().items()} | {"asyncapi.json": asyncapi()}
    return {name: _pretty(content) for name, content in made.items()}


def _pretty(content: Schema) -> bytes:
    return msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n"


def main() -> None:
    for name, content in files().items():
        (HERE / name).write_bytes(content)


if __name__ == "__main__":
    main()
