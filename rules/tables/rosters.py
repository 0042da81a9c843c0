"""Decides who may act: dated rosters of persons (by their hash), offices and organs, by the id that items name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from hashlib import blake2b
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from rules.model.fields import HASHED, looks_like_an_identifier
from rules.tables.cells import Read, read_date, read_one_of, read_text, rows_of
from rules.tables.faults import ExampleFault, ExampleFaults, Fault, Text, meant

KINDS = ("actor", "organ", "department", "office", "officer")
"""What a row may admit: the field of an event in which it must stand (an officer in `officers`)."""
PERSONS = ("actor", "officer")


class Admission(Struct, frozen=True, kw_only=True):
    """One row: who may act under a roster from a day to the end of another."""

    roster: str
    who: str
    kind: str
    since: date = date.min
    until: date = date.max
    role: str = ""
    source: str = ""


class Rosters:
    """Every roster, by its id. Frozen."""

    __slots__ = ("_admitted", "_rows", "hash")

    def __init__(self, rows: Iterable[Admission] = ()) -> None:
        self._rows = tuple(sorted(rows, key=lambda row: (row.roster, row.kind, row.who, row.since)))
        self._admitted: dict[str, dict[str, dict[str, list[Admission]]]] = {}
        for row in self._rows:
            self._admitted.setdefault(row.roster, {}).setdefault(row.kind, {}).setdefault(row.who, []).append(row)
        self.hash = blake2b(msgspec.msgpack.encode(self._rows), digest_size=16).hexdigest()

    def __contains__(self, roster: object) -> bool:
        return roster in self._admitted

    def __iter__(self) -> Iterator[str]:
        return iter(self._admitted)

    def limits(self, roster: str, kind: str) -> bool:
        """Whether a roster says anything of this kind; one that names organs alone leaves the persons to them."""
        return kind in self._admitted.get(roster, {})

    def admits(self, roster: str, kind: str, who: str, on: date) -> bool:
        """Whether this one may act under the roster on that day."""
        rows = self._admitted.get(roster, {}).get(kind, {}).get(who, ())
        return any(row.since <= on <= row.until for row in rows)

    def with_examples(self, mapping: Mapping[str, Any]) -> Rosters:
        """These rosters with those of an example in place of the ones it names; or ExampleFaults."""
        errors: list[ExampleFault] = []
        made = [row for roster, rows in mapping.items() for row in _examples(str(roster), rows, errors)]
        if errors:
            raise ExampleFaults(errors)
        return Rosters([*(row for row in self._rows if row.roster not in mapping), *made])


def _who(raw: Any) -> str:
    if looks_like_an_identifier(read_text(raw)):
        raise ValueError("a clear identity-card or phone number: a roster names persons by their hash")
    return read_text(raw)


READ: dict[str, Read] = {
    "roster": read_text, "who": _who, "kind": read_one_of(KINDS), "from": read_date, "until": read_date,
    "role": read_text, "source": read_text,
}  # fmt: skip
REQUIRED = ("roster", "who", "kind", "from", "source")


def _unknown(name: str) -> str:
    return f"`{name}` is not a column of a roster{meant(name, READ)}"


def _fault_of(row: Admission) -> str:
    if row.until < row.since:
        return f"in force until {row.until}, before it begins on {row.since}"
    if row.kind in PERSONS and not HASHED.match(row.who):
        return f"`{row.who}` is not a hash such as `k1:…`: a roster names persons as events do"
    return ""


def load_rosters(directory: Path, faults: list[Fault]) -> Rosters:
    """Every `*.csv` of the folder → the rosters; errors are added to `faults`, the rest is still read."""
    rows: list[Admission] = []
    for path in sorted(directory.glob("*.csv")):
        text = Text(path, faults)
        for line, values in rows_of(text, READ, REQUIRED, _unknown):
            row = _admission(values)
            if fault := _fault_of(row):
                text.fault(line, 1, "bad-value", fault)
            else:
                rows.append(row)
    return Rosters(rows)


def _admission(values: Mapping[str, Any]) -> Admission:
    """A row; the column `from` is a word of Python."""
    named = {name: value for name, value in values.items() if name != "from"}
    return Admission(**named, since=values.get("from", date.min))


def _examples(roster: str, rows: Any, errors: list[ExampleFault]) -> list[Admission]:
    """`roster: [{who, kind, from, until}, …]`; the days may be left out."""
    if not isinstance(rows, list):
        errors.append(ExampleFault((roster,), "not-a-roster", f"`{roster}` is a list of {{who, kind, from, until}}"))
        return []
    found: list[Admission] = []
    for number, raw in enumerate(rows):
        before = len(errors)
        values = _example(roster, str(number), raw, errors)
        if len(errors) > before:
            continue
        row = _admission({"roster": roster, **values})
        if fault := _fault_of(row):
            errors.append(ExampleFault((roster, str(number), "who"), "bad-value", fault))
        found.append(row)
    return found


def _example(roster: str, number: str, raw: Any, errors: list[ExampleFault]) -> dict[str, Any]:
    place = (roster, number)
    if not isinstance(raw, Mapping) or not {"who", "kind"} <= raw.keys():
        errors.append(ExampleFault(place, "missing-key", "a row says `who` and of which `kind`"))
        return {}
    values: dict[str, Any] = {}
    for name, written in raw.items():
        if name not in READ or name == "roster":
            errors.append(ExampleFault((*place, str(name)), "unknown-column", _unknown(str(name))))
            continue
        try:
            values[name] = READ[name](written)
        except ValueError as error:
            errors.append(ExampleFault((*place, name), "bad-value", str(error)))
    return values
