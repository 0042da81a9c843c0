"""Decides the fact that a message of each type is, and what in it shows an identity; written out once per type.

These functions run per event: each is made of our own field names, straight, without a loop over them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from sys import intern
from typing import Any

import msgspec

from rules.model.contract import DELETED, OPERATIONS, Envelope, Event, EventType, Fact
from rules.model.fields import CONVERT, HASHED, WHOLE, Mark, holds_an_identifier, looks_like_an_identifier, to_number
from rules.model.times import CLOCKS, HOURS, TAILS, parse_time

Build = Callable[[Any, int, int, int], Fact]
Guard = Callable[[Any], str]
Read = Callable[[Envelope], Event | None]

EARLIEST, LATEST = parse_time("1900-01-01T00:00:00Z"), parse_time("2900-01-01T00:00:00Z")
MAY_BE_PERSONS = ("object_id", "objects")
"""Supervised objects are firms, or natural persons, whose numbers must not be clear either."""
SHORTEST, LONGEST = min(WHOLE), max(WHOLE)
"""How many characters a clear identity has at least, and at most where it is all of a code."""
MOST_KNOWN = 20_000


def builder(kind: EventType) -> Build:
    """A function (message, occurred, recorded, received) → fact."""
    parts = "".join(f", {_held(f'd.{field}', kind.fields[field])}" for field in kind.judged)
    made = f"Made(intern(m.source), m.id, occurred, recorded, received, OPS[m.operation], m.precision == 'day'{parts})"
    built: Build = _function(kind, "build(m, occurred, recorded, received)", [" d = m.data", f" return {made}"])
    return built


def guard(kind: EventType) -> Guard:
    """A function message → the path of what shows a clear identity."""
    lines = [" d = m.data"]
    for field, mark in kind.fields.items():
        if shown := _shown(field, mark, "v"):
            lines += [f" v = d.{field}", f" if {shown}: return '$.data.{field}'"]
    lines += [f" v = m.subject\n if len(v) >= {SHORTEST} and text(v): return '$.subject'"]
    for field in ("id", "source"):
        lines += [f" v = m.{field}\n if len(v) >= {SHORTEST} and code(v): return '$.{field}'"]
    made: Guard = _function(kind, "guard(m)", [*lines, " return ''"])
    return made


def reader(kind: EventType) -> Read:
    """A function message → event, in one go; None for one in which something is unusual, or wrong.

    It raises what the reading of times raises; the caller reads such a message again, fault by fault.
    """
    lines = [
        " s = m.subject; i = m.id; o = m.source; operation = OPS[m.operation]",
        f" if not s or not i or not o or operation == {DELETED}: return None",
        f" if len(s) >= {SHORTEST} and text(s): return None",
        f" if (len(i) >= {SHORTEST} and not (len(i) > {LONGEST} and i.isalnum() and i.isascii())",
        "  and code(i)): return None",
        " o = sources.get(o) or source(o)",
        " d = m.data",
        *_fields_read(kind),
        " t = m.time",
        " try: occurred = HOURS[t[:13]] + CLOCKS[t[13:19]] + TAILS[t[19:]]",
        " except KeyError:",
        "  occurred = parse_time(t)",
        "  if not EARLIEST < occurred < LATEST: return None",
    ]
    for name, field, before in (("recorded", "recordedat", "occurred"), ("received", "receivedat", "recorded")):
        lines += [
            f" t = m.{field}",
            f" if not t: {name} = {before}",
            " else:",
            f"  {name} = parse_time(t)",
            f"  if not EARLIEST < {name} < LATEST: return None",
        ]
    parts = "".join(f", {_held(f'v{n}', m)}" for n, (f, m) in enumerate(kind.fields.items()) if f in kind.judged)
    lines += [
        " whole_day = m.precision == 'day'",
        f" fact = Made(o, i, occurred, recorded, received, operation, whole_day{parts})",
        f" return Event(s, fact, {kind.rank}, occurred, recorded, not whole_day)",
    ]
    read: Read = _function(kind, "read(m)", lines)
    return read


def _fields_read(kind: EventType) -> Iterator[str]:
    for number, (field, mark) in enumerate(kind.fields.items()):
        value = f"v{number}"
        yield f" {value} = d.{field}"
        if mark.kind == "string" and _is_person(field, mark):
            yield f" if {value} and not hashed({value}) and text({value}): return None"
        elif shown := _shown(field, mark, value):
            yield f" if {shown}: return None"


def _held(value: str, mark: Mark) -> str:
    """The Python of what a fact keeps of a value."""
    convert = CONVERT.get(mark.kind)
    if convert is not None:
        return f"({convert.__name__}({value}) if {value} else {'None' if mark.kind == 'moment' else repr('')})"
    return f"(None if {value} is None else to_number({value}))" if mark.kind == "number" else value


def _is_person(field: str, mark: Mark) -> bool:
    return mark.personal or field in MAY_BE_PERSONS or mark.kind == "map"


def _shown(field: str, mark: Mark, value: str) -> str:
    """The condition under which the value of a field shows an identity; empty for one that cannot."""
    shows = "text" if _is_person(field, mark) else "code"
    if mark.kind == "strings":
        return f"{value} and any({shows}(x) for x in {value})"
    if mark.kind == "map":
        return f"{value} and {shows}(written({value}))"
    return f"{value} and len({value}) >= {SHORTEST} and {shows}({value})" if mark.kind in ("string", "text") else ""


_sources: dict[str, str] = {}


def _source(name: str) -> str:
    """The one copy of the name of a source. Raises ValueError where it shows a clear identity."""
    if len(name) >= SHORTEST and holds_an_identifier(name):
        raise ValueError("a clear identity")
    if len(_sources) >= MOST_KNOWN:
        _sources.clear()
    return _sources.setdefault(name, intern(name))


def _written(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _function(kind: EventType, head: str, lines: list[str]) -> Any:
    names: dict[str, Any] = {convert.__name__: convert for convert in CONVERT.values()}
    names |= {"Made": kind.fact, "Event": Event, "OPS": OPERATIONS, "intern": intern, "to_number": to_number}
    names |= {"text": looks_like_an_identifier, "code": holds_an_identifier, "written": _written}
    names |= {"hashed": HASHED.match, "sources": _sources, "source": _source}
    names |= {"HOURS": HOURS, "CLOCKS": CLOCKS, "TAILS": TAILS, "parse_time": parse_time}
    names |= {"EARLIEST": EARLIEST, "LATEST": LATEST}
    source = "\n".join([f"def {head}:", *lines])
    exec(compile(source, f"<{head} of {kind.name}>", "exec"), names)  # the source is made of our own field names
    return names[head.partition("(")[0]]
