"""Any text is an expression or a located fault, and an expression that loads never raises on any event."""

import re
from datetime import date

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rules.expression import ExpressionError, Scope, compile_expression
from rules.judging.context import Context
from rules.judging.place import Places
from rules.language.reading import COLUMNS
from rules.model.events import TYPES, EventType, Fact
from rules.model.spans import Span
from rules.tables import load_tables

KINDS = (
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
    "null",
    "map:span",
)
SCOPE = Scope({"most": 3, "limit": Span(5, "workdays"), "quick": Span(60_000_000, "exact")}, COLUMNS, "case_id")
PLACES = Places(load_tables())
LEAVES = [
    "event.at", "event.recorded_at", "event.result", "event.reason", "event.visits", "event.items",
    "event.automatic", "event.type", "event.precision", "event.promised_at", "event.valid_until",
    "case.accepted", "case.accepted.at", "case.accepted.promised_days",
    "case.correction_notified.items", "first(case.stage).stage", "first(case.received)",
    "case.received.first_recorded_at", "item.legal_limit", "item.stage_limits", "item.required_stages",
    "item.max_visits", "params.most", "params.limit", "params.quick", "case_id", "x", "1", "0", "2.5",
    "'a'", "\"b\"", "true", "null", "24h", "5 workdays", "[]", "['a', 'b']",
]  # fmt: skip
HOLE = re.compile(r"\{(\w+)\}")
OPERATORS = ["&&", "||", "==", "!=", "<", "<=", ">", ">=", "in", "+", "-", "*", "/", "%"]
FUZZ = settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
SERVICE = [kind for kind in TYPES.values() if kind.name.startswith("case.")]


OF_KIND = {
    "bool": [
        "event.automatic", "item.online", "case.decided.automatic", "true", "has(event.visits)",
        "blank(event.reason)", "has(case.accepted)", "blank(case.closed.reason)",
        "has(item.legal_limit)",
    ],
    "number": [
        "params.most", "0", "2.5", "case.accepted.promised_days", "case.decided.visits",
    ],
    "string": [
        "event.result", "event.type", "event.precision", "case_id", "event.id", "case.stage.stage",
        "'a'", "''", "first(case.stage).stage", "case.accepted.operation", "event.task_code",
    ],
    "strings": [
        "['a', 'b']", "[]", "item.required_stages", "item.special_procedures", "case.corrected.items",
        "first(case.correction_notified).items",
    ],
    "time": [
        "event.at", "event.recorded_at", "case.accepted.at", "first(case.received).at",
        "event.first_recorded_at", "case.applied.valid_until", "case.accepted.promised_at",
        "case.received.first_recorded_at",
    ],
    "exact": [
        "params.quick", "24h", "10m",
    ],
    "span": [
        "params.limit", "5 workdays", "item.stage_limits['a']", "item.stage_limits[case.stage.stage]",
    ],
}  # fmt: skip
GROWN: dict[str, list[str]] = {
    "bool": [
        "({bool} && {bool})", "({bool} || {bool})", "!{bool}", "({bool} ? {bool} : {bool})",
        "({number} < {number})", "({number} == {number})", "({string} == {string})",
        "({string} != {string})", "({string} >= {string})", "({string} in {strings})",
        "({time} < {time})", "({time} >= {time})", "({exact} > {exact})", "({span} == {span})",
        "{string}.startsWith({string})", "{string}.contains({string})",
        "{strings}.exists(x, ({string} == x))", "{strings}.all(y, ({bool} || y in {strings}))",
        "({time} == null)", "({string} != null)", "(size({strings}) > {number})", "blank({string})",
        "({bool} == {bool})", "{string}.matches('^[a-z]+(ed|x{2,3})?')", "{strings}.exists_one(y, y == {string})",
        "({strings} == {strings})", "has({'a': {number}}.a)", "({number} in [{number}, 2])",
    ],
    "number": [
        "({number} + {number})", "({number} * {number})", "({number} / {number})",
        "({number} % {number})", "-{number}", "size({strings})", "size({string})",
        "({exact} / {exact})", "({bool} ? {number} : {number})", "int({string})", "double({number})",
        "{string}.indexOf({string})", "size({strings}.filter(y, {bool}))", "[{number}, {number}][{number}]",
        "case.corrected.items.map(z, size(z))[{number}]", "{'a': {number}}[{string}]",
    ],
    "string": [
        "({string} + {string})", "({bool} ? {string} : {string})", "({bool} ? {string} : null)",
        "{string}.substring({number}, {number})", "{string}.charAt({number})", "string({number})",
        "case.corrected.items[{number}]",
        "{strings}.join({string})", "{string}.upperAscii().trim()",
    ],
    "strings": [
        "distinct({strings})", "[{string}, {string}]", "{string}.split({string})", "({strings} + {strings})",
        "{strings}.filter(y, {bool})", "{strings}.map(z, z + {string})",
    ],
    "time": [
        "({time} + {exact})", "({time} - {exact})", "({bool} ? {time} : {time})",
    ],
    "exact": [
        "({time} - {time})", "({exact} * {number})", "({exact} + {exact})", "({exact} / {number})",
        "-{exact}",
    ],
    "span": [
        "({bool} ? {span} : {exact})", "({bool} ? {span} : {span})",
    ],
}  # fmt: skip


@st.composite
def expressions(draw: st.DrawFn, kind: str, depth: int = 3) -> str:
    """An expression of a kind, grown from those of other kinds."""
    if depth == 0 or draw(st.integers(0, 3)) == 0:
        return draw(st.sampled_from(OF_KIND[kind]))
    text = draw(st.sampled_from(GROWN[kind]))
    return HOLE.sub(lambda hole: draw(expressions(hole[1], depth - 1)), text)


def answered(text: str, *types: EventType) -> None:
    """The text compiles, or is refused with a place in it."""
    try:
        compile_expression(text, SCOPE, types, KINDS, True)
    except ExpressionError as error:
        assert 0 <= error.start <= error.end <= len(text) + 1
        assert error.code
        assert error.message


VALUES = {
    "string": st.sampled_from(["", "a", "b", "granted", "无"]),
    "text": st.sampled_from(["", "…"]),
    "strings": st.lists(st.sampled_from(["a", "b", ""]), max_size=3),
    "number": st.none() | st.floats(-1e9, 1e9),
    "bool": st.booleans(),
    "moment": st.none() | st.integers(0, 4_000_000_000_000_000) | st.dates(date(2019, 1, 1), date(2027, 1, 1)),
}


@st.composite
def facts(draw: st.DrawFn, kind: EventType) -> Fact:
    """A fact of a type, with whatever its fields may hold."""
    at = draw(st.integers(1_600_000_000_000_000, 1_800_000_000_000_000))
    fields = [draw(VALUES[kind.fields[name].kind]) for name in kind.judged]
    return kind.fact(
        "s", draw(st.sampled_from("abc")), at, at, at, draw(st.integers(0, 1)), draw(st.booleans()), *fields
    )


@FUZZ
@given(st.text(max_size=60))
def test_any_text_is_an_expression_or_a_located_fault(text: str) -> None:
    answered(text, TYPES["case.decided"])


@FUZZ
@given(st.lists(st.sampled_from([*LEAVES, *OPERATORS, "(", ")", "[", "]", "?", ":", ".", ",", "has("]), max_size=14))
def test_any_heap_of_words_is_an_expression_or_a_located_fault(words: list[str]) -> None:
    answered(" ".join(words), TYPES["case.decided"], TYPES["case.closed"])


@FUZZ
@given(st.sampled_from(sorted(OF_KIND)).flatmap(expressions), st.data())
def test_an_expression_that_is_well_typed_loads_and_never_raises(text: str, data: st.DataObject) -> None:
    kind = TYPES["case.decided"]
    try:
        made = compile_expression(text, SCOPE, (kind,), KINDS, True)
    except ExpressionError as error:
        assert error.code in ("too-costly", "name-taken"), text
        return
    context = Context("C1", PLACES, frozenset(TYPES[each.name].rank for each in SERVICE))
    for each in data.draw(st.lists(st.sampled_from(SERVICE), max_size=3)):
        fact = data.draw(facts(each))
        context.before(fact)
        context.after(fact)
    fact = data.draw(facts(kind))
    context.before(fact)
    answer = made.functions[kind.rank](fact, context)
    if made.kind == "bool" and answer is not None:
        assert isinstance(answer, bool)
    msgspec.json.encode(answer if not isinstance(answer, set) else sorted(answer))
