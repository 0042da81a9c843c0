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
LONGEST_NUMBER = 24
LONGEST = 4000
WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None}
ESCAPES = {"n": "\n", "t": "\t", "\\": "\\", "'": "'", '"': '"'}


class ExpressionError(Exception):
    """A fault in an expression: `start` and `end` are offsets in its text, `code` is stable."""

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


def _unexpected(token: Token, message: str) -> ExpressionError:
    return ExpressionError("syntax", message, token.start, max(token.end, token.start + 1))


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
        return tuple(args), end.end

    def primary(self) -> Node:
        token = self.here
        self.count(token)
        self.at += 1
        if token.kind in ("span", "number", "string"):
            return Literal(value=_value(token), start=token.start, end=token.end)
        if token.kind == "name":
            return self.named(token)
        if token.text == "(":
            node = self.choice()
            self.expect(")")
            return node
        if token.text == "[":
            items, end = self.arguments("]")
            return Items(of=items, start=token.start, end=end)
        what = f"`{token.text}`" if token.text else "the end"
        raise _unexpected(token, f"unexpected {what}")

    def named(self, token: Token) -> Node:
        if token.text in WORDS:
            return Literal(value=WORDS[token.text], start=token.start, end=token.end)
        if self.accept("("):
            args, end = self.arguments()
            return Call(name=token.text, target=None, args=args, start=token.start, end=end)
        return Name(name=token.text, start=token.start, end=token.end)


def _value(token: Token) -> str | float | Span:
    """What a literal says."""
    if token.kind == "string":
        return re.sub(r"\\(.)", lambda found: ESCAPES.get(found[1], found[1]), token.text[1:-1], flags=re.DOTALL)
    if len(token.text) > LONGEST_NUMBER:
        raise ExpressionError("too-large", "a number has too many digits", token.start, token.end)
    if token.kind == "number":
        return float(token.text) if "." in token.text else int(token.text)
    try:
        return parse_span(token.text)
    except ValueError as error:
        message, _, hint = str(error).partition("; ")
        raise ExpressionError("not-a-duration", message, token.start, token.end, hint) from error


def parse(text: str) -> Node:
    """The tree of an expression. Raises ExpressionError with the offsets of the fault."""
    if len(text) > LONGEST:
        raise ExpressionError("too-costly", f"an expression has at most {LONGEST} characters", 0, 1)
    parser = _Parser(text)
    node = parser.choice()
    if parser.here.kind != "end":
        raise _unexpected(parser.here, f"unexpected `{parser.here.text}`")
    return node
