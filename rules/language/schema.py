"""Decides what JSON Schema says of the files of a book, so that an editor completes and checks them.

The shapes are written in shapes.yaml; their words (event types, fields, columns, severities) come from the tables that
the readers use. A schema cannot say all that the linter does: what it accepts may still be wrong.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from rules.judging.windows import AXES
from rules.language.bodies import KINDS
from rules.language.escalations import ESCALATE
from rules.language.grouping import TYPES as WINDOWS
from rules.language.rule import CATEGORIES
from rules.language.rule_file import KEYS, LONGEST_ID, NAME, RULE_ID, SUBJECTS
from rules.language.samples import BROUGHT, ENVELOPE, STATES, TIMES
from rules.model.alerts import MODES, SEVERITIES
from rules.model.events import OPERATIONS, TYPES
from rules.model.spans import UNITS
from rules.tables.items import READ
from rules.tables.regions import COLOUR, HOURS, OFF_HOURS

Schema = dict[str, Any]
SHAPES = Path(__file__).with_name("shapes.yaml")
FILES = ("rule", "clocks", "regions", "sources")
"""The files of a book that have a schema, by the shape that each is."""
DIALECT = "https://json-schema.org/draft/2020-12/schema"
WORDS: dict[str, tuple[str, ...]] = {
    "severities": SEVERITIES, "categories": CATEGORIES, "modes": MODES, "streams": tuple(SUBJECTS),
    "states": STATES, "off_hours": OFF_HOURS, "events": tuple(TYPES), "operations": tuple(OPERATIONS),
    "windows": WINDOWS, "axes": AXES,
}  # fmt: skip
SPAN = rf"\s*\d+\s*({'|'.join(UNITS)})\s*"
ALTERNATIVES = re.compile(r"[^\s|(\[{](?:[^|(\[{]*[^\s|(\[{])?|\([^)]*\)\+?|\[[^\]]*\]|\{.*\}")
SINGLE: dict[str, Schema] = {
    "any": {},
    "text": {"type": ["string", "number"]},
    "expression": {"type": ["string", "number", "boolean"], "description": "an expression, see docs/rules.md"},
    "scalar": {"type": ["string", "number", "boolean"]},
    "flag": {"type": "boolean"},
    "whole": {"type": "integer", "minimum": 1},
    "number": {"anyOf": [{"type": "number"}, {"type": "string", "pattern": r"^params\.\w+$"}]},
    "share": {"anyOf": [{"type": "number"}, {"type": "string", "pattern": r"^(\d+(\.\d+)?\s*%|params\.\w+)$"}]},
    "bound": {"type": ["number", "string"]},
    "percentile": {"type": "string", "pattern": r"^p\d{1,2}(\.\d+)?$", "examples": ["p95"]},
    "duration": {"type": "string", "pattern": rf"^({SPAN}|params\.\w+)$", "examples": ["5 workdays", "30 days", "24h"]},
    "date": {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}$"},
    "time": {"type": "string", "pattern": r"^\d{4}-\d{2}-\d{2}"},
    "rung": {"type": "string", "pattern": r"^[1-9]\d?%$", "examples": ["80%"]},
    "name": {"type": "string", "pattern": f"^{NAME.pattern.removesuffix(chr(92) + 'Z')}$"},
    "id": {
        "type": ["string", "number"],
        "pattern": f"^{RULE_ID.pattern.removesuffix(chr(92) + 'Z')}$",
        "maxLength": LONGEST_ID,
    },
    "colour": {"type": "string", "pattern": f"^{COLOUR.pattern.removesuffix(chr(92) + 'Z')}$"},
    "hours": {"type": "string", "pattern": f"^{HOURS.pattern.removesuffix(chr(92) + 'Z')}$"},
    "selector": {"$ref": "#/$defs/chosen"},
}
CHOSEN: Schema = {
    "description": "an event type, all that begin so, or events that satisfy a condition",
    "anyOf": [
        {"enum": list(TYPES)},
        {"type": "string", "pattern": r"^[a-z_]+\.\*$"},
        {"$ref": "#/$defs/selector"},
    ],
}
READ_BELOW: dict[str, tuple[str, ...]] = {
    "rule": KEYS, "example": ("name", *BROUGHT, "given", "until", "expect"),
}  # fmt: skip
"""Mappings of which a key is a kind or a table: those that are not read yet are in no schema."""
FIELD: dict[str, Schema] = {
    "number": {"type": ["number", "string", "null"]}, "bool": {"type": "boolean"}, "strings": {"type": "array"},
}  # fmt: skip


def schemas() -> dict[str, Schema]:
    """A schema for every file of FILES, by its name."""
    shapes = YAML(typ="safe").load(SHAPES.read_text(encoding="utf-8"))
    if unsaid := [kind for kind in KINDS if kind not in shapes or kind not in shapes["rule"]["keys"]]:
        raise LookupError(f"{SHAPES.name} does not say what may stand in {', '.join(unsaid)}")
    definitions = {name: _shape(name, shapes) for name in shapes}
    definitions["chosen"] = CHOSEN
    definitions["rule"]["oneOf"] = [{"required": [kind]} for kind in KINDS]
    return {name: _document(name, definitions) for name in FILES}


def written(schema: Schema) -> str:
    """A schema as its file has it."""
    return json.dumps(schema, ensure_ascii=False, indent=1) + "\n"


def _document(name: str, definitions: Mapping[str, Schema]) -> Schema:
    """The schema of one file, with the definitions that it needs."""
    needed: set[str] = set()
    waiting = [name]
    while waiting:
        found = set(re.findall(r'"#/\$defs/(\w+)"', json.dumps(definitions[waiting.pop()]))) - needed
        needed |= found
        waiting += found
    kept = {each: definitions[each] for each in definitions if each in needed and each != name}
    return {"$schema": DIALECT, "title": f"mingjing: {name}", **definitions[name], "$defs": kept}


def _shape(name: str, shapes: Mapping[str, Any]) -> Schema:
    """The schema of one mapping."""
    shape = shapes[name]
    keys = _keys(name, shapes)
    schema: Schema = {
        "type": "object",
        "description": shape["says"],
        "properties": {key: {**_type(said), "description": meaning} for key, (said, meaning) in keys.items()},
        "additionalProperties": bool(shape.get("open", False)),
    }
    if "required" in shape:
        schema["required"] = shape["required"]
    return schema


def _keys(name: str, shapes: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """The keys of a mapping, those of the one that it is like first."""
    shape = shapes[name]
    if isinstance(shape["keys"], str):
        return {"@columns": _columns, "@fields": _fields}[shape["keys"]]()
    read = READ_BELOW.get(name, shape["keys"])
    inherited = _keys(shape["like"], shapes) if "like" in shape else {}
    escalates = {ESCALATE: ("#escalation+", "what becomes of an alert that stays open")} if name in KINDS else {}
    return (
        inherited | {key: (said, meaning) for key, (said, meaning) in shape["keys"].items() if key in read} | escalates
    )


def _columns() -> dict[str, tuple[str, str]]:
    return dict.fromkeys(READ, ("any", "a column of the item catalogue"))


def _fields() -> dict[str, tuple[str, str]]:
    """What an event of an example may say: its envelope, and the fields of every type."""
    found = dict.fromkeys(TIMES, ("time", "when, in the zone of its region"))
    found |= dict.fromkeys(ENVELOPE, ("text", "the envelope"))
    found |= {"type": ("@events", "which event this is"), "operation": ("@operations", "insert, update or delete")}
    for kind in TYPES.values():
        for field, mark in kind.fields.items():
            found.setdefault(field, (f"field {mark.kind}", f"a field of {kind.name} and others"))
    return found


def _type(said: str) -> Schema:
    """The schema of a type as shapes.yaml writes it."""
    said = said.strip()
    choices = ALTERNATIVES.findall(said)
    if len(choices) > 1:
        parts = [_type(part) for part in choices]
        words = [word for part in parts for word in part.get("enum", [None])]
        return {"anyOf": parts} if None in words else {"enum": words}
    if said.startswith("("):
        return _some(_type(said[1:-2]))
    if said.startswith("["):
        return {"type": "array", "items": _type(said[1:-1])}
    if said.startswith("{"):
        return {"type": "object", "additionalProperties": _type(said[1:-1])}
    if said.endswith("+"):
        return _some(_type(said[:-1]))
    if said.startswith("="):
        return {"enum": [said[1:]]}
    if said.startswith("@"):
        return {"enum": list(WORDS[said[1:]])}
    if said.startswith("#"):
        return {"$ref": f"#/$defs/{said[1:]}"}
    if said.startswith("field "):
        return dict(FIELD.get(said.removeprefix("field "), {}))
    return dict(SINGLE[said])


def _some(one: Schema) -> Schema:
    """One of these, or a list of them."""
    return {"anyOf": [one, {"type": "array", "items": one}]}
