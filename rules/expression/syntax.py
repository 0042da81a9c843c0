"""Decides how the text of an expression becomes a tree; every node knows its place in the text."""

from __future__ import annotations

from msgspec import Struct

from rules.expression.tokens import ExpressionError, Token, tokens, value_of
from rules.model.spans import Span

MOST_NODES = 200
DEEPEST = 40
LONGEST = 4000
WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None}
RESERVED = frozenset(
    {"as", "break", "const", "continue", "else", "for", "function", "if", "import", "in", "let", "loop", "package"}
    | {"namespace", "return", "var", "void", "while"}
)


class Node(Struct, frozen=True, kw_only=True):
    start: int
    end: int


class Literal(Node, frozen=True, kw_only=True):
    value: str | float | bool | Span | None


class Name(Node, frozen=True, kw_only=True):
    name: str


class Member(Node, frozen=True, kw_only=True):
    of: Node
    name: str


class Index(Node, frozen=True, kw_only=True):
    of: Node
    key: Node


class Call(Node, frozen=True, kw_only=True):
    name: str
    target: Node | None
    args: tuple[Node, ...]


class Unary(Node, frozen=True, kw_only=True):
    op: str
    of: Node


class Binary(Node, frozen=True, kw_only=True):
    op: str
    left: Node
    right: Node


class Choice(Node, frozen=True, kw_only=True):
    test: Node
    then: Node
    other: Node


class Items(Node, frozen=True, kw_only=True):
    of: tuple[Node, ...]


class Entries(Node, frozen=True, kw_only=True):
    of: tuple[tuple[Node, Node], ...]


LEVELS: tuple[tuple[str, ...], ...] = (
    ("||",),
    ("&&",),
    ("==", "!=", "<", "<=", ">", ">=", "in"),
    ("+", "-"),
    ("*", "/", "%"),
)


def _unexpected(token: Token, message: str) -> ExpressionError:
    return ExpressionError("syntax", message, token.start, max(token.end, token.start + 1))


class _Parser:
    def __init__(self, text: str) -> None:
        self.tokens = list(tokens(text))
        self.at = 0
        self.nodes = 0
        self.depth = 0

    @property
    def here(self) -> Token:
        return self.tokens[self.at]

    def accept(self, *texts: str) -> Token | None:
        token = self.here
        if token.kind in ("op", "name") and token.text in texts:
            self.at += 1
            return token
        return None

    def expect(self, text: str) -> Token:
        token = self.accept(text)
        if token is None:
            raise _unexpected(self.here, f"expected `{text}`")
        return token

    def count(self, token: Token) -> None:
        self.nodes += 1
        if self.nodes > MOST_NODES or self.depth > DEEPEST:
            message = f"more than {MOST_NODES} parts or {DEEPEST} levels"
            raise ExpressionError("too-costly", message, token.start, token.end)

    def choice(self) -> Node:
        self.depth += 1
        test = self.level(0)
        if self.accept("?"):
            then = self.choice()
            self.expect(":")
            other = self.choice()
            test = Choice(test=test, then=then, other=other, start=test.start, end=other.end)
        self.depth -= 1
        return test

    def level(self, depth: int) -> Node:
        if depth == len(LEVELS):
            return self.unary()
        left = self.level(depth + 1)
        while token := self.accept(*LEVELS[depth]):
            self.count(token)
            right = self.level(depth + 1)
            left = Binary(op=token.text, left=left, right=right, start=left.start, end=right.end)
        return left

    def unary(self) -> Node:
        token = self.accept("!", "-")
        if token is None:
            return self.postfix(self.primary())
        if token.text == "-" and self.here.kind == "number":
            self.count(token)
            value, end = value_of(self.here, "-"), self.here.end
            self.at += 1
            return self.postfix(Literal(value=value, start=token.start, end=end))
        self.depth += 1
        self.count(token)
        of = self.unary()
        self.depth -= 1
        return Unary(op=token.text, of=of, start=token.start, end=of.end)

    def postfix(self, node: Node) -> Node:
        while token := self.accept(".", "["):
            self.count(token)
            if self.here.text == "?":
                raise self.foreign(self.here, "there are no optionals here", "ask has() first")
            if token.text == "[":
                key = self.choice()
                node = Index(of=node, key=key, start=node.start, end=self.expect("]").end)
                continue
            name = self.here
            if name.kind != "name":
                raise _unexpected(name, "expected a name after `.`")
            self.at += 1
            if self.accept("("):
                args, end = self.arguments()
                node = Call(name=name.text, target=node, args=args, start=node.start, end=end)
            else:
                node = Member(of=node, name=name.text, start=node.start, end=name.end)
        return node

    def arguments(self, close: str = ")") -> tuple[tuple[Node, ...], int]:
        args: list[Node] = []
        end = self.accept(close)
        while end is None:
            args.append(self.choice())
            end = self.accept(close)
            if end is None:
                self.expect(",")
                end = self.accept(close) if close == "]" else None
        return tuple(args), end.end

    def entries(self) -> tuple[tuple[tuple[Node, Node], ...], int]:
        found: list[tuple[Node, Node]] = []
        end = self.accept("}")
        while end is None:
            key = self.choice()
            self.expect(":")
            found.append((key, self.choice()))
            end = self.accept("}")
            if end is None:
                self.expect(",")
                end = self.accept("}")
        return tuple(found), end.end

    @staticmethod
    def foreign(token: Token, message: str, hint: str) -> ExpressionError:
        return ExpressionError("not-supported", message, token.start, max(token.end, token.start + 1), hint)

    def primary(self) -> Node:
        token = self.here
        self.count(token)
        self.at += 1
        if token.kind in ("span", "number", "string", "raw"):
            return Literal(value=value_of(token), start=token.start, end=token.end)
        if token.kind == "name":
            return self.named(token)
        if token.text == "(":
            node = self.choice()
            self.expect(")")
            return node
        if token.text == "[":
            items, end = self.arguments("]")
            return Items(of=items, start=token.start, end=end)
        if token.text == "{":
            pairs, end = self.entries()
            return Entries(of=pairs, start=token.start, end=end)
        if token.text == "." and self.here.kind == "name":
            raise self.foreign(token, "there are no containers of names here", "leave the first `.` away")
        what = f"`{token.text}`" if token.text else "the end"
        raise _unexpected(token, f"unexpected {what}")

    def named(self, token: Token) -> Node:
        if token.text in WORDS:
            return Literal(value=WORDS[token.text], start=token.start, end=token.end)
        if token.text in RESERVED:
            raise _unexpected(token, f"`{token.text}` is a reserved word")
        if self.here.text == "{":
            raise self.foreign(token, "there are no messages here", "a map is written {'key': value}")
        if self.accept("("):
            args, end = self.arguments()
            return Call(name=token.text, target=None, args=args, start=token.start, end=end)
        return Name(name=token.text, start=token.start, end=token.end)


def parse(text: str) -> Node:
    """The tree of an expression. Raises ExpressionError with the offsets of the fault."""
    if len(text) > LONGEST:
        raise ExpressionError("too-costly", f"an expression has at most {LONGEST} characters", 0, 1)
    parser = _Parser(text)
    node = parser.choice()
    if parser.here.kind != "end":
        raise _unexpected(parser.here, f"unexpected `{parser.here.text}`")
    return node
