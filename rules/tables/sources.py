"""Decides how late the events of a source may arrive and still count (RULES.md §3.5)."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from pathlib import Path

from ruamel.yaml.comments import CommentedMap

from rules.model.spans import parse_span
from rules.model.times import DAY, MINUTE
from rules.tables.faults import Fault, Text

LATENESS = 15 * MINUTE
"""The lateness of a source that declares none, in microseconds."""
MOST = 31 * DAY


class Sources:
    """The declared lateness of every source, in microseconds."""

    __slots__ = ("_declared", "default", "hash", "longest")

    def __init__(self, default: int = LATENESS, declared: Mapping[str, int] | None = None) -> None:
        self.default, self._declared = default, dict(declared or {})
        self.longest = max(default, *self._declared.values()) if self._declared else default
        written = repr((default, sorted(self._declared.items())))
        self.hash = blake2b(written.encode(), digest_size=16).hexdigest()

    def lateness(self, source: str) -> int:
        """How long after it occurred an event of that source may arrive and still count."""
        return self._declared.get(source, self.default)

    def having(self, source: str, lateness: int) -> Sources:
        """The same sources with the lateness that a mapping declares for its own."""
        return Sources(self.default, self._declared | {source: lateness})


def load_sources(path: Path, faults: list[Fault]) -> Sources:
    """`{default: {lateness}, sources: {name: {lateness}}}` → sources; errors are added to `faults`."""
    text = Text(path, faults)
    shape = "a sources file is {default, sources}"
    raw = text.mapping(shape)
    if raw is None:
        return Sources()
    if raw.keys() - {"default", "sources"}:
        text.fault(1, 1, "not-a-mapping", shape)
        return Sources()
    declared = raw.get("sources") or CommentedMap()
    if not isinstance(declared, CommentedMap):
        text.fault(1, 1, "not-a-mapping", "`sources` maps the name of a source to {lateness}")
        return Sources()
    default = _lateness(raw["default"], text) if "default" in raw else LATENESS
    return Sources(default, {str(name): _lateness(declared[name], text) for name in declared})


def _lateness(raw: object, text: Text) -> int:
    """Exact spans, or whole days of 24 hours."""
    line, col = (raw.lc.line, raw.lc.col) if isinstance(raw, CommentedMap) else (0, 0)
    if not isinstance(raw, CommentedMap) or set(raw) != {"lateness"}:
        text.fault(line + 1, col + 1, "missing-key", "a source says its `lateness`, and nothing else")
        return LATENESS
    line, col = raw.lc.value("lateness")
    try:
        span = parse_span(str(raw["lateness"]))
    except ValueError as error:
        text.fault(line + 1, col + 1, "not-a-duration", str(error))
        return LATENESS
    micros = span.amount * DAY if span.unit == "days" else span.amount
    if span.unit not in ("exact", "days") or micros > MOST:
        text.fault(line + 1, col + 1, "not-a-duration", f"`{raw['lateness']}`: write hours or days, at most 31 days")
        return LATENESS
    return micros
