"""Decides what an expression means for one event type: checked against the contract, then written out as Python.

Absence is never an error: a comparison with an absent fact or field is false. A field that the contract leaves
optional must be guarded by `has()`, else the rule does not load. Nothing of a rule's text is evaluated: the tree is
typed first, and the Python is made of our own templates and constants.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from typing import Any, NoReturn

from msgspec import Struct

from rules.expression.syntax import (
    Binary,
    Call,
    Choice,
    ExpressionError,
    Index,
    Items,
    Literal,
    Member,
    Name,
    Node,
    Unary,
    parse,
)
from rules.model.events import OPERATIONS, TYPES, EventType
from rules.model.fields import is_blank
from rules.model.spans import Span

EXACT = "exact"
Value = str | float | bool | Span | None

ENVELOPE: dict[str, tuple[str, str]] = {
    "at": ("{e}.occurred_at", "time"),
    "recorded_at": ("{e}.recorded_at", "time"),
    "received_at": ("{e}.received_at", "time"),
    "first_recorded_at": ("c.first_recorded_at({e})", "time"),
    "source": ("{e}.source", "string"),
    "id": ("{e}.id", "string"),
    "operation": ("OPS[{e}.operation]", "string"),
    "precision": ("('day' if {e}.whole_day else 'second')", "string"),
}


class Code(Struct, frozen=True):
    """Python for one node. `absent`: it may be None; `needs`: the path that `has()` must have proved."""

    text: str
    kind: str
    absent: bool = False
    needs: str = ""
    constant: Any = ...


class Scope(Struct, frozen=True):
    """What an expression may name: parameters, the columns of the item catalogue, and the name of the subject."""

    params: Mapping[str, Value]
    item: Mapping[str, tuple[str, bool]]
    subject: str
    proved: frozenset[str] = frozenset()


Function = Callable[[Any, Any], Any]


class Compiled(Struct, frozen=True):
    """An expression, ready for each event type of its selector: `functions[rank](fact, context)`."""

    text: str
    kind: str
    functions: dict[int, Function]
    proved: frozenset[str]
    reads: frozenset[int] = frozenset()


def _lt(a: Any, b: Any) -> bool:
    return a is not None and b is not None and bool(a < b)


def _le(a: Any, b: Any) -> bool:
    return a is not None and b is not None and bool(a <= b)


def _eq(a: Any, b: Any) -> bool:
    return a is not None and b is not None and bool(a == b)


def _ne(a: Any, b: Any) -> bool:
    return a is not None and b is not None and bool(a != b)


def _add(a: Any, b: Any) -> Any:
    return None if a is None or b is None else a + b


def _sub(a: Any, b: Any) -> Any:
    return None if a is None or b is None else a - b


def _mul(a: Any, b: Any) -> Any:
    return None if a is None or b is None else a * b


def _div(a: Any, b: Any) -> Any:
    return None if a is None or not b else a / b


def _mod(a: Any, b: Any) -> Any:
    return None if a is None or not b else a % b


def _get(mapping: Any, key: Any) -> Any:
    if mapping is None or key is None:
        return None
    if isinstance(mapping, Mapping):
        return mapping.get(key)
    return mapping[int(key)] if 0 <= key < len(mapping) else None


def _size(value: Any) -> Any:
    return None if value is None else len(value)


RUNTIME: dict[str, Any] = {
    "lt": _lt, "le": _le, "eq": _eq, "ne": _ne, "add": _add, "sub": _sub, "mul": _mul, "div": _div, "mod": _mod,
    "get": _get, "blank": is_blank, "size": _size, "OPS": {code: name for name, code in OPERATIONS.items()},
    "any": any, "all": all, "len": len, "set": set, "getattr": getattr, "__builtins__": {},
}  # fmt: skip
SIGNS = {"<": "lt", "<=": "le", "==": "eq", "!=": "ne", "+": "add", "-": "sub", "*": "mul", "/": "div", "%": "mod"}
MATCHES = {"startsWith": "{of}.startswith({arg})", "endsWith": "{of}.endswith({arg})", "contains": "({arg} in {of})"}


def fail(node: Node, code: str, message: str, known: Iterable[str] = (), word: str = "") -> NoReturn:
    close = get_close_matches(word, list(known), 1, 0.6) if word else []
    raise ExpressionError(code, message, node.start, node.end, f"did you mean `{close[0]}`?" if close else "")


def dotted(node: Node) -> str:
    """The dotted name that a chain of members spells; empty when it is something else."""
    if isinstance(node, Name):
        return node.name
    if isinstance(node, Member):
        head = dotted(node.of)
        return f"{head}.{node.name}" if head else ""
    return ""


class _Compiler:
    """Compiles one tree for one event type (`types` are all of the selector, so that a typo is told from absence)."""

    def __init__(self, scope: Scope, here: EventType, types: tuple[EventType, ...]) -> None:
        self.scope, self.here, self.types = scope, here, types
        self.proved = set(scope.proved)
        self.locals: dict[str, str] = {}
        self.constants: dict[str, Any] = {}
        self.reads: set[int] = set()

    def visit(self, node: Node) -> Code:
        match node:
            case Literal():
                return self.constant(node.value)
            case Name() | Member():
                return self.path(node)
            case Index():
                return self.index(node)
            case Call():
                return self.call(node)
            case Unary():
                return self.unary(node)
            case Binary():
                return self.binary(node)
            case Choice():
                return self.choice(node)
            case Items():
                parts = [self.used(part, self.visit(part)) for part in node.of]
                return Code("[" + ", ".join(part.text for part in parts) + "]", "strings")
        raise AssertionError(node)

    def constant(self, value: Value) -> Code:
        if value is None:
            return Code("None", "null", True, constant=None)
        if isinstance(value, bool):
            return Code(repr(value), "bool", constant=value)
        if isinstance(value, str):
            return Code(repr(value), "string", constant=value)
        if isinstance(value, Span):
            if value.unit == EXACT:
                return Code(repr(value.amount), EXACT, constant=value.amount)
            name = f"k{len(self.constants)}"
            self.constants[name] = value
            return Code(name, "span")
        return Code(repr(value), "number", constant=value)

    def used(self, node: Node, code: Code) -> Code:
        """A value that an operator reads: an optional one must have been proved present."""
        if code.needs and code.needs not in self.proved:
            fail(node, "optional-field", f"`{code.needs}` may be absent: guard it with has({code.needs})")
        return code

    def path(self, node: Name | Member) -> Code:
        if isinstance(node, Member) and isinstance(node.of, Call):
            return self.of_call(node, node.of)
        name = dotted(node)
        if not name:
            fail(node, "syntax", "only declared fields can be read here")
        root, _, rest = name.partition(".")
        if root in self.locals and not rest:
            return Code(self.locals[root], "string")
        if root == "event" and rest:
            return self.field("e", rest, node, self.here, self.types, f"event.{rest}")
        if root == "item" and rest:
            if rest not in self.scope.item:
                fail(node, "unknown-field", f"the item catalogue has no column `{rest}`", self.scope.item, rest)
            kind, optional = self.scope.item[rest]
            return Code(f"c.item.{rest}", kind, optional, name if optional else "")
        if root == "params" and rest:
            if rest not in self.scope.params:
                fail(node, "unknown-param", f"the rule has no parameter `{rest}`", self.scope.params, rest)
            return self.constant(self.scope.params[rest])
        if name == self.scope.subject:
            return Code("c.subject", "string")
        for kind in TYPES.values():
            if name.startswith(kind.name + "."):
                field = name[len(kind.name) + 1 :]
                self.reads.add(kind.rank)
                found = self.field("f", field, node, kind, (kind,), name)
                return self.fact_field(f"c.latest.get({kind.rank})", found)
            if name == kind.name:
                self.reads.add(kind.rank)
                return Code(f"c.latest.get({kind.rank})", "fact", True)
        if not rest and any(root in kind.judged for kind in self.types):
            return self.field("e", root, node, self.here, self.types, root)
        known = {"event", "item", "params", self.scope.subject, *TYPES}
        return fail(node, "unknown-name", f"`{name}` is not known here", known, name)

    def fact_field(self, fact: str, found: Code) -> Code:
        name = f"f{len(self.locals)}_{len(self.constants)}"
        text = found.text.replace("{f}", name)
        return Code(f"(None if ({name} := {fact}) is None else {text})", found.kind, True)

    def of_call(self, node: Member, call: Call) -> Code:
        fact = self.call(call)
        if fact.kind != "fact":
            fail(node, "unknown-field", f"`.{node.name}` cannot be read of this")
        kind = TYPES[dotted(call.args[0])]
        return self.fact_field(fact.text, self.field("f", node.name, node, kind, (kind,), node.name))

    def field(self, var: str, name: str, node: Node, here: EventType, types: tuple[EventType, ...], full: str) -> Code:
        shown = "{f}" if var == "f" else var
        if name == "type":
            return Code(repr(here.name), "string", constant=here.name)
        if name in ENVELOPE:
            text, kind = ENVELOPE[name]
            return Code(text.replace("{e}", shown), kind)
        marks = [kind.fields[name] for kind in types if name in kind.fields]
        if not marks:
            known = {field for kind in types for field in kind.judged} | set(ENVELOPE)
            where = here.name if len(types) == 1 else "the selected events"
            fail(node, "unknown-field", f"{where} has no field `{name}`", known, name)
        if marks[0].use != "judged":
            fail(node, "not-judged", f"`{name}` is {marks[0].use}: rules may read only what the contract marks judged")
        if name not in here.judged:
            return Code("None", marks[0].kind, True, constant=None)
        kind_of = here.fields[name].kind
        optional = here.fields[name].optional
        return Code(f"{shown}.{name}", kind_of, optional, full if optional and var == "e" else "")

    def index(self, node: Index) -> Code:
        of, key = self.visit(node.of), self.used(node.key, self.visit(node.key))
        if not of.kind.startswith("map:"):
            fail(node, "type", f"a {of.kind} cannot be indexed")
        return Code(f"get({of.text}, {key.text})", of.kind[4:], True)

    def call(self, node: Call) -> Code:
        if node.target is not None:
            return self.method(node, node.target)
        if node.name in ("has", "blank", "size", "first", "distinct") and len(node.args) != 1:
            fail(node, "arguments", f"{node.name}() takes one argument")
        if node.name == "first":
            name = dotted(node.args[0])
            if name not in TYPES:
                fail(node.args[0], "unknown-type", f"`{name}` is not an event type", TYPES, name)
            self.reads.add(TYPES[name].rank)
            return Code(f"c.first.get({TYPES[name].rank})", "fact", True)
        if node.name not in ("has", "blank", "size", "distinct"):
            known = ("has", "blank", "size", "first", "distinct")
            fail(node, "unknown-function", f"there is no function `{node.name}`", known, node.name)
        of = self.visit(node.args[0])
        if node.name == "has":
            self.proved.add(of.needs or dotted(node.args[0]))
            if of.constant is None:
                return Code("False", "bool", constant=False)
            test = f"bool({of.text})" if of.kind in ("string", "text", "strings") else f"({of.text} is not None)"
            return Code(test.replace("bool(", "(not not ", 1), "bool")
        if node.name == "blank":
            if of.kind not in ("string", "text", "null"):
                fail(node, "type", f"blank() takes a text, not a {of.kind}")
            return Code(f"blank({of.text})", "bool")
        self.used(node.args[0], of)
        if node.name == "size":
            return Code(f"size({of.text})", "number", of.absent)
        return Code(f"set({of.text} or ())", "strings")

    def method(self, node: Call, target: Node) -> Code:
        if node.name in ("exists", "all") and len(node.args) == 2 and isinstance(node.args[0], Name):
            of = self.used(target, self.visit(target))
            name = node.args[0].name
            self.locals[name] = f"x_{name}"
            test = self.truth(node.args[1])
            del self.locals[name]
            call = "any" if node.name == "exists" else "all"
            return Code(f"{call}([{test} for x_{name} in ({of.text} or ())])", "bool")
        if node.name not in MATCHES or len(node.args) != 1:
            fail(node, "unknown-function", f"there is no method `{node.name}`", (*MATCHES, "exists", "all"), node.name)
        of, arg = self.used(target, self.visit(target)), self.used(node.args[0], self.visit(node.args[0]))
        if of.kind != "string" or arg.kind != "string":
            fail(node, "type", f"{node.name}() is for strings")
        text = f"({of.text} or '')" if of.absent else of.text
        return Code(MATCHES[node.name].format(of=text, arg=arg.text), "bool")

    def truth(self, node: Node) -> str:
        code = self.used(node, self.visit(node))
        if code.kind != "bool":
            fail(node, "type", f"a condition must be true or false, this is a {code.kind}")
        return code.text

    def unary(self, node: Unary) -> Code:
        if node.op == "!":
            return Code(f"(not {self.truth(node.of)})", "bool")
        code = self.used(node.of, self.visit(node.of))
        if code.kind not in ("number", EXACT):
            fail(node, "type", f"`-` needs a number, not a {code.kind}")
        return Code(f"sub(0, {code.text})", code.kind, code.absent)

    def binary(self, node: Binary) -> Code:
        if node.op in ("&&", "||"):
            return self.logic(node)
        left, right = self.visit(node.left), self.visit(node.right)
        if "null" in (left.kind, right.kind):
            if node.op not in ("==", "!="):
                fail(node, "type", f"null cannot be compared with `{node.op}`")
            other = right if left.kind == "null" else left
            return Code(f"({other.text} is {'' if node.op == '==' else 'not '}None)", "bool")
        left, right = self.used(node.left, left), self.used(node.right, right)
        if node.op == "in":
            return self.membership(node, left, right)
        left, right = self.timed(left, node.op, False), self.timed(right, node.op, True)
        if node.op in ("+", "-", "*", "/", "%"):
            return self.arithmetic(node, left, right)
        if left.kind != right.kind and {left.kind, right.kind} != {"string", "text"}:
            fail(node, "type", f"a {left.kind} cannot be compared with a {right.kind}")
        if left.kind in ("span", "strings", "fact") and node.op not in ("==", "!="):
            fail(node, "type", f"a {left.kind} has no order")
        if left.constant is not ... and right.constant is not ... and node.op in ("==", "!="):
            same = left.constant is not None and right.constant is not None and left.constant == right.constant
            truth = same if node.op == "==" else left.constant is not None and right.constant is not None and not same
            return Code(repr(truth), "bool", constant=truth)
        if node.op in (">", ">="):
            left, right = right, left
        op = {">": "<", ">=": "<="}.get(node.op, node.op)
        if left.absent or right.absent:
            return Code(f"{SIGNS[op]}({left.text}, {right.text})", "bool")
        return Code(f"({left.text} {op} {right.text})", "bool")

    def logic(self, node: Binary) -> Code:
        left = self.truth(node.left)
        before = set(self.proved)
        if node.op == "||":
            proved_by_left = self.proved - set(self.scope.proved)
            if not (isinstance(node.left, Unary) and node.left.op == "!"):
                self.proved -= proved_by_left - before
        if left == ("False" if node.op == "&&" else "True"):
            self.truth(node.right)
            return Code(left, "bool", constant=left == "True")
        right = self.truth(node.right)
        return Code(f"({left} {'and' if node.op == '&&' else 'or'} {right})", "bool")

    def membership(self, node: Binary, left: Code, right: Code) -> Code:
        if right.kind != "strings" or left.kind not in ("string", "text"):
            fail(node, "type", "`in` asks whether a string is in a list of strings")
        return Code(f"({left.text} in ({right.text} or ()))", "bool")

    def timed(self, code: Code, op: str, right: bool) -> Code:
        """Moments become instants; what is counted from a whole day counts from its 24:00 (CLOCKS.md 4)."""
        if code.kind == "moment":
            return Code(f"c.instant({code.text})", "time", code.absent)
        if code.kind == "time" and right and op == "-" and code.text.endswith("occurred_at"):
            return Code(f"c.day_end({code.text[: -len('.occurred_at')]})", "time", code.absent)
        if code.kind == "time" and right and op == "-" and code.text.endswith(".occurred_at)"):
            head, _, fact = code.text[: -len(".occurred_at)")].rpartition(" ")
            return Code(f"{head} c.day_end({fact}))", "time", code.absent)
        return code

    def arithmetic(self, node: Binary, left: Code, right: Code) -> Code:
        kind = {
            ("time", "-", "time"): EXACT, ("time", "-", EXACT): "time", ("time", "+", EXACT): "time",
            (EXACT, "+", EXACT): EXACT, (EXACT, "-", EXACT): EXACT, (EXACT, "*", "number"): EXACT,
            ("number", "*", EXACT): EXACT, (EXACT, "/", "number"): EXACT, (EXACT, "/", EXACT): "number",
        }.get((left.kind, node.op, right.kind))  # fmt: skip
        if left.kind == right.kind == "number":
            kind = "number"
        if left.kind == right.kind == "string" and node.op == "+":
            kind = "string"
        if kind is None:
            fail(node, "type", f"`{node.op}` is not defined for a {left.kind} and a {right.kind}")
        absent = left.absent or right.absent or node.op in ("/", "%")
        if absent:
            return Code(f"{SIGNS[node.op]}({left.text}, {right.text})", kind, True)
        return Code(f"({left.text} {node.op} {right.text})", kind)

    def choice(self, node: Choice) -> Code:
        test = self.truth(node.test)
        then, other = self.visit(node.then), self.visit(node.other)
        then = self.used(node.then, then)
        kinds = {then.kind, other.kind} - {"null"}
        if len(kinds) > 1 and kinds != {"span", EXACT}:
            fail(node, "type", f"both branches must be of one type, not {then.kind} and {other.kind}")
        kind = "span" if "span" in kinds else kinds.pop()
        return Code(f"({then.text} if {test} else {other.text})", kind, then.absent or other.absent, other.needs)


def compile_expression(
    text: str, scope: Scope, types: tuple[EventType, ...], kinds: tuple[str, ...], may_be_absent: bool = False
) -> Compiled:
    """An expression typed and compiled for each of `types`; its value must be one of `kinds`. Raises ExpressionError."""
    tree = parse(text)
    functions: dict[int, Function] = {}
    proved: set[str] = set()
    reads: set[int] = set()
    kind = ""
    for here in types:
        compiler = _Compiler(scope, here, types)
        code = compiler.visit(tree)
        if not may_be_absent:
            compiler.used(tree, code)
        if code.kind not in kinds and code.kind != "null":
            fail(tree, "type", f"this is a {code.kind}, expected {' or '.join(kinds)}")
        kind = code.kind
        reads |= compiler.reads
        proved = compiler.proved if not functions else proved & compiler.proved
        names = RUNTIME | compiler.constants
        exec(compile(f"def made(e, c):\n return {code.text}\n", f"<{text[:60]}>", "exec"), names)  # noqa: S102
        functions[here.rank] = names["made"]
    return Compiled(text, kind, functions, frozenset(proved), frozenset(reads))
