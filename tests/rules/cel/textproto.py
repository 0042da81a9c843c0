"""Reads protobuf's text format, as far as the conformance files of CEL use it, into plain dicts of lists."""

from __future__ import annotations

import re
from typing import Any

TOKEN = re.compile(
    r"""(?P<space>\s+|\#[^\n]*)
  | (?P<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
  | (?P<word>[-+.\w/]+)
  | (?P<sign>[{}\[\]<>:,;])""",
    re.VERBOSE | re.DOTALL,
)
ESCAPE = re.compile(rb"\\(?:([abfnrtv\\'\"?])|x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{1,3}))")
PLAIN = dict(zip(b"abfnrtv", b"\a\b\f\n\r\t\v", strict=True))
CLOSES = {"{": "}", "<": ">"}

Message = dict[str, list[Any]]


def read(text: str) -> Message:
    """Every field of a message as the list of its values: strings as bytes, messages as dicts, other words as text."""
    tokens = [(found.lastgroup, found.group()) for found in TOKEN.finditer(text) if found.lastgroup != "space"]
    message, at = _message(tokens, 0, "")
    assert at == len(tokens), tokens[at]
    return message


def _message(tokens: list[tuple[str | None, str]], at: int, close: str) -> tuple[Message, int]:
    message: Message = {}
    while at < len(tokens) and tokens[at][1] != close:
        name, at = _name(tokens, at)
        if tokens[at][1] == ":":
            at += 1
        if tokens[at] == ("sign", "["):
            at += 1
            while tokens[at][1] != "]":
                value, at = _value(tokens, at)
                message.setdefault(name, []).append(value)
                at += tokens[at][1] == ","
            at += 1
        else:
            value, at = _value(tokens, at)
            message.setdefault(name, []).append(value)
        if at < len(tokens) and tokens[at][1] in ",;":
            at += 1
    return message, at


def _name(tokens: list[tuple[str | None, str]], at: int) -> tuple[str, int]:
    """A field, or the bracketed name of an extension or of the type of an Any."""
    if tokens[at][1] != "[":
        return tokens[at][1], at + 1
    end = at
    while tokens[end][1] != "]":
        end += 1
    return "".join(text for _, text in tokens[at : end + 1]), end + 1


def _value(tokens: list[tuple[str | None, str]], at: int) -> tuple[Any, int]:
    kind, text = tokens[at]
    if text in CLOSES and kind == "sign":
        message, at = _message(tokens, at + 1, CLOSES[text])
        return message, at + 1
    if kind != "string":
        return text, at + 1
    said = b""
    while at < len(tokens) and tokens[at][0] == "string":
        said += ESCAPE.sub(_escaped, tokens[at][1][1:-1].encode())
        at += 1
    return said, at


def _escaped(found: re.Match[bytes]) -> bytes:
    plain, byte, *coded, octal = found.groups()
    if plain is not None:
        return bytes([PLAIN.get(plain[0], plain[0])])
    if byte is not None or octal is not None:
        return bytes([int(byte, 16) if byte is not None else int(octal, 8)])
    return chr(int(next(each for each in coded if each is not None), 16)).encode()
