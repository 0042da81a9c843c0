"""Finds the codes of errors in the source, and makes books of the examples on their pages."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = ROOT / "docs" / "errors"
CODE = re.compile(r"[a-z]+(-[a-z0-9]+)*\Z")
TELLERS = re.compile(r"(?i)fault|^fail$|ExpressionError|BookError|placed")
FENCE = re.compile(r"```(?:yaml|csv|json)\n(.*?)```", re.DOTALL)
PLACE = re.compile(r"# ([\w./-]+\.(?:yaml|csv|json))\n")
BLOCK = re.compile(r"(?m)^(?=[a-z_]+:)")
KINDS = frozenset(
    {"match", "deadline", "separation", "sequence", "count", "ratio", "aggregate", "spike", "baseline", "new_value"}
    | {"overlap", "cap", "silence", "roster"}
)
BASE = """\
rule: E1
version: 1
name: {zh: 试, en: Trial}
category: process
basis: local measure
severity: notice
stream: service
subject: case_id
match: {event: case.decided, when: event.result == "granted"}
message: {zh: "{{ case_id }}", en: "{{ case_id }}"}
examples:
  - name: granted
    given: [{at: "2026-03-02T09:00", type: case.decided, case_id: A1, result: granted}]
    expect: [{at: "2026-03-02T09:00"}]
  - name: denied
    given: [{at: "2026-03-02T09:00", type: case.decided, case_id: A1, result: denied}]
    expect: []
"""


def codes() -> set[str]:
    """Every code with which the source tells an error."""
    found: set[str] = set()
    for path in sorted((ROOT / "rules").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            found |= set(_told(node))
    return found


def _told(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name), args=args) if TELLERS.search(name):
            for arg, after in pairwise(args):
                yield from (code for code in _words(arg) if not list(_words(after)))
        case ast.Return(value=ast.Tuple(elts=parts)) | ast.Assign(value=ast.Tuple(elts=parts)) if len(parts) == 3:
            yield from (code for code in _words(parts[0]) if "-" in code)
        case ast.Assign(targets=[ast.Name(id="FAILS")], value=value):
            yield from _words(value)


def _words(node: ast.AST) -> Iterator[str]:
    """A code that is written here, or two of which a condition chooses."""
    match node:
        case ast.Constant(value=str(word)) if CODE.match(word):
            yield word
        case ast.IfExp(body=one, orelse=other):
            yield from (*_words(one), *_words(other))


def examples(page: Path) -> tuple[list[str], list[str]]:
    """What a page shows as wrong, and as right; empty for a page of prose."""
    _, _, shown = page.read_text(encoding="utf-8").partition("## Wrong")
    wrong, _, right = shown.partition("## Right")
    return FENCE.findall(wrong), FENCE.findall(right)


def write_book(folder: Path, shown: list[str]) -> None:
    """A book of these examples: whole files where their first line names one, else keys of a rule over a good one."""
    folder.mkdir()
    rules = 0
    for text in shown:
        place = PLACE.match(text)
        if place is not None:
            path = folder / place[1]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text[place.end() :], encoding="utf-8")
        else:
            (folder / f"rule{rules}.yaml").write_text(over_base(text), encoding="utf-8")
            rules += 1
    if not rules:
        (folder / "rule.yaml").write_text(BASE, encoding="utf-8")


def over_base(text: str) -> str:
    """The good rule with these keys in place of its own."""
    blocks = BLOCK.split(text)
    names = {block.partition(":")[0] for block in blocks if block.strip()}
    dropped = names | (KINDS if names & KINDS else set())
    kept = [block for block in BLOCK.split(BASE) if block.partition(":")[0] not in dropped]
    return "".join([*kept, *blocks])


def keeps_its_examples(shown: list[str]) -> bool:
    """Whether the examples of the good rule still fit: it is of the kind that they are about."""
    return not any(re.search(r"(?m)^(?:match|subject|" + "|".join(KINDS) + "):", text) for text in shown)
