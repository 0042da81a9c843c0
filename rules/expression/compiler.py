"""Decides what an expression means for an event type: checked against the contract, then written as Python.

Absence is never an error: a comparison with an absent fact or field is false. A field that the contract
leaves optional must be guarded by `has()`, else the rule does not load. Nothing of a rule's text is
evaluated: the tree is typed first, and the Python is made of our own templates and constants.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from rules.expression import declared, functions, loops, operators
from rules.expression.code import NOT_CONSTANT, NOTHING, Code, Scope, boolean, dotted, fail
from rules.expression.kind import EMPTY, element_of, is_list, is_map, named, one_of
from rules.expression.names import Names
from rules.expression.source import Function, Source, function_of
from rules.expression.syntax import (
    Binary,
    Call,
    Choice,
    Entries,
    Index,
    Items,
    Literal,
    Member,
    Name,
    Node,
    Unary,
    parse,
)
from rules.model.events import EventType

BUDGET = 5_000_000
"""How many steps an expression may take for one event, every list and text being as long as the contract allows."""
TEXT_PER_STEP = 2000
"""How many characters are gone through in the time of one step."""
STATES_PER_STEP = 50
"""How many states of a pattern are followed in the time of one step."""


class Compiled(Struct, frozen=True):
    """An expression, ready for each event type of its selector: `functions[rank](fact, context)`.

    `proved` are the paths that its being true proves present; `reads` the ranks of the earlier facts that
    it looks at; `sources` the Python of the functions, from which many are fused into one.
    """

    text: str
    kind: str
    functions: dict[int, Function]
    proved: frozenset[str]
    reads: frozenset[int] = frozenset()
    sources: dict[int, Source] = {}


def expressions_in(node: Any) -> Iterator[Compiled]:
    """Every expression of a struct, such as the body of a rule."""
    if isinstance(node, Compiled):
        yield node
    elif isinstance(node, Struct):
        for field in node.__struct_fields__:
            yield from expressions_in(getattr(node, field))
    elif isinstance(node, tuple):
        for each in node:
            yield from expressions_in(each)


class Typing:
    """Types one tree for one event type; `proved` are the paths that are present where it stands."""

    def __init__(self, names: Names, proved: frozenset[str]) -> None:
        self.names, self.proved = names, proved
        self.spent, self.each_time = 0, 1

    def spend(self, node: Node, steps: int) -> None:
        """Counts what a part costs at worst, as often as the loops around it run."""
        self.spent += self.each_time * steps
        if self.spent > BUDGET:
            hint = "ask for what narrows it first, or go through fewer lists in each other"
            fail(node, "too-costly", f"this may take more than {BUDGET:,} steps for one event", hint=hint)

    def code(self, node: Node, also: frozenset[str] = NOTHING) -> Code:
        """The Python of a node, where these paths too are present."""
        self.spend(node, 1)
        outside = self.proved
        self.proved = outside | also
        try:
            return self._code(node)
        finally:
            self.proved = outside

    def _code(self, node: Node) -> Code:
        if declared.speaks_of(node):
            return declared.code(node, self)
        match node:
            case Literal():
                return self.names.constant(node.value)
            case Member(of=Call() as call) if call.name == "first" and call.target is None:
                _one_argument(call)
                return self.names.of_first(node, call)
            case Member() if dotted(node).partition(".")[0] in ("", *self.names.elements):
                return functions.member(node, self.used(node.of))
            case Name() | Member():
                return self.names.code(node)
            case Index():
                return functions.entry(node, self.code(node.of), self.used(node.key))
            case Call():
                return self._call(node) if node.target is None else self._method(node, node.target)
            case Unary():
                return self._unary(node)
            case Binary():
                return self._binary(node)
            case Choice():
                return self._choice(node)
            case Items():
                return functions.listed(node, [(part, self.used(part)) for part in node.of])
            case Entries():
                return functions.mapped(node, [(pair, self.used(pair[0]), self.used(pair[1])) for pair in node.of])
        raise AssertionError(node)

    def used(self, node: Node, also: frozenset[str] = NOTHING) -> Code:
        """A value that is read: an optional one must have been proved present."""
        return self._present(node, self.code(node, also), also)

    def _present(self, node: Node, code: Code, also: frozenset[str] = NOTHING) -> Code:
        if code.needs and code.needs not in self.proved | also:
            fail(node, "optional-field", f"`{code.needs}` may be absent: guard it with has({code.needs})")
        return code

    def condition(self, node: Node, also: frozenset[str] = NOTHING) -> Code:
        code = self.used(node, also)
        if code.kind != "bool":
            fail(node, "type", f"a condition must be true or false, this is {named(code.kind)}")
        return code

    def _unary(self, node: Unary) -> Code:
        if node.op != "!":
            return operators.negative(node, self.used(node.of))
        of = self.condition(node.of)
        constant = NOT_CONSTANT if of.constant is NOT_CONSTANT else not of.constant
        text = f"(not {of.text})"
        return Code(text=text, kind="bool", constant=constant, if_true=of.if_false, if_false=of.if_true)

    def _binary(self, node: Binary) -> Code:
        if node.op in ("&&", "||"):
            return self._logic(node)
        left, right = self.code(node.left), self.code(node.right)
        if "null" in (left.kind, right.kind):
            return operators.null_test(node, left, right)
        left, right = self._present(node.left, left), self._present(node.right, right)
        if node.op == "in":
            self.spend(node, right.most if is_list(right.kind) else 1)
            return operators.membership(node, left, right)
        self.spend(node, _length(left) + _length(right))
        if node.op in operators.NUMERIC:
            return operators.arithmetic(node, left, right)
        return operators.comparison(node, left, right)

    def _logic(self, node: Binary) -> Code:
        """`&&` and `||`: the right side is read only where the left one leaves it open."""
        both = node.op == "&&"
        left = self.condition(node.left)
        right = self.condition(node.right, left.if_true if both else left.if_false)
        if left.constant is not both and left.constant is not NOT_CONSTANT:
            return Code(text=repr(not both), kind="bool", constant=not both, if_true=left.if_true | right.if_true)
        if_true = left.if_true | right.if_true if both else left.if_true & right.if_true
        if_false = left.if_false & right.if_false if both else left.if_false | right.if_false
        text = f"({left.text} {'and' if both else 'or'} {right.text})"
        return Code(text=text, kind="bool", if_true=if_true, if_false=if_false)

    def _choice(self, node: Choice) -> Code:
        test = self.condition(node.test)
        then, other = self.code(node.then, test.if_true), self.code(node.other, test.if_false)
        open_then = then.needs if then.needs not in self.proved | test.if_true else ""
        open_other = other.needs if other.needs not in self.proved | test.if_false else ""
        made = operators.choice(node, test, then, other)
        return replace(made, needs=open_then or open_other)

    def _call(self, node: Call) -> Code:
        if node.name not in functions.FUNCTIONS:
            functions.foreign(node, functions.FUNCTIONS, "function")
        if node.name == "matches":
            return self._matched(node, node.args)
        _one_argument(node)
        if node.name == "first":
            return self.names.first(node)
        if node.name == "has":
            return functions.has(node, self.code(node.args[0]))
        if node.name == "blank":
            return functions.blank(node, self.code(node.args[0]))
        of = self.used(node.args[0])
        if node.name in functions.CONVERSIONS:
            return functions.converted(node, of)
        self.spend(node, of.most if node.name == "distinct" else 1)
        return functions.size(node, of) if node.name == "size" else functions.distinct(node, of)

    def _method(self, node: Call, target: Node) -> Code:
        if loops.is_loop(node):
            return self._loop(node, target)
        if node.name == "matches":
            return self._matched(node, (target, *node.args))
        of = self.used(target)
        if node.name == "size" and not node.args:
            return functions.size(node, of)
        if node.name not in functions.METHODS:
            functions.foreign(node, (*functions.METHODS, *loops.LOOPS, "matches"), "method")
        made = functions.method(node, of, [self.used(part) for part in node.args])
        self.spend(node, of.most + _length(made))
        return made

    def _matched(self, node: Call, parts: Sequence[Node]) -> Code:
        """`text.matches('pattern')`, or `matches(text, 'pattern')`."""
        if len(parts) != 2:
            fail(node, "arguments", "write text.matches('pattern')")
        of, written = self.used(parts[0]), self.used(parts[1])
        made = functions.pattern(node, of, written)
        self.spend(node, of.most * (1 + len(made.states) // STATES_PER_STEP))
        return boolean(f"found({of.text}, {self.names.named(made)})")

    def _loop(self, node: Call, target: Node) -> Code:
        """A macro over a list or the keys of a map; its parts are asked for each element."""
        of, name = self.used(target), node.args[0] if node.args else None
        counts = (2, 3) if node.name == "map" else (2,)
        if len(node.args) not in counts or not isinstance(name, Name):
            fail(node, "arguments", f"write {node.name}(x, …): a name for the element, and what is asked of it")
        kind = element_of(of.kind)
        if not kind:
            fail(node, "type", f"{node.name}() goes through a list or the keys of a map, not {named(of.kind)}")
        if kind == EMPTY:
            return loops.of_nothing(node)
        elements = self.names.elements
        if name.name in elements:
            fail(name, "name-taken", f"`{name.name}` already names an element here")
        element = f"x{len(elements)}"
        elements[name.name] = Code(text=element, kind=kind, most=of.each)
        self.each_time *= max(of.most, 1)
        try:
            return self._looped(node, of, elements[name.name])
        finally:
            del elements[name.name]
            self.each_time //= max(of.most, 1)

    def _looped(self, node: Call, of: Code, element: Code) -> Code:
        if node.name == "map":
            test = self.condition(node.args[1]) if len(node.args) == 3 else None
            value = self.used(node.args[-1], test.if_true if test is not None else NOTHING)
            if functions.unheld(value.kind):
                fail(node.args[-1], "type", f"a list cannot hold {named(value.kind)}")
            return loops.changed(of, element.text, value, test)
        test = self.condition(node.args[1])
        if node.name == "filter":
            return loops.filtered(of, element.kind, element.text, test)
        return loops.quantified(node.name, of, element.text, test)


def _length(code: Code) -> int:
    """How many steps it takes to go through a value once."""
    if is_list(code.kind) or is_map(code.kind):
        return code.most * (1 + code.each // TEXT_PER_STEP)
    return code.most // TEXT_PER_STEP if code.kind == "string" else 0


def _one_argument(node: Call) -> None:
    if len(node.args) != 1:
        fail(node, "arguments", f"{node.name}() takes one argument")


def compile_expression(
    text: str, scope: Scope, types: tuple[EventType, ...], kinds: tuple[str, ...], may_be_absent: bool = False
) -> Compiled:
    """An expression compiled for each of `types`; its value is one of `kinds`. Raises ExpressionError."""
    tree = parse(text)
    sources: dict[int, Source] = {}
    proofs: list[frozenset[str]] = []
    reads: set[int] = set()
    kind = ""
    for here in types:
        names = Names(scope, here, types)
        typing = Typing(names, scope.proved)
        code = typing.code(tree) if may_be_absent else typing.used(tree)
        if code.kind != "null" and not any(one_of((code.kind, kind)) for kind in kinds):
            fail(tree, "type", f"this is {named(code.kind)}, expected {' or '.join(map(named, kinds))}")
        kind = code.kind
        reads |= names.reads
        proofs.append(code.if_true)
        sources[here.rank] = Source(code.text, tuple(names.spans.items()))
    proved = frozenset.intersection(*proofs) if proofs else NOTHING
    functions = {rank: function_of(source) for rank, source in sources.items()}
    return Compiled(text, kind, functions, proved, frozenset(reads), sources)
