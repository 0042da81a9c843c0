"""Decides what is declared of the sources of events: how late they may come (RULES.md §3.5), how often they send."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from pathlib import Path
from typing import Any

from msgspec import Struct
from ruamel.yaml.comments import CommentedSeq

from rules.model.spans import parse_span
from rules.model.times import DAY, MINUTE
from rules.tables.expected import KEYS, Expected, read_expected, unknown_keys
from rules.tables.faults import ExampleFault, ExampleFaults, Fault, Text

LATENESS = 15 * MINUTE
"""The lateness of a source that declares none, in microseconds."""
MOST = 31 * DAY
LATE, HOLD = "lateness", "hold_back"


class Declared(Struct, frozen=True):
    """What a file says of one source."""

    lateness: int
    hold_back: int = 0
    expected: Expected | None = None


class Sources:
    """The declared lateness of every source, in microseconds; the roster of those that are to send something; and by
    how much clocks that wait for a source are held back."""

    __slots__ = ("_declared", "_held", "default", "expected", "hash", "longest")

    def __init__(
        self,
        default: int = LATENESS,
        declared: Mapping[str, int] | None = None,
        expected: Mapping[str, Expected] | None = None,
        held: Mapping[str, int] | None = None,
    ) -> None:
        self._held = dict(held or {})
        self.default, self._declared, self.expected = default, dict(declared or {}), dict(expected or {})
        self.longest = max(default, *self._declared.values()) if self._declared else default
        written = repr(
            (default, sorted(self._declared.items()), sorted(self.expected.items()), sorted(self._held.items()))
        )
        self.hash = blake2b(written.encode(), digest_size=16).hexdigest()

    def lateness(self, source: str) -> int:
        """How long after it occurred an event of that source may arrive and still count."""
        return self._declared.get(source, self.default)

    @property
    def holds_back(self) -> bool:
        """Whether any source holds clocks back."""
        return bool(self._held)

    def hold_back(self, source: str) -> int:
        """How much later than it is due a clock fires that waits for events of that source (RULES.md §3.5)."""
        return self._held.get(source, 0)

    def having(self, source: str, lateness: int) -> Sources:
        """The same sources with the lateness that a mapping declares for its own."""
        return Sources(self.default, self._declared | {source: lateness}, self.expected, self._held)

    def with_examples(self, mapping: Mapping[str, Any]) -> Sources:
        """These sources with what an example declares, whose roster stands in place of theirs; or ExampleFaults."""
        errors: list[ExampleFault] = []
        read = {str(name): _source(raw, (str(name),), self.default, errors) for name, raw in mapping.items()}
        if errors:
            raise ExampleFaults(errors)
        return self.declaring(read)

    def declaring(self, read: Mapping[str, Declared]) -> Sources:
        """These sources with what is declared of some of them; the roster is theirs alone."""
        late = self._declared | {name: each.lateness for name, each in read.items()}
        held = self._held | {name: each.hold_back for name, each in read.items()}
        expected = {name: each.expected for name, each in read.items() if each.expected is not None}
        return Sources(self.default, late, expected, {name: span for name, span in held.items() if span})


def load_sources(path: Path, faults: list[Fault]) -> Sources:
    """`{default: {lateness}, sources: {name: {lateness, expect_every, …}}}` → sources; errors go to `faults`."""
    text = Text(path, faults)
    shape = "a sources file is {default, sources}"
    raw = text.mapping(shape)
    if raw is None:
        return Sources()
    if raw.keys() - {"default", "sources"}:
        text.fault(1, 1, "not-a-mapping", shape)
        return Sources()
    declared = raw.get("sources") or {}
    if not isinstance(declared, Mapping):
        text.fault(1, 1, "not-a-mapping", "`sources` maps the name of a source to {lateness, expect_every, …}")
        return Sources()
    errors: list[ExampleFault] = []
    default = _default(raw["default"], errors) if "default" in raw else LATENESS
    read = {str(name): _source(each, ("sources", str(name)), default, errors) for name, each in declared.items()}
    for error in errors:
        text.fault(*_place(raw, error.path, error.code), error.code, error.message)
    return Sources(default).declaring(read)


def _place(raw: Any, path: tuple[str, ...], code: str) -> tuple[int, int]:
    """Line and column of the value that a path names; of the key where that is wrong."""
    line, col = raw.lc.line, raw.lc.col
    for name in path:
        if isinstance(raw, CommentedSeq):
            line, col = raw.lc.item(int(name))
            raw = raw[int(name)]
            continue
        key = next((each for each in raw if str(each) == name), None)
        if key is None:
            break
        line, col = raw.lc.key(key) if code == "unknown-key" and name == path[-1] else raw.lc.value(key)
        raw = raw[key]
    return line + 1, col + 1


def _default(raw: object, errors: list[ExampleFault]) -> int:
    if not isinstance(raw, Mapping) or set(raw) != {"lateness"}:
        errors.append(ExampleFault(("default",), "missing-key", "what holds for every source is its `lateness` alone"))
        return LATENESS
    return _lateness(raw["lateness"], ("default", "lateness"), errors)


def _source(raw: object, place: tuple[str, ...], default: int, errors: list[ExampleFault]) -> Declared:
    """What one source declares: its lateness, or the default, what it holds back, and what is expected of it."""
    if not isinstance(raw, Mapping) or not raw:
        errors.append(ExampleFault(place, "missing-key", "a source says its `lateness`, `expect_every`, or both"))
        return Declared(default)
    errors += unknown_keys(raw, (LATE, HOLD, *KEYS), place)
    late = _lateness(raw[LATE], (*place, LATE), errors) if LATE in raw else default
    held = _lateness(raw[HOLD], (*place, HOLD), errors) if HOLD in raw else 0
    return Declared(late, held, read_expected(raw, place, errors))


def _lateness(raw: object, place: tuple[str, ...], errors: list[ExampleFault]) -> int:
    """Exact spans, or whole days of 24 hours."""
    try:
        span = parse_span(str(raw))
    except ValueError as error:
        errors.append(ExampleFault(place, "not-a-duration", str(error)))
        return LATENESS
    micros = span.amount * DAY if span.unit == "days" else span.amount
    if span.unit not in ("exact", "days") or micros > MOST:
        errors.append(ExampleFault(place, "not-a-duration", f"`{raw}`: write hours or days, at most 31 days"))
        return LATENESS
    return micros
