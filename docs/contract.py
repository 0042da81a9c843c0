"""Writes docs/contract.md from the structs that decode: `python docs/contract.py`; a test holds the page to them."""

from pathlib import Path
from string import Template

from msgspec.structs import FieldInfo, fields

from rules.model.contract import CHANNELS, TYPES, EventType
from rules.model.fields import Mark
from rules.model.inspection import Action
from rules.model.service import Case
from rules.model.times import MINUTE
from streams.codec import LARGEST, TOLERANCE

PAGE = Path(__file__).parent / "contract.md"
COMMON = {"service": tuple(Case.__struct_fields__), "inspection": tuple(Action.__struct_fields__)}
TITLES = {"service": "办件 · Service cases", "inspection": "监管行为 · Supervision actions"}

HEAD = Path(__file__).parent / "contract.head.md"

INTRODUCTION = "Events of one instant are taken in the order of their ranks. Every event may carry:"


def page() -> str:
    """The whole page."""
    head = Template(HEAD.read_text(encoding="utf-8"))
    parts = [head.substitute(largest=f"{LARGEST:,}", minutes=TOLERANCE // MINUTE)]
    for stream, topic in CHANNELS.items():
        kinds = [kind for kind in TYPES.values() if kind.stream == stream]
        parts.append(f"## {TITLES[stream]}: topic `{topic}`\n\n{INTRODUCTION}\n")
        parts.append(_table(kinds[0], COMMON[stream]))
        parts.append("\n".join(["| rank | type | its own fields |", "|---|---|---|", *map(_row, kinds)]) + "\n")
    return "\n".join(parts)


def _table(kind: EventType, names: tuple[str, ...]) -> str:
    lines = [f"| `{name}` | {kind.fields[name].kind} | {_marks(kind.fields[name])} |" for name in names]
    return "| field | kind | marks |\n|---|---|---|\n" + "\n".join(lines) + "\n"


def _row(kind: EventType) -> str:
    own = [name for name in kind.fields if name not in COMMON[kind.stream]]
    required = {field.name for field in _fields(kind) if field.required}
    shown = [f"`{name}` {kind.fields[name].kind} ({_marks(kind.fields[name], name in required)})" for name in own]
    return f"| {kind.rank} | `{kind.name}` | {', '.join(shown) or '–'} |"


def _fields(kind: EventType) -> tuple[FieldInfo, ...]:
    data = next(field.type for field in fields(kind.message) if field.name == "data")
    return fields(data)


def _marks(mark: Mark, required: bool = False) -> str:
    return ", ".join([mark.use, *(["personal"] if mark.personal else []), *(["required"] if required else [])])


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
