"""Behaviours of expressions: what they mean for an event, and which are refused, where and why."""

from datetime import date
from typing import Any

import msgspec
import pytest

from rules.expression import ExpressionError, Scope, compile_expression, parse
from rules.judging.context import Context
from rules.judging.place import Places
from rules.language.reading import COLUMNS
from rules.model.events import TYPES, Event, decode_event
from rules.model.spans import Span
from rules.tables import load_tables

TABLES = load_tables()
QUOTES = "write the number without quotes, or double(…) of the text"
TIMES = "times are fields, and durations are written `24h` or `5 workdays`"
LIKE = "working days and days have no length in hours: compare like with like"
BACKSLASH = r"write a backslash itself as `\\`, or the text as r'…'"
WRITE = "write `5 workdays`, `30 days`, `8 workhours`, `24h`, `10m` or `60s`"
ANY = (
    "list:number",
    "bool",
    "number",
    "string",
    "strings",
    "time",
    "moment",
    "span",
    "exact",
    "fact",
    "text",
    "map:span",
)
PARAMS = {
    "most": 3,
    "limit": Span(5, "workdays"),
    "quick": Span(3_600_000_000, "exact"),
    "label": "red",
    "on": True,
}
SCOPE = Scope(PARAMS, COLUMNS, "case_id")


def event(kind: str, at: str = "2026-03-02T09:00:00+08:00", whole_day: bool = False, **data: Any) -> Event:
    message = {
        "specversion": "1.0", "id": f"{kind}-{at}", "source": "s", "subject": "C1", "type": kind, "time": at,
        "precision": "day" if whole_day else "second", "data": data,
    }  # fmt: skip
    return decode_event(msgspec.json.encode(message))


def context(*before: Event, items: dict[str, dict[str, Any]] | None = None) -> Context:
    """A subject that has seen these events; the last one is being judged."""
    tables = msgspec.structs.replace(TABLES, items=TABLES.items.with_examples(items or {}))
    made = Context("C1", Places(tables), frozenset(kind.rank for kind in TYPES.values()))
    for each in before[:-1]:
        made.before(each.fact)
        made.after(each.fact)
    made.before(before[-1].fact)
    return made


def value(text: str, *events: Event, items: dict[str, dict[str, Any]] | None = None) -> Any:
    """What an expression says of the last of these events."""
    here = TYPES[next(name for name, kind in TYPES.items() if kind.fact is type(events[-1].fact))]
    compiled = compile_expression(text, SCOPE, (here,), ANY, True)
    return compiled.functions[here.rank](events[-1].fact, context(*events, items=items))


def fault(text: str, *names: str, kinds: tuple[str, ...] = ("bool",)) -> ExpressionError:
    types = tuple(TYPES[name] for name in names or ("case.decided",))
    with pytest.raises(ExpressionError) as raised:
        compile_expression(text, SCOPE, types, kinds)
    return raised.value


DECIDED = event("case.decided", result="granted", reason="无", actor="k1:" + "a" * 20, visits=2)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('event.result == "granted"', True),
        ("event.result == 'granted' && !event.automatic", True),
        ('event.result in ["denied", "granted"]', True),
        ("blank(event.reason)", True),
        ("has(event.visits) && event.visits > 1", True),
        ("event.visits == null", False),
        ("event.visits != null && event.visits % 2 == 0", True),
        (
            'event.result.startsWith("gr") && event.result.endsWith("ed") && event.result.contains("ant")',
            True,
        ),
        ("event.type", "case.decided"),
        ("event.operation + event.precision", "isecond"),
        ("case_id", "C1"),
        ("params.most * 2 - 1", 5),
        ("params.on ? params.label : 'none'", "red"),
        ("-params.most", -3),
        ("(1 + 2) * 3 / 2", 4),
        ("(1 + 2) * 3 / 2.0", 4.5),
        ("1 / 0", None),
        ("2 % 0", None),
        ("params.quick * 2 + 30m", 9_000_000_000),
        ("params.limit", Span(5, "workdays")),
        ("params.on ? params.limit : 24h", Span(5, "workdays")),
        ("!params.on ? params.limit : 24h", Span(86_400_000_000, "exact")),
        ("size(event.result)", 7),
        ("true ? null : null", None),
        ('"a\\"b" == "a\\"b"', True),
        ("7 / -2", -3),
        ("-7 % 3", -1),
        ("7.5 % 2.0", 1.5),
        ("9223372036854775807 + 1", None),
        ("-9223372036854775808 / -1", None),
        ("1e308 * 10.0", None),
        ("0x1F + 1", 32),
        ("1 == 1.0 && 1 < 1.5 && 2 in [1.0, 2.0]", True),
        ("int('12') + int(3.9) + int('x1')", None),
        ("int('12') + int(3.9)", 15),
        ("string(1.50) + string(7) + string(true)", "1.57true"),
        ("double('2.5') * 2", 5.0),
        (r"r'a\b' == 'a\\b'", True),
        (r"'\u65e0' == '无'", True),
        ("'''it's'''", "it's"),
        ("event.id.matches('^case[.][a-z]+-2026') && !matches(event.id, '^x')", True),
        ("event.id.substring(0, 4) + event.id.upperAscii().charAt(5)", "caseD"),
        ("event.id.indexOf('.') + event.id.lastIndexOf('.') + event.id.indexOf('zz')", 7),
        ("'a-b'.split('-').join('+')", "a+b"),
        ("'abc'.substring(2, 1)", None),
        ("' x '.trim().lowerAscii()", "x"),
        ("[3, 1, 2].filter(x, x > 1).map(x, x * 2)", [6, 4]),
        ("[3, 1, 2].map(x, x > 1, x + 1) == [4, 3]", True),
        ("[1, 2, 3].exists_one(x, x > 2) && ![1, 3, 3].exists_one(x, x > 2)", True),
        ("[1, 2][1] + [1, 2].size()", 4),
        ("[1, 2][2]", None),
        ("{'a': 1, 'b': 2}['b'] + {7: 3}[7]", 5),
        ("{'a': 1}.a == 1 && 'a' in {'a': 1} && has({'a': 1}.a) && !has({'a': 1}.b)", True),
        ("{'a': 1}.exists(k, k == 'a')", True),
        ("[1] + [2, 3] == [1, 2, 3] && [[1]] != [[2]]", True),
        ("[].exists(x, x == 1) || ![].all(x, x == 1)", False),
        ("[case.accepted.actor, event.result] == ['granted']", True),
        ("params.quick * 0.5", 1_800_000_000),
        ("params.quick / 2 / params.quick", 0.5),
        ("1 < 2 // the rest is a comment", True),
    ],
)
def test_what_an_expression_says_of_an_event(text: str, expected: Any) -> None:
    assert value(text, DECIDED) == expected


@pytest.mark.parametrize(
    "text",
    [
        "case.accepted.at < event.at", "case.accepted.actor == event.actor", "has(case.accepted)",
        "has(first(case.stage))", "event.at - case.accepted.at < 1h", "case.accepted.promised_days > 1",
        "case.applied.valid_until > event.at", "case.accepted.precision == 'second'",
        "case.accepted.operation == 'i'", "case.accepted.type == 'case.accepted'",
        "case.stage.stage.contains('x')", "first(case.correction_notified).items.exists(x, x == 'a')",
        "case.accepted.first_recorded_at < event.at",
    ],
)  # fmt: skip
def test_what_did_not_happen_makes_a_comparison_false_and_never_an_error(text: str) -> None:
    assert value(text, DECIDED) is False


def test_the_latest_and_the_first_fact_before_the_event_are_told_apart() -> None:
    one, two = event("case.stage", "2026-03-01T09:00:00+08:00", stage="a"), event("case.stage", stage="b")
    assert value("case.stage.stage", one, two, DECIDED) == "b"
    assert value("first(case.stage).stage", one, two, DECIDED) == "a"
    assert value("event.at - first(case.stage).at == 24h", one, two, DECIDED) is True


def test_lists_are_gone_through_element_by_element() -> None:
    old = event("case.correction_notified", "2026-03-01T09:00:00+08:00", items=["a", "b"])
    new = event("case.correction_notified", items=["a", "c", "c"])
    asks_more = "event.items.exists(x, !(x in first(case.correction_notified).items))"
    assert value(asks_more, old, new) is True
    assert value(asks_more, new, old) is True
    assert value(asks_more, new, new) is False
    assert value("event.items.all(x, x.startsWith('a') || event.items.exists(y, y == x))", new) is True
    assert value("size(distinct(event.items))", new) == 2
    assert value("size(event.items)", new) == 3


def test_a_whole_day_counts_from_its_end_and_a_date_until_its_end() -> None:
    accepted = event("case.accepted", "2026-03-01T00:00:00+08:00", whole_day=True)
    assert value("event.at - case.accepted.at == 9h", accepted, DECIDED) is True
    assert value("case.accepted.at < event.at", accepted, DECIDED) is True
    applied = event("case.applied", "2026-03-01T09:00:00+08:00", valid_until="2026-03-01")
    assert value("event.at - case.applied.valid_until == 9h", applied, DECIDED) is True
    assert value("event.valid_until", applied) == date(2026, 3, 1)


def test_the_item_is_read_and_its_optional_columns_must_be_guarded() -> None:
    accepted = event("case.accepted", task_code="p")
    items = {
        "p": {
            "legal_limit": "20 workdays",
            "stage_limits": {"review": "3 workdays"},
            "required_stages": ["review"],
        }
    }
    assert value("item.legal_limit", accepted, items=items) == Span(20, "workdays")
    assert value("has(item.promised_limit) ? item.promised_limit : item.legal_limit", accepted, items=items) == Span(
        20, "workdays"
    )
    assert value('item.stage_limits["review"]', accepted, items=items) == Span(3, "workdays")
    assert value('item.stage_limits["other"]', accepted, items=items) is None
    assert value('"review" in item.required_stages', accepted, items=items) is True
    assert fault("item.legal_limit == 5 workdays").code == "optional-field"
    assert compile_expression(
        "has(item.legal_limit) && item.legal_limit == 5 workdays", SCOPE, (TYPES["case.decided"],), ANY
    )


@pytest.mark.parametrize(
    "text",
    [
        "has(event.visits) && event.visits > 1",
        "!has(event.visits) || event.visits > 1",
        "event.visits != null && event.visits > 1",
        "event.visits == null || event.visits > 1",
        "has(event.visits) ? event.visits > 1 : false",
        "!has(event.visits) ? true : event.visits > 1",
        "!(event.automatic || !has(event.visits)) && event.visits > 1",
        "(has(event.visits) && event.automatic || has(event.visits)) && event.visits > 1",
    ],
)
def test_a_guard_before_an_optional_field_is_understood(text: str) -> None:
    assert compile_expression(text, SCOPE, (TYPES["case.decided"],), ("bool",))


@pytest.mark.parametrize(
    "text",
    [
        "event.visits > 1",
        "has(event.visits) || event.visits > 1",
        "!has(event.visits) && event.visits > 1",
        "event.visits == null && event.visits > 1",
        "has(event.visits) ? false : event.visits > 1",
        "(has(event.visits) || event.automatic) && event.visits > 1",
        "event.visits > 1 && has(event.visits)",
        "(has(event.visits) ? 1 : event.visits) > 1",
    ],
)
def test_an_optional_field_without_a_guard_is_refused(text: str) -> None:
    found = fault(text)
    assert found.code == "optional-field"
    assert text[found.start : found.end].startswith(("event.visits", "(has", "has"))


def test_what_a_condition_proves_holds_for_the_other_parts_of_the_rule() -> None:
    guard = compile_expression("has(item.legal_limit)", SCOPE, (TYPES["case.accepted"],), ("bool",))
    assert guard.proved == {"item.legal_limit"}
    either = compile_expression(
        "has(item.legal_limit) || event.office == 'a'", SCOPE, (TYPES["case.accepted"],), ("bool",)
    )
    assert either.proved == frozenset()


@pytest.mark.parametrize(
    ("text", "code", "place", "hint"),
    [
        ("event.reslt == 'x'", "unknown-field", "event.reslt", "did you mean `result`?"),
        ("evnt.result == 'x'", "unknown-name", "evnt.result", "did you mean `event.result`?"),
        ("case.acepted.at < event.at", "unknown-name", "case.acepted.at", "did you mean `case.accepted`?"),
        ("has(first(case.acepted))", "unknown-type", "case.acepted", "did you mean `case.accepted`?"),
        ("params.mst > 1", "unknown-param", "params.mst", "did you mean `most`?"),
        ("item.legal_limt == null", "unknown-field", "item.legal_limt", "did you mean `legal_limit`?"),
        ("event.unpublishable_reason == 'x'", "not-judged", "event.unpublishable_reason", ""),
        ("event.result == 5", "type", "event.result == 5", QUOTES),
        ("event.result == timestamp('2026-01-01')", "not-supported", "timestamp('2026-01-01')", TIMES),
        ("event.result == 'a' + 1u", "not-supported", "1u", ""),
        (r"event.result == 'a\q'", "syntax", r"\q", BACKSLASH),
        ("event.result.matches('a(b')", "not-a-pattern", "'a(b'", ""),
        ("event.result.matches(event.id)", "not-a-pattern", "event.id", "write text.matches('^[0-9]+$')"),
        ("params.limit > 24h", "type", "params.limit > 24h", LIKE),
        ("Case{id: 1} == null", "not-supported", "Case", "a map is written {'key': value}"),
        ("event.?result == 'x'", "not-supported", "?", "ask has() first"),
        ("{'a': 1, 'a': 2}['a'] == 1", "duplicate-key", "'a'", ""),
        ("[1].map(x, x, x, x) == [1]", "arguments", "[1].map(x, x, x, x)", ""),
        ("event.result == 'open", "syntax", "'", ""),
        ("event.reason == 'x'", "free-text", "event.reason == 'x'", ""),
        ("event.result > params.limit", "type", "event.result > params.limit", ""),
        ("params.limit < 6 workdays", "type", "params.limit < 6 workdays", ""),
        ("event.result", "type", "event.result", ""),
        ("!event.result", "type", "event.result", ""),
        ("event.result && true", "type", "event.result", ""),
        ("event.automatic + 1 == 2", "type", "event.automatic + 1", ""),
        ("'a' in event.result", "type", "'a' in event.result", ""),
        ("size(params.most) > 1", "type", "size(params.most)", ""),
        ("blank(params.most)", "type", "blank(params.most)", ""),
        ("[1, 'a'] == null", "type", "[1, 'a']", ""),
        ("size(event.automatic) > 1", "type", "size(event.automatic)", ""),
        ("event.result.exists(x, x == 'a')", "type", "event.result.exists(x, x == 'a')", ""),
        ("'b'.startswith('a')", "unknown-function", "'b'.startswith('a')", "did you mean `startsWith`?"),
        ("has(event.result, event.reason)", "arguments", "has(event.result, event.reason)", ""),
        ("has(1)", "arguments", "has(1)", ""),
        ("event.result == ", "syntax", "", ""),
        ("event.result == 'x' event", "syntax", "event", ""),
        ("event..result", "syntax", ".", ""),
        ("__import__('os')", "unknown-function", "__import__('os')", ""),
        ("event.__class__ == null", "unknown-field", "event.__class__", ""),
        ("params.quick < 5 wrkdays", "syntax", "wrkdays", ""),
        ("1.5 days == params.limit", "not-a-duration", "1.5 days", WRITE),
        ("99999999999999999999999999 > 1", "too-large", "99999999999999999999999999", ""),
        ("event.automatic ? 1 : 'a'", "type", "event.automatic ? 1 : 'a'", ""),
    ],
)  # fmt: skip
def test_a_wrong_expression_is_refused_at_its_place(text: str, code: str, place: str, hint: str) -> None:
    found = fault(text)
    assert (found.code, found.hint) == (code, hint)
    assert text[found.start : found.end] == place


@pytest.mark.parametrize(
    "text",
    [
        " || ".join(["event.automatic"] * 101),
        "(" * 45 + "true" + ")" * 45,
        "!" * 45 + "true",
        "event.result" + ".a" * 250,
        "[" + ",".join(["'x'"] * 250) + "]",
        "true" + " " * 5000,
        "event.items.exists(a, event.items.exists(b, event.items.exists(c, c == 'x')))",
    ],
)
def test_what_would_cost_too_much_is_refused(text: str) -> None:
    assert fault(text, "case.correction_notified").code == "too-costly"


def test_the_costliest_expression_that_is_allowed_compiles() -> None:
    for count, text in ((66, "event.automatic"), (50, "!event.automatic"), (40, "case_id == 'x'")):
        assert value(" && ".join([text] * count), DECIDED) is (text[0] == "!")
    assert value("1" + " + 1" * 99, DECIDED) == 100
    assert value("params.most" + " / 1" * 98, DECIDED) == 3
    assert value("event.automatic ? " * 20 + "1" + " : 2" * 20, DECIDED) == 2


def test_a_field_of_another_type_of_the_selector_is_absent_and_a_typo_is_an_error() -> None:
    types = ("case.decided", "case.closed")
    compiled = compile_expression("event.finish_code == 'void'", SCOPE, tuple(TYPES[name] for name in types), ("bool",))
    assert compiled.functions[TYPES["case.decided"].rank](DECIDED.fact, context(DECIDED)) is False
    closed = event("case.closed", finish_code="void")
    assert compiled.functions[TYPES["case.closed"].rank](closed.fact, context(closed)) is True
    assert fault("event.finish_cod == 'void'", *types).hint == "did you mean `finish_code`?"


def test_an_element_name_may_not_hide_another() -> None:
    assert fault("event.items.exists(x, event.items.exists(x, x == 'a'))", "case.corrected").code == "name-taken"


def test_every_node_of_a_tree_knows_its_place() -> None:
    text = "has(event.a) && b in [c, 'd'] ? e[f] : -g.h(i)"
    tree = parse(text)
    assert (tree.start, tree.end) == (0, len(text))
