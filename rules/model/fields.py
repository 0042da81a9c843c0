"""Decides how fields of the contract are marked: judged (rules may read them), landed, opaque; personal."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from math import isfinite
from typing import Annotated, Any, TypeAlias, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta, Struct

from rules.model.times import parse_day, parse_time


class Mark(msgspec.Struct, frozen=True):
    """What a field is for. `kind` is the type that expressions see; free text is kept as blank or not."""

    use: str
    kind: str
    personal: bool = False
    optional: bool = False


MOST_ELEMENTS, LONGEST_WORD = 1000, 1000
"""What one field may hold: a condition that goes through two lists of the event must stay cheap."""


def _marked(use: str, kind: str, personal: bool = False, most: int | None = None) -> Meta:
    shown = {"x-use": use, "x-personal": personal}
    return Meta(extra={"mark": Mark(use, kind, personal)}, extra_json_schema=shown, max_length=most)


Element = Annotated[str, Meta(max_length=LONGEST_WORD)]
Word = Annotated[str, _marked("judged", "string", most=LONGEST_WORD)]
Words = Annotated[list[Element], _marked("judged", "strings", most=MOST_ELEMENTS)]
Number = Annotated[float, _marked("judged", "number")]
Whole = Annotated[int, _marked("judged", "number")]
Flag = Annotated[bool, _marked("judged", "bool")]
Moment = Annotated[str, _marked("judged", "moment")]
Loose = Annotated[float | str | None, _marked("judged", "number")]
Person = Annotated[str, _marked("judged", "string", personal=True, most=LONGEST_WORD)]
People = Annotated[list[Element], _marked("judged", "strings", personal=True, most=MOST_ELEMENTS)]
FreeText = Annotated[str, _marked("judged", "text", personal=True)]
Landed = Annotated[str, _marked("landed", "string")]
LandedWords = Annotated[list[str], _marked("landed", "strings")]
LandedText = Annotated[str, _marked("landed", "text", personal=True)]
Opaque = Annotated[dict[str, Any] | None, _marked("opaque", "map")]

FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2899, 12, 31)
FIRST_MOMENT, LAST_MOMENT = parse_time("1900-01-01T00:00:00Z"), parse_time("2899-12-31T23:59:59Z")
BLANK = frozenset({"", "无", "/", "。", "-", "—", "、", ".", "n/a", "N/A", "none", "None", "null"})
SAYS_SOMETHING = "…"
_CARD = r"[1-9]\d{5}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx]"
_MOBILE = r"(?:\+?86[- ]?)?(?:1[3-9]\d{9}|1[3-9]\d-\d{4}-\d{4}|1[3-9]\d \d{4} \d{4})"
"""With separators only as people group it, 3-4-4: a licence `1742271-1006` is none."""
IN_TEXT = re.compile(rf"(?<!\d)(?:{_CARD}|{_MOBILE})(?!\d)")
IN_CODE = re.compile(rf"(?<![0-9A-Za-z])(?:{_CARD}|{_MOBILE})(?![0-9A-Za-z])")
"""A code may hold such digits by chance (hashes, serial numbers); they count where nothing else of a code adjoins."""
WHOLE = (11, 13, 18)
"""How long a code is that is nothing but such a number."""
HASHED = re.compile(r"k[0-9]+:[0-9a-f]{16,64}\Z")

Time: TypeAlias = int | date


def is_blank(text: str | None) -> bool:
    """True when a text says nothing: empty, spaces, or one of the fillers that clerks type (无, /, 。)."""
    return text is None or text.strip() in BLANK


def looks_like_an_identifier(text: str) -> bool:
    """True when a person's field or a free text shows a clear identity-card or mobile number."""
    return len(text) >= 11 and not HASHED.match(text) and IN_TEXT.search(text) is not None


def holds_an_identifier(code: str) -> bool:
    """True when a code, a name or an id is or holds a clear identity-card or mobile number."""
    if code.isascii() and code.isalnum() and len(code) not in WHOLE:  # a hash or a serial number: nothing adjoins
        return False
    return len(code) >= 11 and IN_CODE.search(code) is not None


def marks(struct: type[Struct]) -> dict[str, Mark]:
    """The mark of every field of a data struct, in their order. Raises TypeError for an unmarked one."""
    found: dict[str, Mark] = {}
    hints = get_type_hints(struct, include_extras=True)
    for field in msgspec.structs.fields(struct):
        mark = _mark_of(hints[field.name])
        if mark is None:
            raise TypeError(f"{struct.__name__}.{field.name} carries no mark")
        optional = mark.kind == "moment" or type(None) in get_args(get_type_hints(struct)[field.name])
        found[field.name] = msgspec.structs.replace(mark, optional=optional)
    return found


def _mark_of(hint: Any) -> Mark | None:
    if get_origin(hint) is Annotated:
        for meta in get_args(hint)[1:]:
            if isinstance(meta, Meta) and meta.extra and "mark" in meta.extra:
                mark: Mark = meta.extra["mark"]
                return mark
    for part in get_args(hint):
        mark_found = _mark_of(part)
        if mark_found is not None:
            return mark_found
    return None


def to_moment(text: str) -> Time | None:
    """A written time → microseconds, a date → a date, an empty text → None. Raises ValueError.

    What lies beyond any calendar (`9999-12-31`, for ever) is kept as the last day, so that one can count on.
    """
    if not text:
        return None
    if len(text) == 10:
        return min(max(parse_day(text), FIRST_DAY), LAST_DAY)
    return min(max(parse_time(text), FIRST_MOMENT), LAST_MOMENT)


def to_number(value: float | str | None) -> float | None:
    """A number, or the number that a text spells; anything else is None (CLOCKS.md 12)."""
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
    return float(value) if value is not None and isfinite(value) else None


def to_text(text: str) -> str:
    """Free text is reduced to whether it says anything, so that none of it rests in state or evidence."""
    return "" if is_blank(text) else SAYS_SOMETHING


CONVERT: dict[str, Callable[[Any], Any]] = {"moment": to_moment, "text": to_text}
