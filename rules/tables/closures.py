"""Decides when the clocks of a region or an organ stood still by declaration: a disaster, an outage (RULES.md §3.3)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from hashlib import blake2b
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from rules.tables.cells import Read, read_date, read_one_of, read_text, rows_of
from rules.tables.faults import Fault, Text, meant
from rules.tables.regions import CODE, NAMED, prefix_of

CAUSES = ("disaster", "outage")


class Closure(Struct, frozen=True, kw_only=True, order=True):
    """One closure, as it was declared. `since` and `until` are whole days, both closed, or local times of the region.

    An empty region is everywhere, an empty organ all of them.
    """

    since: date | datetime
    until: date | datetime
    region: str = ""
    organ: str = ""
    cause: str
    basis: str
    approved_by: str


class Closures:
    """Every closure of a book."""

    __slots__ = ("_rows", "hash")

    def __init__(self, rows: Iterable[Closure] = ()) -> None:
        self._rows = sorted(rows, key=lambda row: (str(row.since), str(row.until), row.region, row.organ))
        self.hash = blake2b(msgspec.msgpack.encode(self._rows), digest_size=16).hexdigest()

    def __len__(self) -> int:
        return len(self._rows)

    def of(self, region: str) -> tuple[Closure, ...]:
        """The closures of a region, of any organ, by their beginning."""
        return tuple(row for row in self._rows if _holds_in(row.region, region))


def _holds_in(closed: str, region: str) -> bool:
    return region == closed or not closed or (closed.isdigit() and region.startswith(prefix_of(closed)))


def _moment(raw: Any) -> date | datetime:
    """`2026-07-01`, or `2026-07-01T08:30` in local time."""
    written = read_text(raw)
    if len(written) == 10:
        return read_date(written)
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        raise ValueError(f"`{raw}` is neither a date nor a time such as `2026-07-01T08:30`") from None
    if moment.tzinfo is not None:
        raise ValueError(f"`{raw}`: a closure is written in the local time of its region, without an offset")
    return moment


def _region(raw: Any) -> str:
    code = read_text(raw)
    if not (CODE.match(code) or NAMED.match(code)):
        raise ValueError(f"`{code}` is neither a region code of 6, 9 or 12 digits nor a name")
    return code


READ: dict[str, Read] = {
    "from": _moment, "until": _moment, "region": _region, "organ": read_text, "cause": read_one_of(CAUSES),
    "basis": read_text, "approved_by": read_text,
}  # fmt: skip
REQUIRED = ("from", "until", "cause", "basis", "approved_by")


def _unknown(name: str) -> str:
    return f"`{name}` is not a column of closures{meant(name, READ)}"


def load_closures(directory: Path, faults: list[Fault]) -> Closures:
    """Every `*.csv` of the folder → the closures; errors are added to `faults`, the rest is still read."""
    rows: list[Closure] = []
    for path in sorted(directory.glob("*.csv")):
        text = Text(path, faults)
        for line, values in rows_of(text, READ, REQUIRED, _unknown):
            since, until = values.pop("from"), values.pop("until")
            if isinstance(since, datetime) != isinstance(until, datetime):
                text.fault(line, 1, "bad-value", "a closure begins and ends on days, or at times")
            elif until < since:
                text.fault(line, 1, "bad-value", f"closed until {until}, before it begins on {since}")
            else:
                rows.append(Closure(since=since, until=until, **values))
    return Closures(rows)
