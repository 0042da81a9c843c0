"""Decides what an expression means for an event type: checked against the contract, then written as Python.

Absence is never an error: a comparison with an absent fact or field is false. A field that the contract
leaves optional must be guarded by `has()`, else the rule does not load. Nothing of a rule's text is
evaluated: the tree is typed first, and the Python is made of our own templates and constants.
"""

from __future__ import annotations

from msgspec import Struct

from rules.expression import declared, functions, operators
from rules.expression.code import NOT_CONSTANT, NOTHING, Code, Scope, fail
from rules.expression.names import Names
from rules.expression.source import Function, Source, function_of
from rules.expression.syntax import (
    Binary,
    Call,
    Choice,
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

MOST_LOOPS = 2
"""How deep exists() and all() may stand in each other: each is a loop over a list of the event."""


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


class Typing:
    """Types one tree for one event type; `proved` are the paths that are present where it stands."""

    def __init__(self, names: Names, proved: frozenset[str]) -> None:
        self.names, self.proved = names, proved

    def code(self, node: Node, also: frozenset[str] = NOTHING) -> Code:
        """The Python of a node, where these paths too are present."""
        if not also:
            return self._code(node)
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
                return self._items(node)
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
            fail(node, "type", f"a condition must be true or false, this is a {code.kind}")
        return code

    def _items(self, node: Items) -> Code:
        parts = [self.used(part) for part in node.of]
        for part, code in zip(node.of, parts, strict=True):
            if code.kind != "string":
                fail(part, "type", f"a list is of strings, this is a {code.kind}")
        return Code(text=f"present({', '.join(code.text for code in parts)})", kind="strings")

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
            return operators.membership(node, left, right)
        if node.op in ("+", "-", "*", "/", "%"):
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
        return Code(text=made.text, kind=made.kind, absent=made.absent, needs=open_then or open_other)

    def _call(self, node: Call) -> Code:
        if node.name not in functions.FUNCTIONS:
            known = functions.FUNCTIONS
            fail(node, "unknown-function", f"there is no function `{node.name}`", known, node.name)
        _one_argument(node)
        if node.name == "first":
            return self.names.first(node)
        if node.name == "has":
            return functions.has(node, self.code(node.args[0]))
        if node.name == "blank":
            return functions.blank(node, self.code(node.args[0]))
        made = functions.size if node.name == "size" else functions.distinct
        return made(node, self.used(node.args[0]))

    def _method(self, node: Call, target: Node) -> Code:
        if node.name in functions.QUANTIFIERS:
            return self._quantified(node, target)
        if node.name not in functions.MATCHES or len(node.args) != 1:
            known = (*functions.MATCHES, *functions.QUANTIFIERS)
            fail(
                node,
                "unknown-function",
                f"there is no method `{node.name}` of one argument",
                known,
                node.name,
            )
        return functions.matched(node, self.used(target), self.used(node.args[0]))

    def _quantified(self, node: Call, target: Node) -> Code:
        if len(node.args) != 2 or not isinstance(node.args[0], Name):
            fail(node, "arguments", f"write {node.name}(x, …): a name for the element, and a condition on it")
        of, name = self.used(target), node.args[0].name
        elements = self.names.elements
        if name in elements:
            fail(node.args[0], "name-taken", f"`{name}` already names an element here")
        if len(elements) == MOST_LOOPS:
            fail(node, "too-costly", f"exists() and all() stand at most {MOST_LOOPS} deep in each other")
        elements[name] = f"x{len(elements)}"
        try:
            return functions.quantified(node, of, elements[name], self.condition(node.args[1]))
        finally:
            del elements[name]


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
        if code.kind not in kinds and code.kind != "null":
            fail(tree, "type", f"this is a {code.kind}, expected {' or '.join(kinds)}")
        kind = code.kind
        reads |= names.reads
        proofs.append(code.if_true)
        sources[here.rank] = Source(code.text, tuple(names.spans.items()))
    proved = frozenset.intersection(*proofs) if proofs else NOTHING
    functions = {rank: function_of(source) for rank, source in sources.items()}
    return Compiled(text, kind, functions, proved, frozenset(reads), sources)
