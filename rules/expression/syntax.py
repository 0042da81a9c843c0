"""Decides how the text of an expression becomes a tree; every node knows its place in the text."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

from rules.model.spans import Span, parse_span

MOST_NODES = 200
DEEPEST = 24

TOKEN = re.compile(
    r"""(?P<space>\s+)
  | (?P<span>\d+(?:\.\d+)?\s*(?:workdays?|workhours?|days?|hours?|h|m|s)\b)
  | (?P<number>\d+\.\d+|\d+)
  | (?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
  | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
  | (?P<op>\|\||&&|==|!=|<=|>=|[-+*/%<>!?:.,()\[\]])""",
    re.VERBOSE,
)
ESCAPES = {"n": "\n", "t": "\t", "\\": "\\", "'": "'", '"': '"'}


class ExpressionError(Exception):
    """A fault in an expression: `start` and `end` are offsets in its text, `code` is stable, `hint` may help."""

    def __init__(self, code: str, message: str, start: int, end: int, hint: str = "") -> None:
        super().__init__(message)
        self.code, self.message, self.start, self.end, self.hint = code, message, start, end, hint


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


class Token(Struct, frozen=True):
    kind: str
    text: str
    start: int
    end: int


def _tokens(text: str) -> Iterator[Token]:
    at = 0
    while at < len(text):
        match = TOKEN.match(text, at)
        if match is None:
            raise ExpressionError("syntax", f"unexpected `{text[at]}`", at, at + 1)
        if match.lastgroup != "space":
            yield Token(match.lastgroup or "", match.group(), at, match.end())
        at = match.end()
    yield Token("end", "", at, at)


LEVELS: tuple[tuple[str, ...], ...] = (
    ("||",),
    ("&&",),
    ("==", "!=", "<", "<=", ">", ">=", "in"),
    ("+", "-"),
    ("*", "/", "%"),
)


class _Parser:
    def __init__(self, text: str) -> None:
        self.tokens = list(_tokens(text))
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
            raise ExpressionError("syntax", f"expected `{text}`", self.here.start, max(self.here.end, self.here.start + 1))
        return token

    def count(self, token: Token) -> None:
        self.nodes += 1
        if self.nodes > MOST_NODES or self.depth > DEEPEST:
            raise ExpressionError("too-costly", f"more than {MOST_NODES} parts or {DEEPEST} levels", token.start, token.end)

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
            return self.postfix()
        self.depth += 1
        self.count(token)
        of = self.unary()
        self.depth -= 1
        return Unary(op=token.text, of=of, start=token.start, end=of.end)

    def postfix(self) -> Node:
        node = self.primary()
        while token := self.accept(".", "["):
            self.count(token)
            if token.text == "[":
                key = self.choice()
                node = Index(of=node, key=key, start=node.start, end=self.expect("]").end)
                continue
            name = self.here
            if name.kind != "name":
                raise ExpressionError("syntax", "expected a name after `.`", name.start, max(name.end, name.start + 1))
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
        return tuple(args), end.end

    def primary(self) -> Node:
        token = self.here
        self.count(token)
        self.at += 1
        place = {"start": token.start, "end": token.end}
        if token.kind == "span":
            return Literal(value=parse_span(token.text), **place)
        if token.kind == "number":
            return Literal(value=float(token.text) if "." in token.text else int(token.text), **place)
        if token.kind == "string":
            return Literal(value=re.sub(r"\\(.)", lambda m: ESCAPES.get(m[1], m[1]), token.text[1:-1]), **place)
        if token.kind == "name":
            if token.text in ("true", "false", "null"):
                return Literal(value={"true": True, "false": False, "null": None}[token.text], **place)
            if self.accept("("):
                args, end = self.arguments()
                return Call(name=token.text, target=None, args=args, start=token.start, end=end)
            return Name(name=token.text, **place)
        if token.text == "(":
            node = self.choice()
            self.expect(")")
            return node
        if token.text == "[":
            items, end = self.arguments("]")
            return Items(of=items, start=token.start, end=end)
        what = f"`{token.text}`" if token.text else "the end"
        raise ExpressionError("syntax", f"unexpected {what}", token.start, max(token.end, token.start + 1))


def parse(text: str) -> Node:
    """The tree of an expression. Raises ExpressionError with the offsets of the fault."""
    parser = _Parser(text)
    node = parser.choice()
    if parser.here.kind != "end":
        raise ExpressionError("syntax", f"unexpected `{parser.here.text}`", parser.here.start, parser.here.end)
    return node
