"""Any text is an expression or a located fault, and an expression that loads never raises on any event."""

from datetime import date

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rules.expression import Compiled, ExpressionError, Scope, compile_expression
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
SCOPE = Scope(
    {"most": 3, "limit": Span(5, "workdays"), "quick": Span(60_000_000, "exact")}, COLUMNS, "case_id"
)
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
OPERATORS = ["&&", "||", "==", "!=", "<", "<=", ">", ">=", "in", "+", "-", "*", "/", "%"]
expressions = st.recursive(
    st.sampled_from(LEAVES),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(OPERATORS), inner).map(lambda t: f"({t[0]} {t[1]} {t[2]})"),
        st.tuples(inner, inner, inner).map(lambda t: f"({t[0]} ? {t[1]} : {t[2]})"),
        st.tuples(st.sampled_from(["has", "blank", "size", "distinct", "!", "-"]), inner).map(
            lambda t: f"{t[0]}({t[1]})"
        ),
        st.tuples(inner, st.sampled_from(["startsWith", "contains"]), inner).map(
            lambda t: f"{t[0]}.{t[1]}({t[2]})"
        ),
        st.tuples(inner, st.sampled_from(["exists", "all"]), inner).map(
            lambda t: f"{t[0]}.{t[1]}(x, {t[2]})"
        ),
        st.tuples(inner, inner).map(lambda t: f"{t[0]}[{t[1]}]"),
    ),
    max_leaves=8,
)
FUZZ = settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
SERVICE = [kind for kind in TYPES.values() if kind.name.startswith("case.")]


def compiled(text: str, *types: EventType) -> Compiled | None:
    """The expression, or None where it is refused with a place in its text."""
    try:
        return compile_expression(text, SCOPE, types, KINDS, True)
    except ExpressionError as error:
        assert 0 <= error.start <= error.end <= len(text) + 1
        assert error.code
        assert error.message
        return None


VALUES = {
    "string": st.sampled_from(["", "a", "b", "granted", "无"]),
    "text": st.sampled_from(["", "…"]),
    "strings": st.lists(st.sampled_from(["a", "b", ""]), max_size=3),
    "number": st.none() | st.floats(-1e9, 1e9),
    "bool": st.booleans(),
    "moment": st.none()
    | st.integers(0, 4_000_000_000_000_000)
    | st.dates(date(2019, 1, 1), date(2027, 1, 1)),
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
    compiled(text, TYPES["case.decided"])


@FUZZ
@given(
    st.lists(
        st.sampled_from([*LEAVES, *OPERATORS, "(", ")", "[", "]", "?", ":", ".", ",", "has("]), max_size=14
    )
)
def test_any_heap_of_words_is_an_expression_or_a_located_fault(words: list[str]) -> None:
    compiled(" ".join(words), TYPES["case.decided"], TYPES["case.closed"])


@FUZZ
@given(expressions, st.data())
def test_an_expression_that_loads_never_raises(text: str, data: st.DataObject) -> None:
    kind = data.draw(st.sampled_from(SERVICE))
    made = compiled(text, kind)
    if made is None:
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
