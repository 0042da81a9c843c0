"""Decides whether one YAML file is a rule: every fault of it in one pass, else the rule, compiled."""

from __future__ import annotations

import re
from collections.abc import Mapping
from hashlib import blake2b

import msgspec
from msgspec import Struct

from rules.expression import Value
from rules.judging.ladder import Escalation
from rules.language.bodies import KINDS
from rules.language.escalations import ESCALATE, lifted, read_escalations, written_once
from rules.language.life import LIFE_KEYS, Life, read_life
from rules.language.messages import read_messages, sayable
from rules.language.reading import Head, Reading
from rules.language.rule import CATEGORIES, Body, Rule
from rules.language.samples import read_examples
from rules.language.words import known, literal, missing, suggest, text, word
from rules.language.yaml import Node, Source
from rules.model.alerts import SEVERITIES
from rules.model.events import TYPES
from rules.tables import Tables

KEYS = (
    "rule", "name", "category", "basis", "severity", "stream", "subject", "params", "when", "notify", "message",
    ESCALATE, "examples", *LIFE_KEYS, *KINDS,
)  # fmt: skip
JUDGED = frozenset(("severity", "stream", "subject", "params", "when", ESCALATE, *KINDS))
SUBJECTS = {"service": "case_id", "inspection": "action_id"}
STREAMS = tuple(SUBJECTS)
LONGEST_ID = 20
RULE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*\Z")
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
TAKEN = {"event", "item", "params", "declared", "group", "value", "threshold"} | {name.split(".")[0] for name in TYPES}


class Surroundings(Struct):
    """What rule files are read against: the named clocks, the declared tables, and the rules met so far:
    where each version stands."""

    clocks: Mapping[str, Node]
    tables: Tables | None
    places: dict[str, Node] = {}


def read_rule(source: Source, around: Surroundings) -> Rule | None:
    """The rule of a file; None (and faults) when anything of it is wrong."""
    node = source.read()
    if node is None or not known(node, KEYS):
        return None
    before = len(source.faults)
    life = read_life(node, around.tables)
    rule_id, streams, params = _rule_id(node, life, around), _streams(node), _params(node)
    subject, severity = _subject(node, streams[0]), word(node, "severity", SEVERITIES)
    kind = _kind(node)
    reading = Reading(subject, params, streams, around.tables)
    head = Head(rule_id, streams[0], severity, node.get("when"), around.clocks, node.get(ESCALATE))
    body = _body(node, kind, head, reading)
    escalate = _steps(node, kind, reading)
    messages = read_messages(node, sayable(kind, node.get(kind), body, subject, params))
    name, category, basis = text(node, "name"), word(node, "category", CATEGORIES), word(node, "basis")
    pushed = "settled" if severity == "red_card" else "at_once"
    notify = word(node, "notify", ("at_once", "settled"), pushed)
    examples = read_examples(node, subject, around.tables)
    if body is None or len(source.faults) > before:
        return None
    said = {name: str(value) for name, value in params.items()}
    return Rule(
        id=rule_id, version=life.version, name=name, category=category, basis=basis, severity=severity, kind=kind,
        body=body, messages=messages, streams=streams, subject=subject, params=said, values=params, notify=notify,
        mode=life.mode, effective=life.effective, activates_at=life.activates_at, on_change=life.on_change,
        absorbs=life.absorbs, escalate=escalate, examples=examples, file=source.shown,
        hash=_hash(source, node, around.clocks), meaning=_meaning(node, around.clocks),
    )  # fmt: skip


def with_values(rule: Rule, values: Mapping[str, Value], around: Surroundings) -> tuple[Rule | None, str]:
    """The rule compiled with other values for some of its parameters; None and the first fault where it cannot be."""
    node = around.places[rule.key]
    told = node.source.faults
    before, params = len(told), {**rule.values, **values}
    head = Head(rule.id, rule.streams[0], rule.severity, node.get("when"), around.clocks, node.get(ESCALATE))
    reading = Reading(rule.subject, params, rule.streams, around.tables)
    body, escalate = _body(node, rule.kind, head, reading), _steps(node, rule.kind, reading)
    if body is None or len(told) > before:
        fault = told[before].message if len(told) > before else "it says nothing"
        del told[before:]
        return None, fault
    overridden = {name: str(value) for name, value in values.items()}
    digest = blake2b(repr((rule.hash, sorted(overridden.items()))).encode(), digest_size=16).hexdigest()
    said = rule.params | overridden
    found = msgspec.structs.replace(rule, body=body, escalate=escalate, params=said, overridden=overridden, hash=digest)
    return found, ""


def _rule_id(node: Node, life: Life, around: Surroundings) -> str:
    rule_id, place = word(node, "rule"), node.get("rule")
    if place is None or not rule_id:
        return rule_id
    if len(rule_id) > LONGEST_ID:
        place.fault("too-long", f"a rule's id has at most {LONGEST_ID} characters")
    elif not RULE_ID.match(rule_id):
        place.fault("not-an-id", "a rule's id is of letters, digits, `.`, `_` and `-`")
    key = f"{rule_id}@{life.version}"
    other = around.places.setdefault(key, node)
    if other is not node:
        hint = "a changed rule has a higher `version`"
        place.fault("duplicate-rule", f"version {life.version} of `{rule_id}` is also in {other.source.shown}", hint)
    return rule_id


def _kind(node: Node) -> str:
    """The one kind that a rule has; the first where it has several, empty where it has none."""
    kinds = [key for key in KINDS if node.get(key) is not None]
    if len(kinds) != 1 and not (node.mistyped & KINDS.keys() and not kinds):
        node.fault("one-kind", f"a rule has one kind of {', '.join(KINDS)}; this has {len(kinds)}")
    return kinds[0] if kinds else ""


def _body(node: Node, kind: str, head: Head, reading: Reading) -> Body | None:
    part = node.get(kind)
    if part is not None and kind:
        return KINDS[kind].read(part if kind == "deadline" else lifted(part), head, reading)
    reading.expression(head.when, (), ("bool",))
    return None


def _steps(node: Node, kind: str, reading: Reading) -> tuple[Escalation, ...]:
    """How an open alert of a kind without a clock is escalated; a deadline reads its own."""
    part = node.get(kind) if kind else None
    within = part.get(ESCALATE) if part is not None else None
    return () if kind == "deadline" else read_escalations(written_once(node.get(ESCALATE), within), reading)


def _hash(source: Source, node: Node, clocks: Mapping[str, Node]) -> str:
    """Over the file and the clock that it names: both are the rule."""
    return blake2b(source.text.encode() + _named_clock(node, clocks), digest_size=16).hexdigest()


def _meaning(node: Node, clocks: Mapping[str, Node]) -> str:
    """Over what is judged, however it is written and whatever is said of it: a change of this is another version."""
    plain = {key: part.plain() for key, part in node.items() if key in JUDGED}
    written = msgspec.json.encode(plain, order="deterministic", enc_hook=str)
    return blake2b(written + _named_clock(node, clocks), digest_size=16).hexdigest()


def _named_clock(node: Node, clocks: Mapping[str, Node]) -> bytes:
    body = node.get("deadline")
    name = body.get("clock") if body is not None else None
    clock = clocks.get(str(name.value)) if name is not None else None
    return repr(clock.plain()).encode() if clock is not None else b""


def _streams(node: Node) -> tuple[str, ...]:
    stream = node.get("stream")
    if stream is None or not stream.elements():
        missing(node, "stream", f"is required: {' or '.join(SUBJECTS)}, or a list of both")
        return ("service",)
    for part in stream.elements():
        if part.value not in STREAMS:
            hint = suggest(part.value, SUBJECTS)
            part.fault("unknown-word", f"{part.shown} is none of {', '.join(SUBJECTS)}", hint)
    found = tuple(str(part.value) for part in stream.elements() if part.value in STREAMS)
    return found or ("service",)


def _subject(node: Node, stream: str) -> str:
    subject = word(node, "subject", default=SUBJECTS[stream])
    place = node.get("subject")
    if place is not None and (not NAME.match(subject) or subject in TAKEN):
        place.fault("not-a-name", f"{place.shown} cannot name the subject; write a name such as `{SUBJECTS[stream]}`")
    return subject


def _params(node: Node) -> dict[str, Value]:
    params = node.get("params")
    if params is None:
        return {}
    if not params.is_map:
        params.fault("type", f"`params` is a mapping of numbers, texts and durations, not {params.shown}")
    for name, place in params.keys.items():
        if not NAME.match(name):
            place.fault("not-a-name", f"{place.shown} is no name for a parameter: letters, digits and `_`")
    return {name: literal(part) for name, part in params.items()}
