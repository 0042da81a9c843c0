"""Decides into which words the text of an expression falls, and what a literal says."""

from __future__ import annotations

import re
from collections.abc import Iterator
from math import isfinite

from msgspec import Struct

from rules.model.spans import Span, parse_span

TOKEN = re.compile(
    r"""(?P<space>(?:\s+|//[^\n]*)+)
  | (?P<span>\d+(?:\.\d+)?\s*(?:workdays?|workhours?|days?|hours?|h|m|s)\b)
  | (?P<number>(?:0[xX][0-9a-fA-F]+|(?:\d+\.\d+|\.\d+|\d+)(?:[eE][-+]?\d+)?)[uU]?)
  | (?P<raw>[bB]?[rR][bB]?(?:\"{3}.*?\"{3}|'{3}.*?'{3}|"[^"\n\r]*"|'[^'\n\r]*'))
  | (?P<string>[bB]?(?:\"{3}(?:[^\\]|\\.)*?\"{3}|'{3}(?:[^\\]|\\.)*?'{3}|"(?:[^"\\\n\r]|\\.)*"|'(?:[^'\\\n\r]|\\.)*'))
  | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
  | (?P<op>\|\||&&|==|!=|<=|>=|[-+*/%<>!?:.,()\[\]{}])""",
    re.VERBOSE | re.DOTALL,
)
ESCAPE = re.compile(
    r"\\(?:([abfnrtv\\'\"`?])|[xX]([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2})|.?)", re.DOTALL
)
PLAIN = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
LONGEST_NUMBER = 24
LEAST_WHOLE, MOST_WHOLE = -(1 << 63), (1 << 63) - 1
UNSIGNED = "numbers are signed here: leave the `u` away"
BYTES = "there are no bytes here: leave the `b` away"


class ExpressionError(Exception):
    """A fault in an expression: `start` and `end` are offsets in its text, `code` is stable."""

    def __init__(self, code: str, message: str, start: int, end: int, hint: str = "") -> None:
        super().__init__(message)
        self.code, self.message, self.start, self.end, self.hint = code, message, start, end, hint


class Token(Struct, frozen=True):
    kind: str
    text: str
    start: int
    end: int


def tokens(text: str) -> Iterator[Token]:
    """The words of an expression, and one `end`. Raises ExpressionError where there is no word."""
    at = 0
    while at < len(text):
        match = TOKEN.match(text, at)
        if match is None:
            message = "this text is not closed" if text[at] in "\"'" else f"unexpected `{text[at]}`"
            raise ExpressionError("syntax", message, at, at + 1)
        if match.lastgroup != "space":
            yield Token(match.lastgroup or "", match.group(), at, match.end())
        at = match.end()
    yield Token("end", "", at, at)


def value_of(token: Token, sign: str = "") -> str | float | Span:
    """What a literal says. Raises ExpressionError for one that says nothing."""
    if token.kind in ("string", "raw"):
        return _text(token)
    if token.kind == "number":
        return _number(token, sign)
    if len(token.text) > LONGEST_NUMBER:
        raise _too_large(token)
    try:
        return parse_span(token.text)
    except ValueError as error:
        message, _, hint = str(error).partition("; ")
        raise ExpressionError("not-a-duration", message, token.start, token.end, hint) from error


def _number(token: Token, sign: str) -> float:
    text = token.text
    if text[-1] in "uU":
        raise ExpressionError("not-supported", UNSIGNED, token.start, token.end)
    if len(text) > LONGEST_NUMBER:
        raise _too_large(token)
    if text[:2] in ("0x", "0X") or text.isdigit():
        whole = int(sign + text, 16 if text[:2] in ("0x", "0X") else 10)
        if not LEAST_WHOLE <= whole <= MOST_WHOLE:
            raise _too_large(token)
        return whole
    number = float(sign + text)
    if not isfinite(number):
        raise _too_large(token)
    return number


def _too_large(token: Token) -> ExpressionError:
    return ExpressionError("too-large", "a number of this size cannot be counted with", token.start, token.end)


def _text(token: Token) -> str:
    """The characters of a string literal, its escapes read."""
    opening = len(token.text) - len(token.text.lstrip("bBrR"))
    if set(token.text[:opening]) & set("bB"):
        raise ExpressionError("not-supported", BYTES, token.start, token.end)
    quotes = 3 if token.text[opening : opening + 3] in ('"""', "'''") and len(token.text) >= opening + 6 else 1
    begin = opening + quotes
    inside = token.text[begin:-quotes]
    if token.kind == "raw":
        return inside
    return ESCAPE.sub(lambda found: _escaped(found, token.start + begin), inside)


def _escaped(found: re.Match[str], offset: int) -> str:
    plain, *coded, octal = found.groups()
    if plain is not None:
        return PLAIN.get(plain, plain)
    digits = next((each for each in coded if each is not None), None)
    code = int(digits, 16) if digits is not None else int(octal, 8) if octal is not None else -1
    if not 0 <= code <= 0x10FFFF or 0xD800 <= code <= 0xDFFF:
        start, end = offset + found.start(), offset + found.end()
        hint = "write a backslash itself as `\\\\`, or the text as r'…'"
        raise ExpressionError("syntax", f"`{found[0]}` is no escape", start, max(end, start + 1), hint)
    return chr(code)
