"""Conditions fused into one function answer as each does alone, compute what they share once, and fail alone."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rules.expression import Compiled, ExpressionError, Scope, compile_expression, fuse, fuse_all
from rules.expression.source import Source, function_of
from rules.language import load_book
from rules.language.reading import COLUMNS
from rules.model.events import TYPES
from rules.model.spans import Span

DECIDED, CLOSED = TYPES["case.decided"], TYPES["case.closed"]
SCOPE = Scope({"most": 3, "limit": Span(5, "workdays"), "quick": Span(60_000_000, "exact")}, COLUMNS, "case_id")


class Watched:
    """An event that counts how often each of its fields is read; an unset one raises."""

    def __init__(self, **fields: Any) -> None:
        self.fields, self.reads = fields, dict[str, int]()

    def __getattr__(self, name: str) -> Any:
        if name not in self.fields:
            raise AttributeError(name)
        self.reads[name] = self.reads.get(name, 0) + 1
        return self.fields[name]


def conditions(*texts: str) -> list[tuple[int, Compiled]]:
    return [(slot, compile_expression(text, SCOPE, (DECIDED,), ("bool",))) for slot, text in enumerate(texts)]


def test_each_condition_has_its_bit() -> None:
    made = conditions("event.result == 'granted'", "event.automatic", "true", "false", "event.result != 'granted'")
    fused = fuse([(slot * 3, each) for slot, each in made], DECIDED.rank)
    assert fused.judge(Watched(result="granted", automatic=False), None) == (1 | 1 << 6, {})
    assert fused.judge(Watched(result="denied", automatic=True), None) == (1 << 3 | 1 << 6 | 1 << 12, {})


def test_what_several_conditions_ask_is_read_once() -> None:
    texts = [f"event.result == 'r{each % 5}' && event.department == 'o{each}'" for each in range(40)]
    fact = Watched(result="r1", department="o6")
    mask, _ = fuse(conditions(*texts), DECIDED.rank).judge(fact, None)
    assert mask == 1 << 6
    assert fact.reads["result"] == 1


def test_what_stands_behind_a_condition_that_does_not_hold_is_not_read() -> None:
    texts = ["event.automatic && event.result == 'a'", "event.automatic && event.result == 'b'"]
    fact = Watched(automatic=False)
    assert fuse(conditions(*texts), DECIDED.rank).judge(fact, None) == (0, {})
    assert fact.reads == {"automatic": 1}


def test_a_condition_that_raises_is_alone_in_that() -> None:
    fused = fuse(conditions("event.result == 'a'", "event.automatic", "event.department == 'o'"), DECIDED.rank)
    mask, raised = fused.judge(Watched(result="a", department="o"), None)
    assert mask == 0b101
    assert set(raised) == {1}
    assert isinstance(raised[1], AttributeError)


def test_conditions_of_several_types_are_fused_for_each_of_them() -> None:
    both = compile_expression("event.type == 'case.closed'", SCOPE, (DECIDED, CLOSED), ("bool",))
    one = compile_expression("event.result == 'granted'", SCOPE, (DECIDED,), ("bool",))
    fused = fuse_all([(0, both), (1, one)])
    assert fused[DECIDED.rank].judge(Watched(result="granted"), None) == (0b10, {})
    assert fused[CLOSED.rank].judge(Watched(), None) == (0b01, {})


def test_spans_of_several_rules_do_not_take_each_others_names() -> None:
    other = Scope(SCOPE.params | {"limit": Span(9, "days")}, COLUMNS, "case_id")
    text = "has(item.legal_limit) && item.legal_limit == params.limit"
    made = [(slot, compile_expression(text, scope, (DECIDED,), ("bool",))) for slot, scope in enumerate((SCOPE, other))]
    context = Watched(item=Watched(legal_limit=Span(9, "days")))
    assert fuse(made, DECIDED.rank).judge(Watched(), context) == (0b10, {})


@pytest.mark.parametrize(
    "text",
    ["__import__('os')", "e.__class__", "open('x')", "(lambda: 1)()", "c._item", "f'{e}'", "e[0]", "[x for x in y]"],
)
def test_python_that_no_template_writes_is_never_compiled(text: str) -> None:
    with pytest.raises(AssertionError, match="no template"):
        function_of(Source(text))


PIECES = [
    "event.result == 'granted'", "event.automatic", "has(event.visits)", "event.result.startsWith('gr')",
    "has(event.visits) && event.visits > params.most", "blank(event.reason)", "event.result in ['a', 'granted']",
    "event.at - event.recorded_at > params.quick", "event.department != event.result", "event.visits == null",
]  # fmt: skip
TEXTS = st.recursive(
    st.sampled_from(PIECES),
    lambda of: st.one_of(
        st.tuples(of, of).map(lambda pair: f"({pair[0]} && {pair[1]})"),
        st.tuples(of, of).map(lambda pair: f"({pair[0]} || {pair[1]})"),
        st.tuples(of, of, of).map(lambda three: f"({three[0]} ? {three[1]} : {three[2]})"),
        of.map(lambda one: f"!({one})"),
    ),
    max_leaves=5,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(TEXTS, min_size=1, max_size=6),
    st.sampled_from(["granted", "a", ""]),
    st.booleans(),
    st.none() | st.integers(0, 5),
)
def test_fused_conditions_say_what_each_says_alone(texts: list[str], result: str, automatic: bool, visits: Any) -> None:
    fact = Watched(
        result=result, automatic=automatic, visits=visits, reason="", department="a", occurred_at=9, recorded_at=2,
        whole_day=False,
    )  # fmt: skip
    context = Watched(day_end=lambda of: of.occurred_at)
    fused = fuse(conditions(*texts), DECIDED.rank)
    assert fused.judge(fact, context) == fused.alone(fact, context)


def test_the_conditions_of_the_shipped_rules_fuse() -> None:
    found = [
        (slot, rule.body.when)
        for slot, rule in enumerate(load_book().rules)
        if isinstance(getattr(rule.body, "when", None), Compiled)
    ]
    assert fuse_all(found)
    with pytest.raises(ExpressionError):
        compile_expression("event.nothing", SCOPE, (DECIDED,), ("bool",))
