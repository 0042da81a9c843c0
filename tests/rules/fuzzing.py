"""Breaks rules, expressions and events at random: whatever comes is answered, with a place where it is refused.

`make fuzz` does so for ten minutes and says how far it is; the tests do a little of the same each time.
"""

from __future__ import annotations

import argparse
import copy
import json
import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

import msgspec
from hypothesis import HealthCheck, Verbosity, given, seed, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from rules.expression import ExpressionError, compile_expression
from rules.judging.context import Context
from rules.language import BOOK
from rules.model.events import TYPES, Undecodable, decode_event, decode_message, to_event
from rules.tables import load_tables
from rules.testing.lint import lint
from tests.rules.test_expression_fuzz import KINDS, PLACES, SCOPE, facts

TABLES = load_tables()
SHIPPED = [path.read_text(encoding="utf-8") for path in sorted(BOOK.rglob("*.yaml")) if path.name != "clocks.yaml"]
PLAIN = [YAML(typ="safe").load(text) for text in SHIPPED]
ODD: list[Any] = [
    None, True, -1, 0, 1, 2.5, 10**18, 10**30, "", " ", "无", "x", "event.result", "item.legal_limit", "params.limit",
    "case.decided", "case.*", "*", "5 workdays", "0h", "24h", "80%", "99999 days", "2026-03-02", "2026-03-02T09:00",
    "{{ case_id }}", "{{", "has(event.visits)", "event.at", "true", [], {}, [[]], ["case.accepted"],
    {"zh": "a", "en": "b"}, {"event": "case.stage"}, {"of": "event.days", "unit": "workdays"}, {"left": "1 workday"},
    "\ud7ff", "\x00", "a" * 300,
]  # fmt: skip
WORDS = [
    "&&", "||", "!", "==", "!=", "<", ">=", "in", "+", "-", "*", "/", "%", "?", ":", ",", ".", "(", ")", "[", "]",
    "{", "}", "null", "true", "1", "0", "-1", "2.5", "9223372036854775807", "0x7f", "1e308", "'a'", "r'\\d'",
    "'\\u65e0'", "5 workdays", "24h", "event.result", "event.visits", "event.items", "event.at", "event.reason",
    "case_id", "x", "item.stage_limits", "params.most", "case.accepted.at", "has(", "size(", "int(", "string(",
    ".exists(x, ", ".map(x, ", ".filter(x, ", ".matches('a+')", ".split(',')", ".substring(1)", "[0]",
    "declared.caps['a']", "//", "\n", '"""', "`", "b'a'", "1u",
]  # fmt: skip


def conditions(value: Any) -> list[str]:
    """The conditions in a rule."""
    if isinstance(value, dict):
        own = [part for key, part in value.items() if key in ("when", "if") and isinstance(part, str)]
        return own + [text for part in value.values() for text in conditions(part)]
    return [text for part in value for text in conditions(part)] if isinstance(value, list) else []


CONDITIONS = sorted({text for rule in PLAIN for text in conditions(rule)})


def broken(value: Any, chance: random.Random, times: int) -> Any:
    """A copy of a document in which some values are others, twice there, gone, or under another key."""
    whole = [copy.deepcopy(value)]
    for _ in range(times):
        places: list[tuple[Any, Any]] = [(whole, 0)]
        for holder, key in places:
            inner = holder[key]
            keys = list(inner) if isinstance(inner, dict) else range(len(inner)) if isinstance(inner, list) else ()
            places += [(inner, each) for each in keys]
        holder, key = chance.choice(places)
        _break(holder, key, chance, [one[other] for one, other in places])
    return whole[0]


def _break(holder: Any, key: Any, chance: random.Random, values: list[Any]) -> None:
    how = chance.randrange(6)
    if how == 0 and holder is not None and len(holder) > 1:
        del holder[key]
    elif how == 1 and isinstance(holder, dict):
        holder[str(chance.choice(ODD))[:30]] = holder.pop(key)
    elif how == 2 and isinstance(holder, list):
        holder.insert(key, copy.deepcopy(holder[key]))
    elif how == 3:
        holder[key] = copy.deepcopy(chance.choice(values))
    elif how == 4 and isinstance(holder[key], str) and holder[key]:
        at = chance.randrange(len(holder[key]))
        holder[key] = holder[key][:at] + chance.choice(("", " ", "x", "0", "(", "é", "{{")) + holder[key][at + 1 :]
    else:
        holder[key] = copy.deepcopy(chance.choice(ODD))


def lints(document: Any) -> None:
    """A rule, sound or not, is answered by a lint; one that loads judges its examples without raising."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "rule.yaml").write_text(json.dumps(document, ensure_ascii=False, default=str), encoding="utf-8")
        with patch("rules.language.loader.load_tables", return_value=TABLES):
            errors = lint(Path(folder)).errors
    for error in errors:
        assert error.line >= 1
        assert error.col >= 1
        assert error.code
        str(error).encode()


def judges(drawn: tuple[str, str, Any]) -> None:
    """An expression is refused at a place in it, or loads and answers for any event."""
    text, name, data = drawn
    kind = TYPES[name]
    try:
        made = compile_expression(text, SCOPE, (kind,), KINDS, True)
    except ExpressionError as error:
        assert 0 <= error.start <= error.end <= len(text) + 1
        assert error.code
        return
    context = Context("C1", PLACES, frozenset(each.rank for each in TYPES.values()))
    for each in data[:-1]:
        context.before(each)
        context.after(each)
    context.before(data[-1])
    made.functions[kind.rank](data[-1], context)


def decodes(value: bytes) -> None:
    """Bytes are an event or are refused with reason and place, in one go as step by step."""
    answers = [_decoded(decode_event, value), _decoded(lambda each: to_event(decode_message(each)), value)]
    assert answers[0] == answers[1]


def _decoded(decode: Callable[[bytes], Any], value: bytes) -> Any:
    try:
        return msgspec.to_builtins(decode(value).fact), decode(value).subject
    except Undecodable as refused:
        assert refused.reason
        assert refused.path.startswith("$")
        return refused.reason, refused.path


@st.composite
def broken_rules(draw: st.DrawFn) -> Any:
    return broken(draw(st.sampled_from(PLAIN)), draw(st.randoms(use_true_random=False)), draw(st.integers(1, 5)))


@st.composite
def broken_conditions(draw: st.DrawFn) -> tuple[str, str, Any]:
    text = draw(st.sampled_from(CONDITIONS) | st.lists(st.sampled_from(WORDS), max_size=8).map(" ".join))
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.sampled_from((0, 0, 1, 6))))
        text = text[:start] + draw(st.sampled_from(WORDS) | st.text(max_size=2)) + text[end:]
    name = draw(st.sampled_from(("case.decided", "case.corrected", "penalty.decided")))
    before = draw(st.lists(st.sampled_from(("case.accepted", "case.correction_notified")).flatmap(_fact), max_size=2))
    return text, name, [*before, draw(_fact(name))]


def _fact(name: str) -> st.SearchStrategy[Any]:
    return facts(TYPES[name])


SAID: list[Any] = [
    None, True, 0, -1, 2.5, 10**30, "", "x", "k1:00000000000000aa", "110101199003071234", "13800138000", "无", "/", [],
    {}, ["a"], "2026-03-02", "2026-03-02T09:00:00+08:00", "2026-13-01T00:00:00Z", "9999-12-31",
    "0001-01-01T00:00:00Z", "NaN", "1e999", "a" * 2000, "\ud7ff", {"a": {"b": []}}, "i", "u", "d", "day", "second",
]  # fmt: skip


@st.composite
def broken_events(draw: st.DrawFn) -> bytes:
    kind = draw(st.sampled_from(sorted(TYPES)))
    chance = draw(st.randoms(use_true_random=False))
    fields = chance.sample(sorted(TYPES[kind].fields), min(len(TYPES[kind].fields), chance.randrange(6)))
    message: dict[str, Any] = {
        "specversion": "1.0", "id": "e1", "source": "s", "subject": "A1", "type": kind,
        "time": "2026-03-02T09:00:00+08:00", "data": {field: chance.choice(SAID) for field in fields},
    }  # fmt: skip
    for field in ("recordedat", "receivedat", "operation", "precision", "datacontenttype"):
        if chance.random() < 0.2:
            message[field] = chance.choice(SAID)
    raw = json.dumps(broken(message, chance, chance.choice((0, 0, 1, 2))), ensure_ascii=chance.random() < 0.5).encode()
    for _ in range(chance.choice((0, 0, 0, 1, 2))):
        at = chance.randrange(len(raw) + 1)
        raw = raw[:at] + chance.choice((b"", b"\xff", b"[", b"}", b'"', b"\\ud800", b"\x00", b"e9")) + raw[at + 1 :]
    return raw


TARGETS: dict[str, tuple[st.SearchStrategy[Any], Callable[[Any], None]]] = {
    "rules": (broken_rules(), lints),
    "expressions": (broken_conditions(), judges),
    "events": (broken_events(), decodes),
}


def fuzz(name: str, examples: int, chosen: int | None = None) -> None:
    """So many random cases of one target; the same ones each time unless a seed is chosen. Raises what it finds."""
    strategy, check = TARGETS[name]

    def case(drawn: Any) -> None:
        check(drawn)

    limits = settings(
        max_examples=examples, deadline=None, database=None, derandomize=chosen is None, verbosity=Verbosity.normal,
        suppress_health_check=list(HealthCheck), print_blob=False,
    )  # fmt: skip
    asked = limits(given(strategy)(case))
    (asked if chosen is None else seed(chosen)(asked))()


def main() -> int:
    parser = argparse.ArgumentParser(description="Breaks rules, expressions and events at random.")
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 30))
    wanted = parser.parse_args()
    begun, done, chosen = time.monotonic(), dict.fromkeys(TARGETS, 0), wanted.seed
    while time.monotonic() - begun < wanted.minutes * 60:
        for name, examples in (("rules", 100), ("expressions", 1000), ("events", 1000)):
            try:
                fuzz(name, examples, chosen)
            except Exception as found:
                print(f"\n{name}: seed {chosen}: {type(found).__name__}: {found}", file=sys.stderr)
                raise
            done[name] += examples
        chosen += 1
        said = ", ".join(f"{count} {name}" for name, count in done.items())
        print(f"{time.monotonic() - begun:5.0f} s of {wanted.minutes * 60:.0f}: {said}; nothing raised", flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
