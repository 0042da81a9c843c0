"""Where one SQL statement ends and the next begins."""

import re

_TOKENS = re.compile(
    r"'(?:\\.|''|[^'\\])*'"  # text
    r"|`(?:\\.|[^`\\])*`|\"(?:\\.|[^\"\\])*\""  # quoted names
    r"|(?P<comment>--[^\n]*|/\*.*?\*/)"
    r"|(?P<end>;)",
    re.DOTALL,
)


def split(text: str) -> list[str]:
    """The statements of `text` in order, without comments, empty ones and the semicolons between them."""
    statements: list[str] = []
    kept: list[str] = []
    position = 0
    for token in _TOKENS.finditer(text):
        if token["comment"] is None and token["end"] is None:
            continue
        kept.append(text[position : token.start()])
        position = token.end()
        if token["end"]:
            statements.append("".join(kept).strip())
            kept = []
        else:
            kept.append(" ")
    statements.append(("".join(kept) + text[position:]).strip())
    return [statement for statement in statements if statement]
