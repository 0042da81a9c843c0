"""Asks the conformance tests of CEL of this language: what passes, what is left out and why, as a page and a table.

`dyn(x)` tells CEL's checker to wait; there is no such thing here, so that it is read as `x`. Variables are written
out as literals. What CEL calls an error is an absent value here, or a fault when the rule is loaded.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from math import isnan
from pathlib import Path
from typing import Any

from rules.expression import ExpressionError, Scope, compile_expression
from rules.expression.syntax import WORDS
from rules.expression.tokens import tokens
from rules.model.events import TYPES
from tests.rules.cel.textproto import Message, read

ROOT = Path(__file__).resolve().parents[3]
SHARED, PAGE = ROOT.parent / "shared", ROOT / "docs" / "cel.md"
HERE = TYPES["case.decided"]
SCOPE = Scope({}, {}, "subject")


SCALARS = ("bool", "number", "string", "exact", "span", "null")
LISTS = (
    "strings",
    *(f"list:{kind}" for kind in ("number", "bool", "strings", "list:number", "nothing", "list:strings")),
)
MAPS = tuple(
    f"{key}:{value}" for key in ("map", "map[number]", "map[bool]") for value in (*SCALARS, *LISTS, "map:string")
)
KINDS = (*SCALARS, *LISTS, *MAPS)
ABSENT = object()
CAUSES = (
    (re.compile(r"overload|unsupported key type|does not support field selection"), ("type", "arguments")),
    (re.compile(r"repeated key"), ("duplicate-key",)),
)
"""What CEL says is wrong with an expression itself, and the codes with which a rule is refused for that. Any other of
its errors is one of values (a division by zero, an index that is not there): here those are absent."""
LOSSY = re.compile(r"lossy|big_double_int")


@dataclass(frozen=True)
class Case:
    """One test: where it stands, what it asks, and what CEL says."""

    file: str
    section: str
    name: str
    text: str
    expected: Any
    raw: Message

    @property
    def refused_by(self) -> tuple[str, ...]:
        """The codes that name the cause for which CEL fails; none where it fails on a value."""
        said = json.dumps([self.raw.get("eval_error"), self.raw.get("any_eval_errors")], default=str)
        return next((codes for cause, codes in CAUSES if cause.search(said)), ())

    @property
    def fails(self) -> bool:
        """Whether CEL says that this is an error."""
        return "eval_error" in self.raw or "any_eval_errors" in self.raw


class Unwritable(Exception):
    """A value that this language has no literal for; its text is the reason."""


def cases(folder: Path) -> Iterator[Case]:
    """Every test of the files of a folder."""
    for path in sorted(folder.glob("*.textproto")):
        for section in read(path.read_text(encoding="utf-8")).get("section", []):
            for test in section.get("test", []):
                (value,) = test.get("value") or _typed(test) or [{"bool_value": ["true"]}]
                name, text = (test.get(key, [b""])[0].decode() for key in ("name", "expr"))
                yield Case(path.stem, section["name"][0].decode(), name, text, value, test)


def _typed(test: Message) -> list[Any]:
    return [value for each in test.get("typed_result", []) for value in each.get("result", [])]


def plain(value: Message) -> Any:
    """A value of the conformance files as Python's. Raises Unwritable for the kinds that are not here."""
    (kind, (said, *_)), *_ = value.items()
    match kind:
        case "int64_value":
            return int(said, 0)
        case "double_value":
            return float(said)
        case "bool_value":
            return said == "true"
        case "string_value":
            return said.decode()
        case "null_value":
            return None
        case "list_value":
            return [plain(each) for each in said.get("values", [])]
        case "map_value":
            return {plain(each["key"][0]): plain(each["value"][0]) for each in said.get("entries", [])}
    raise Unwritable(kind.removesuffix("_value"))


def literal(value: Any) -> str:
    """A plain value as an expression writes it."""
    if isinstance(value, list):
        return f"[{', '.join(map(literal, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{literal(key)}: {literal(each)}' for key, each in value.items())}}}"
    return f"({json.dumps(value)})"


def rewritten(case: Case) -> str:
    """The text of a test without `dyn`, its variables written out."""
    bound = {each["key"][0].decode(): each["value"][0] for each in case.raw.get("bindings", [])}
    said = {name: literal(plain(value["value"][0])) for name, value in bound.items()}
    words = list(tokens(case.text))
    parts, at = [], 0
    for before, word, after in zip([words[-1], *words], words, [*words[1:], words[-1]], strict=False):
        new = word.text
        if word.kind == "name" and before.text != "." and word.text not in WORDS:
            if word.text == "dyn" and after.text == "(":
                new = ""
            elif after.text not in ("(", ":"):
                new = said.get(word.text, word.text)
        parts += [case.text[at : word.start], new]
        at = word.end
    return "".join(parts)


def answer(case: Case) -> Any:
    """What this language says of a test; ABSENT where nothing. Raises ExpressionError, Unwritable."""
    made = compile_expression(rewritten(case), SCOPE, (HERE,), KINDS, True)
    said = made.functions[HERE.rank](None, None)
    return ABSENT if said is None else said


def same(said: Any, expected: Any) -> bool:
    """Whether an answer is the expected one, of the same type."""
    if expected is None:
        return said is ABSENT
    if isinstance(expected, list):
        return isinstance(said, list | tuple) and len(said) == len(expected) and all(map(same, said, expected))
    if isinstance(expected, dict):
        return (
            isinstance(said, dict) and said.keys() == expected.keys() and all(same(said[k], expected[k]) for k in said)
        )
    if isinstance(expected, float) and isnan(expected):
        return False
    return type(said) is type(expected) and said == expected


@dataclass(frozen=True)
class Outcome:
    """How a test ended: passed, or left out for a reason; `told` is what this language said instead."""

    case: Case
    passed: bool
    reason: str
    told: str


def outcome(case: Case) -> Outcome:
    try:
        said = answer(case)
    except ExpressionError as error:
        told = f"error[{error.code}]"
        passed = case.fails and error.code in case.refused_by
        return Outcome(case, passed, "" if passed else reason(case, told), told)
    except Unwritable as kind:
        told = f"a {kind}"
        return Outcome(case, False, reason(case, told), told)
    told = "absent" if said is ABSENT else repr(said)
    if "typed_result" in case.raw and not _typed(case.raw):
        return Outcome(case, True, "", told)  # this asks only whether it has a type
    try:
        passed = said is ABSENT and not case.refused_by if case.fails else same(said, plain(case.expected))
    except Unwritable:
        passed = False
    return Outcome(case, passed, "" if passed else reason(case, told), told)


FILES = {
    **dict.fromkeys(("proto2", "proto2_ext", "proto3", "enums", "wrappers", "dynamic"), "messages"),
    "timestamps": "times", "network_ext": "extensions", "math_ext": "extensions", "block_ext": "extensions",
    "encoders_ext": "extensions", "bindings_ext": "extensions", "optionals": "optionals",
}  # fmt: skip
BYTES = re.compile(r"""(?<![\w'"])[bB][rR]?['"]|bytes\(""")
UNSIGNED = re.compile(r"(?<![\w.'])(?:0x[0-9a-fA-F]+|\d+)[uU]\b|uint\(")
TIMES = re.compile(r"timestamp\(|duration\(|google\.protobuf\.(Timestamp|Duration)")
MESSAGES = re.compile(r"TestAllTypes|google\.protobuf|NestedTestAllTypes|cel\.expr|GlobalEnum|proto\.")
TYPES_AS_VALUES = re.compile(r"\btype\(|\b(int|uint|double|string|bool|bytes|list|map|null_type|type)\b(?!\()")
REASONS = {
    "messages": "Protobuf messages, enums and wrappers: facts are flat, their fields are those of the contract",
    "times": "Timestamps and durations: times are fields of events, lengths of time are spans (`24h`, `5 workdays`)",
    "bytes": "Bytes: no field of the contract holds any",
    "unsigned": "Unsigned numbers: a count is a signed number",
    "types": "Types as values (`type(x) == int`): every type is known when the rule is loaded",
    "mixed": "Values of several types in one list, map, choice or comparison: each has one type",
    "null": "`null` as a value that is passed around: it is what an absent field is compared with",
    "absence": "An error that CEL raises is absence here, and a comparison with what is absent is false",
    "nan": "Infinities and NaN: a number that is none is absent",
    "lossy": "A whole number and a double are compared exactly, where CEL may round the whole number",
    "two variables": "Macros of two variables (`exists(i, v, …)`, `transformList`, …): go through the list alone",
    "optionals": "Optionals: `has()` asks first",
    "extensions": "Extension libraries (math, network, encoders, bindings, blocks, `format` and the like)",
    "containers": "Containers of names, and names that begin with a dot or stand in backticks",
    "limits": "Nesting or size beyond what one condition may cost",
    "names": "Names that no event brings: declared fields only",
}


def reason(case: Case, told: str) -> str:
    """Why a test is left out; empty where nothing excuses it."""
    raw, text = json.dumps(case.raw, default=str), case.text
    if case.file in FILES:
        return FILES[case.file]
    if case.file == "string_ext" or "optional" in text:
        return "extensions"
    if "macros2" in case.file or re.search(r"transform(List|Map)|existsOne", text):
        return "two variables"
    for found, name in (
        (MESSAGES.search(text + raw), "messages"),
        (TIMES.search(text), "times"),
        (BYTES.search(text) or "bytes_value" in raw, "bytes"),
        (UNSIGNED.search(text) or "uint64_value" in raw, "unsigned"),
        ("container" in case.raw or re.search(r"(?<![\w\])}])\.[a-z_]|`", text), "containers"),
        ("type_value" in raw or TYPES_AS_VALUES.search(re.sub(r"'[^']*'", "", text)), "types"),
    ):
        if found:
            return name
    if told in ("error[unknown-name]", "error[unknown-function]", "error[unknown-field]"):
        return "names"
    if case.fails:
        return "absence"
    if "null" in text:
        return "null"
    if "0.0/0.0" in text or re.search(r"(?i)inf|nan", raw):
        return "nan"
    if told == "error[type]":
        return "mixed"
    if LOSSY.search(case.name):
        return "lossy"
    return "limits" if told == "error[too-costly]" else ""


def outcomes(folder: Path) -> list[Outcome]:
    return [outcome(case) for case in cases(folder)]


def table(found: list[Outcome]) -> str:
    """How many of each file pass, and how many are left out."""
    passed = Counter(each.case.file for each in found if each.passed)
    excused = Counter(each.case.file for each in found if each.reason)
    failed = Counter(each.case.file for each in found if not each.passed and not each.reason)
    lines = [f"{'file':<16}{'pass':>6}{'left out':>10}{'fail':>6}"]
    lines += [
        f"{file:<16}{passed[file]:>6}{excused[file]:>10}{failed[file]:>6}"
        for file in sorted({each.case.file for each in found})
    ]
    totals = (passed.total(), excused.total(), failed.total())
    return "\n".join([*lines, "{:<16}{:>6}{:>10}{:>6}".format("all", *totals)])


def left_out(found: list[Outcome]) -> str:
    """The tests that are left out, by reason: whole sections by their number, others by name."""
    lines: list[str] = []
    counts = Counter((each.case.file, each.case.section) for each in found)
    for name, said in REASONS.items():
        here = [each.case for each in found if each.reason == name]
        lines += ["", f"### {said}", "", f"{len(here)} tests.", ""]
        for place in dict.fromkeys((case.file, case.section) for case in here):
            names = [case.name for case in here if (case.file, case.section) == place]
            which = "all" if len(names) == counts[place] else ", ".join(names)
            lines.append(f"- {place[0]}/{place[1]} ({len(names)}): {which}")
    return "\n".join(lines)


def page(found: list[Outcome]) -> str:
    """The page of the documentation."""
    head = (ROOT / "docs" / "cel.head.md").read_text(encoding="utf-8")
    return (
        f"{head}\n## What passes\n\n```text\n{table(found)}\n```\n\n## What is left out, and why\n{left_out(found)}\n"
    )


if __name__ == "__main__":
    asked = outcomes(SHARED / "data" / "cel-spec")
    if "--page" in sys.argv:
        PAGE.write_text(page(asked), encoding="utf-8")
    for each in asked:
        if not each.passed and (not each.reason or each.reason in sys.argv):
            case = each.case
            print(f"{case.file}/{case.section}/{case.name}: {case.text!r} {each.told} [{each.reason}]")
    print(table(asked))
