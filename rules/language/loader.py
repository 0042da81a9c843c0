"""Decides whether a folder of YAML is a book: every fault of every file in one pass, else rules, tables and a hash."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from hashlib import blake2b
from pathlib import Path
from typing import Any

from rules.expression import Value
from rules.language.bodies import READERS, Head
from rules.language.errors import BookError, BookErrors
from rules.language.reading import Reading, known, literal, suggest, word
from rules.language.rule import CATEGORIES, Book, Example, Rule
from rules.language.yaml import Node, Source
from rules.model.alerts import SEVERITIES, Text
from rules.model.events import TYPES
from rules.model.fields import Mark
from rules.tables import TableErrors, Tables, load_tables
from rules.tables.items import ExampleFaults

BOOK = Path(__file__).resolve().parent.parent / "book"
NOT_RULES = {"clocks.yaml", "regions.yaml", "mapping.yaml"}
KEYS = (
    "rule", "version", "name", "category", "basis", "severity", "mode", "effective", "activates_at", "on_change",
    "stream", "subject", "params", "when", "notify", "message", "examples", *READERS,
)  # fmt: skip
SUBJECTS = {"service": "case_id", "inspection": "action_id"}
VARIABLE = re.compile(r"\{\{\s*([A-Za-z_][\w.]*)\s*\}\}")
SAID = {
    "deadline": {"limit", "start", "due"},
    "match": set(),
    "separation": {"actor"},
    "sequence": {"missing"},
    "count": {"value", "threshold", "group", "total"},
}


def load_book(directory: Path | None = None) -> Book:
    """A book from its folder (None: the shipped one). Raises BookErrors with every fault of every file."""
    root = directory or BOOK
    faults: list[BookError] = []
    tables = _tables(directory, faults)
    clocks = _clocks(root, faults)
    rules: list[Rule] = []
    paths = [path for path in sorted(root.rglob("*.yaml")) if path.name not in NOT_RULES]
    if not paths:
        faults.append(BookError(str(root), 1, 1, "empty", "there is no rule in this folder"))
    for path in paths:
        rule = _rule(Source(path, _shown(path), faults), clocks, tables)
        if rule is not None:
            rules.append(rule)
    _unique(rules, faults)
    if faults:
        raise BookErrors(set(faults))
    assert tables is not None
    digest = blake2b(digest_size=16)
    for part in (tables.hash, *(f"{rule.id}={rule.hash}" for rule in rules)):
        digest.update(part.encode() + b"\0")
    return Book(tuple(sorted(rules, key=lambda rule: rule.id)), tables, digest.hexdigest())


def _shown(path: Path) -> str:
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def _tables(directory: Path | None, faults: list[BookError]) -> Tables | None:
    try:
        return load_tables(directory)
    except TableErrors as error:
        faults += [BookError(f.file, f.line, f.col, f.code, f.message) for f in error.errors]
        return None


def _clocks(root: Path, faults: list[BookError]) -> dict[str, Node]:
    path = root / "clocks.yaml"
    if not path.exists():
        path = BOOK / "clocks.yaml"
    if not path.exists():
        return {}
    node = Source(path, _shown(path), faults).read()
    if node is None:
        return {}
    known(node, ("clocks",))
    return dict((node.get("clocks") or node).items())


def _unique(rules: Iterable[Rule], faults: list[BookError]) -> None:
    seen: dict[str, str] = {}
    for rule in rules:
        if rule.id in seen:
            faults.append(BookError(rule.file, 1, 1, "duplicate-rule", f"`{rule.id}` is also in {seen[rule.id]}"))
        seen[rule.id] = rule.file


def _rule(source: Source, clocks: dict[str, Node], tables: Tables | None) -> Rule | None:
    node = source.read()
    if node is None:
        return None
    before = len(source.faults)
    known(node, KEYS)
    if not node.is_map:
        return None
    rule_id = word(node, "rule")
    if len(rule_id) > 20:
        (node.get("rule") or node).fault("too-long", "a rule's id has at most 20 characters")
    streams = _streams(node)
    subject = word(node, "subject", default=SUBJECTS.get(streams[0], "case_id"))
    params = _params(node)
    reading = Reading(subject, params, streams)
    severity = word(node, "severity", SEVERITIES)
    kinds = [key for key in READERS if node.get(key) is not None]
    if len(kinds) != 1:
        node.fault("one-kind", f"a rule has one kind of {', '.join(READERS)}; this has {len(kinds)}")
    body = None
    if len(kinds) == 1:
        part = node.get(kinds[0])
        assert part is not None
        body = READERS[kinds[0]](part, Head(rule_id, streams[0], severity, node.get("when"), clocks), reading)
    rule = Rule(
        id=rule_id,
        version=_version(node),
        name=_text(node, "name"),
        category=word(node, "category", CATEGORIES),
        basis=word(node, "basis"),
        severity=severity,
        kind=kinds[0] if kinds else "",
        body=body,  # type: ignore[arg-type]
        messages=_messages(node, kinds[0] if kinds else "", subject, params),
        streams=streams,
        subject=subject,
        params={name: str(value) for name, value in params.items()},
        mode=word(node, "mode", ("live", "shadow"), "live"),
        notify=word(node, "notify", ("at_once", "settled"), "settled" if severity == "red_card" else "at_once"),
        effective=_day(node.get("effective")),
        activates_at=word(node, "activates_at", default=""),
        on_change=word(node, "on_change", ("recompute", "keep"), "recompute"),
        examples=_examples(node, tables),
        file=source.shown,
        hash=blake2b(source.text.encode() + _clock_text(node, clocks), digest_size=16).hexdigest(),
    )
    return rule if body is not None and len(source.faults) == before else None


def _clock_text(node: Node, clocks: dict[str, Node]) -> bytes:
    body = node.get("deadline")
    name = body.get("clock") if body is not None else None
    clock = clocks.get(str(name.value)) if name is not None else None
    return repr(clock.plain()).encode() if clock is not None else b""


def _streams(node: Node) -> tuple[str, ...]:
    stream = node.get("stream")
    if stream is None:
        node.fault("missing-key", "`stream` is required")
        return ("service",)
    found = tuple(str(part.value) for part in stream.elements())
    for part in stream.elements():
        if part.value not in SUBJECTS:
            part.fault("unknown-word", f"`{part.value}` is none of {', '.join(SUBJECTS)}", suggest(part.value, SUBJECTS))
    return tuple(each for each in found if each in SUBJECTS) or ("service",)


def _params(node: Node) -> dict[str, Value]:
    params = node.get("params")
    if params is None:
        return {}
    if not params.is_map:
        params.fault("type", "`params` is a mapping of numbers, texts and durations")
    return {name: literal(part) for name, part in params.items()}


def _version(node: Node) -> int:
    version = node.get("version")
    if version is None:
        return 1
    if not isinstance(version.value, int) or isinstance(version.value, bool) or version.value < 1:
        version.fault("type", "`version` is a whole number from 1 on")
        return 1
    return version.value


def _day(node: Node | None) -> date | None:
    if node is None:
        return None
    try:
        return date.fromisoformat(str(node.value))
    except ValueError:
        node.fault("not-a-date", f"`{node.value}` is not a date (YYYY-MM-DD)")
        return None


def _text(parent: Node, key: str) -> Text:
    node = parent.get(key)
    if node is None:
        parent.fault("missing-key", f"`{key}` is required, in zh and en")
        return Text("", "")
    known(node, ("zh", "en"))
    return Text(word(node, "zh"), word(node, "en"))


def _messages(node: Node, kind: str, subject: str, params: dict[str, Value]) -> dict[str, Text]:
    message = node.get("message")
    if message is None or not message.is_map:
        (message or node).fault("missing-key", "`message` is required, in zh and en")
        return {}
    steps = message if message.get("fire") is not None or message.get("warn") is not None else None
    if steps is not None:
        known(steps, ("fire", "warn"))
    found: dict[str, Text] = {}
    for step, part in ((name, part) for name, part in (steps.items() if steps else [("fire", message)])):
        known(part, ("zh", "en"))
        found[step] = Text(word(part, "zh"), word(part, "en"))
        for _, said in part.items():
            _variables(said, kind, subject, params)
    return found


def _variables(node: Node, kind: str, subject: str, params: dict[str, Value]) -> None:
    usable = {subject, "task_code", "department", "due_date"} | SAID.get(kind, set())
    for match in VARIABLE.finditer(str(node.value)):
        name = match[1]
        root, _, rest = name.partition(".")
        if root == "params" and rest in params:
            continue
        if root == "event" and rest:
            marks = [kind_.fields[rest] for kind_ in TYPES.values() if rest in kind_.fields]
            if not marks:
                node.fault("unknown-field", f"no event has a field `{rest}`", suggest(rest, _fields()))
            elif _is_secret(marks[0]):
                node.fault("personal-in-message", f"`{name}` is personal or free text and may not be shown")
            continue
        if name not in usable:
            node.fault("unknown-name", f"a message cannot say `{name}`", suggest(name, usable))


def _fields() -> set[str]:
    return {field for kind in TYPES.values() for field in kind.judged}


def _is_secret(mark: Mark) -> bool:
    return mark.personal or mark.use != "judged"


def _examples(node: Node, tables: Tables | None) -> tuple[Example, ...]:
    examples = node.get("examples")
    if examples is None or not examples.is_list:
        (examples or node).fault("no-examples", "a rule shows at least one example that fires and one that stays silent")
        return ()
    found = [_example(part, tables) for part in examples.value]
    kept = [example for example in found if example is not None]
    if kept and (all(example.expect for example in kept) or not any(example.expect for example in kept)):
        examples.fault("one-sided", "one example must fire and one must stay silent")
    return tuple(kept)


def _example(node: Node, tables: Tables | None) -> Example | None:
    known(node, ("name", "items", "given", "until", "expect"))
    given, expect, items = node.get("given"), node.get("expect"), node.get("items")
    if given is None or not given.is_list or not given.value:
        node.fault("missing-key", "`given` lists the events of the example")
        return None
    raw_items: dict[str, Any] = items.plain() if items is not None and items.is_map else {}
    if items is not None and tables is not None:
        try:
            tables.items.with_examples(raw_items)
        except ExampleFaults as error:
            for each in error.errors:
                items.fault(each.code, str(each))
    for part in given.value:
        kind = part.get("type")
        if kind is None or kind.value not in TYPES:
            (kind or part).fault("unknown-event", "every event has a `type`", suggest(kind.value, TYPES) if kind else "")
        if part.get("at") is None and not (part.get("operation") and part.get("operation").value == "d"):
            part.fault("missing-key", "every event has a time `at`")
    expected = expect.plain() if expect is not None and expect.is_list else []
    last = given.value[-1].get("at")
    until = node.get("until")
    end = str(until.value) if until is not None else (str(last.value) if last is not None else "")
    return Example(word(node, "name"), tuple(given.plain()), end, tuple(expected), raw_items, node.line)
