"""Decides what the message of a rule may say: names that exist, and never a person or free text."""

from __future__ import annotations

import re
from collections.abc import Mapping

from msgspec import Struct

from rules.expression import Value
from rules.kinds.deadline import Deadline
from rules.kinds.silence import Silence
from rules.language.bodies import KINDS, OTHER
from rules.language.grouping import grouped_by
from rules.language.rule import Body
from rules.language.words import known, missing, suggest, text
from rules.language.yaml import Node
from rules.model.alerts import Text
from rules.model.events import BY_RANK, EventType

VARIABLE = re.compile(r"\{\{\s*([A-Za-z_][\w.]*)\s*\}\}")
BRACES = re.compile(r"\{\{[^{}]*\}?|\}\}")
NOT_YET = ("this is not known when the message is said", "say `left` before the due time, `overdue` after it")
NO_EVENT = ("no event is at hand where nothing was heard", "say `source`, `since`, `gap` or `group`")
STEPS = ("fire", "warn")
EVERYWHERE = ("task_code", "department", "due_date")
ENVELOPE = ("source", "id")


class Sayable(Struct, frozen=True):
    """What messages of one rule may say: plain names, parameters, fields of the events it is about; `unknown` are the
    names of which nothing is known where this message is said. A silence is about no event (`unheard`)."""

    names: frozenset[str]
    params: frozenset[str]
    types: tuple[EventType, ...]
    grouped: tuple[str, ...] = ()
    unknown: Mapping[str, frozenset[str]] = {}
    unheard: bool = False


def read_messages(node: Node, sayable: Sayable) -> dict[str, Text]:
    """The words of a rule: `message: {zh, en}`, or one such pair for `fire` and one for `warn`."""
    message = node.get("message")
    if message is None:
        missing(node, "message", "is required, in zh and en")
        return {}
    if not any(message.get(step) is not None for step in STEPS):
        return {"fire": _said(node, "message", sayable)}
    if message.get("fire") is None:
        message.fault("missing-key", "`fire` is required beside `warn`")
    known(message, STEPS)
    return {step: _said(message, step, sayable) for step in STEPS if message.get(step) is not None}


def sayable(kind: str, body_node: Node | None, body: Body | None, subject: str, params: Mapping[str, Value]) -> Sayable:
    """What a rule of this kind may say of what it is about."""
    ranks = sorted(body.ranks if body is not None and body.ranks else BY_RANK)
    types = tuple(BY_RANK[rank] for rank in ranks)
    grouped: tuple[str, ...] = ()
    said = KINDS[kind].says if kind else ()
    if "group" in said and body_node is not None:
        grouped = tuple(str(part.value) for part in grouped_by(body_node))
    fields = (name for name in grouped if name in ENVELOPE or any(name in each.judged for each in types))
    others = (f"other.{subject}",) if OTHER in said else ()
    names = frozenset((subject, *EVERYWHERE, *said, *others, *fields))
    return Sayable(names, frozenset(params), types, grouped, _unknown(body), isinstance(body, Silence))


def _unknown(body: Body | None) -> dict[str, frozenset[str]]:
    """What is left of a limit is said before it is over, by how much it is overdue afterwards."""
    if not isinstance(body, Deadline):
        return {}
    fired = frozenset(("left",) if body.ladder.fire_at is None else ("overdue",))
    both = fired | {"overdue"} if body.ladder.warn_at else fired
    return {"warn": frozenset(("overdue",)), "fire": fired, "message": both}


def _said(node: Node, key: str, sayable: Sayable) -> Text:
    part = node.get(key)
    for _, said in part.items() if part is not None else ():
        if isinstance(said.value, str):
            _check(said, said.value, sayable, sayable.unknown.get(key, frozenset()))
    return text(node, key)


def _check(node: Node, said: str, sayable: Sayable, unknown: frozenset[str]) -> None:
    for match in VARIABLE.finditer(said):
        fault = ("not-sayable", *NOT_YET) if match[1] in unknown else _fault(match[1], sayable)
        if fault is not None:
            node.fault_within(match.start(), match.end(), *fault)
    for match in BRACES.finditer(VARIABLE.sub(lambda found: " " * len(found[0]), said)):
        node.fault_within(match.start(), match.end(), "syntax", "write `{{ name }}`")


def _fault(name: str, sayable: Sayable) -> tuple[str, str, str] | None:
    root, _, rest = name.partition(".")
    if sayable.unheard and (root == "event" or name == "task_code" or f"event.{name}" in sayable.grouped):
        return "not-sayable", *NO_EVENT
    if root == "params" and rest:
        if rest in sayable.params:
            return None
        return "unknown-param", f"the rule has no parameter `{rest}`", suggest(rest, sayable.params)
    if root == "event" and rest:
        return _field_fault(rest, name, sayable)
    if name not in sayable.names:
        if any(kind.fields[name].personal for kind in sayable.types if name in kind.fields):
            return "personal-in-message", f"`{name}` is personal or free text and may not be shown", ""
        return "unknown-name", f"a message of this rule cannot say `{name}`", suggest(name, sayable.names)
    if name == "group":
        faults = (_field_fault(part.removeprefix("event."), part, sayable, False) for part in sayable.grouped)
        return next((fault for fault in faults if fault is not None), None)
    return _field_fault(name, name, sayable) if name in sayable.grouped else None


def _field_fault(field: str, name: str, sayable: Sayable, known: bool = True) -> tuple[str, str, str] | None:
    marks = [kind.fields[field] for kind in sayable.types if field in kind.fields]
    if field in ENVELOPE:
        return None
    if not marks:
        fields = {each for kind in sayable.types for each in kind.judged}
        fault = ("unknown-field", f"the events of this rule have no field `{field}`", suggest(field, fields))
        return fault if known and name not in sayable.names else None
    if any(mark.personal or mark.use != "judged" for mark in marks):
        return "personal-in-message", f"`{name}` is personal or free text and may not be shown", ""
    if marks[0].kind == "moment" and known:
        return "not-sayable", f"`{name}` is a time: say `due` or `due_date`", ""
    return None
