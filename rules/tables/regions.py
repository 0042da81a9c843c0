"""Decides what holds in a region: zone, calendar, office hours, off-hours option, colours of severities."""

from __future__ import annotations

import re
from collections.abc import Mapping
from hashlib import blake2b
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct
from ruamel.yaml.comments import CommentedMap

from rules.model.alerts import SEVERITIES
from rules.model.times import HOUR, MINUTE, zone_of
from rules.tables.faults import Fault, Text, meant

CODE = re.compile(r"(?:\d{6}|\d{9}|\d{12})\Z")
NAMED = re.compile(r"[A-Za-z][A-Za-z0-9_-]*\Z")
HOURS = re.compile(r"([01]\d|2[0-4]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)\Z")
COLOUR = re.compile(r"#[0-9a-f]{6}\Z")
OFF_HOURS = ("same_day", "next_workday")
LEVELS = (12, 9, 6, 4, 2)


class Region(Struct, frozen=True, kw_only=True):
    """What is declared for one region and everything under it; the palette maps a severity to a colour."""

    code: str = ""
    name_zh: str = ""
    name_en: str = ""
    zone: str = "Asia/Shanghai"
    calendar: str = "cn"
    off_hours: str = "same_day"
    office_hours: tuple[tuple[int, int], ...] = ((9 * HOUR, 12 * HOUR), (13 * HOUR, 17 * HOUR))
    palette: dict[str, str] = {}


class Regions:
    """Regions by the longest declared prefix of their code. Remembers what it was asked."""

    __slots__ = ("_asked", "_declared", "default", "hash")

    def __init__(self, default: Region, declared: Mapping[str, Region]) -> None:
        """`declared` by significant prefix (see `prefix_of`) or by name."""
        self.default = default
        self._declared = dict(declared)
        self._asked: dict[str, Region] = {}
        written = msgspec.msgpack.encode((default, self._declared), order="sorted")
        self.hash = blake2b(written, digest_size=16).hexdigest()

    def of(self, region: str) -> Region:
        """What holds in a region; the default where nothing is declared."""
        found = self._asked.get(region)
        if found is None:
            if len(self._asked) > 100_000:
                self._asked.clear()
            found = self._asked[region] = self._find(region)
        return found

    def _find(self, region: str) -> Region:
        if not region.isdigit():
            return self._declared.get(region, self.default)
        for length in LEVELS:
            if length <= len(region) and region[:length] in self._declared:
                return self._declared[region[:length]]
        return self.default

    def zone(self, region: str) -> str:
        """The IANA name of the region's zone."""
        return self.of(region).zone

    def calendar(self, region: str) -> str:
        """The name of the region's calendar."""
        return self.of(region).calendar

    def colour(self, region: str, severity: str) -> str:
        """The colour that a severity shows there, as #rrggbb."""
        return self.of(region).palette[severity]


def prefix_of(code: str) -> str:
    """The digits of a region code that say something: 430000 is 43, 510100 is 5101, 510107000 is 510107."""
    for length in (9, 6):
        if len(code) > length and not code[length:].strip("0"):
            code = code[:length]
    while len(code) == 6 or len(code) == 4:
        if code[-2:] != "00":
            break
        code = code[:-2]
    return code


class _Reading:
    """One regions file being read: every error with its place."""

    def __init__(self, text: Text, calendars: set[str]) -> None:
        self.text, self.calendars = text, calendars
        self.palettes: dict[str, dict[str, str]] = {}

    def fault(self, within: CommentedMap, key: str, code: str, message: str, at_value: bool = False) -> None:
        line, col = within.lc.value(key) if at_value else within.lc.key(key)
        self.text.fault(line + 1, col + 1, code, message)

    def mapping(self, within: CommentedMap, key: str) -> CommentedMap:
        found = within.get(key, CommentedMap())
        if isinstance(found, CommentedMap):
            return found
        self.fault(within, key, "not-a-mapping", f"`{key}` is a mapping", at_value=True)
        return CommentedMap()

    def known(self, within: CommentedMap, allowed: tuple[str, ...]) -> None:
        for key in within:
            if key not in allowed:
                hint = meant(key, allowed) or f"; known are {', '.join(allowed)}"
                self.fault(within, key, "unknown-key", f"`{key}` is not known here{hint}")

    def read_palettes(self, raw: CommentedMap) -> None:
        for name in raw:
            colours = self.mapping(raw, name)
            self.known(colours, SEVERITIES)
            for severity in colours:
                if not COLOUR.match(str(colours[severity])):
                    self.fault(
                        colours,
                        severity,
                        "not-a-colour",
                        f"`{colours[severity]}` is not #rrggbb",
                        at_value=True,
                    )
            missing = [severity for severity in SEVERITIES if severity not in colours]
            if missing:
                self.fault(raw, name, "missing-severity", f"`{name}` has no colour for {', '.join(missing)}")
            self.palettes[name] = {severity: str(colours.get(severity, "#000000")) for severity in SEVERITIES}

    def region(self, code: str, raw: CommentedMap, default: Region) -> Region:
        # `params` is read where the rules are known (rules/language/overrides.py)
        self.known(raw, ("name", "zone", "calendar", "off_hours", "office_hours", "palette", "params"))
        names = self.mapping(raw, "name")
        values: dict[str, Any] = {
            "code": code,
            "name_zh": str(names.get("zh", "")),
            "name_en": str(names.get("en", "")),
        }
        for key, read in (
            ("zone", self._zone),
            ("calendar", self._calendar),
            ("off_hours", self._off_hours),
            ("office_hours", self._office_hours),
            ("palette", self._palette),
        ):
            if key in raw:
                try:
                    values[key] = read(raw[key])
                except ValueError as error:
                    self.fault(raw, key, "bad-value", str(error), at_value=True)
        return msgspec.structs.replace(default, **values)

    def _zone(self, raw: object) -> str:
        zone_of(str(raw))
        return str(raw)

    def _calendar(self, raw: object) -> str:
        return self._one_of(raw, tuple(sorted(self.calendars)), "calendar")

    def _off_hours(self, raw: object) -> str:
        return self._one_of(raw, OFF_HOURS, "off-hours option")

    def _palette(self, raw: object) -> dict[str, str]:
        return self.palettes[self._one_of(raw, tuple(self.palettes), "palette")]

    def _one_of(self, raw: object, allowed: tuple[str, ...], what: str) -> str:
        if raw not in allowed:
            raise ValueError(f"`{raw}` is no {what}; known are {', '.join(allowed) or 'none'}")
        return str(raw)

    def _office_hours(self, raw: object) -> tuple[tuple[int, int], ...]:
        found: list[tuple[int, int]] = []
        for part in raw if isinstance(raw, list) and raw else [raw]:
            written = HOURS.match(str(part))
            if written is None:
                raise ValueError(f"`{part}` is not `09:00-12:00`")
            hour, minute, until_hour, until_minute = (int(each) for each in written.groups())
            begin, end = hour * HOUR + minute * MINUTE, until_hour * HOUR + until_minute * MINUTE
            if begin >= end or end > 24 * HOUR or (found and begin < found[-1][1]):
                raise ValueError(f"`{part}` ends before it begins, or overlaps the hours before it")
            found.append((begin, end))
        return tuple(found)


def load_regions(path: Path, calendars: set[str], faults: list[Fault]) -> Regions:
    """The regions file → regions; errors are added to `faults`."""
    text = Text(path, faults)
    reading = _Reading(text, calendars)
    raw = text.mapping("a regions file is {palettes, default, regions}")
    if raw is None:
        return Regions(Region(), {})
    reading.known(raw, ("palettes", "default", "regions"))
    reading.read_palettes(reading.mapping(raw, "palettes"))
    default = reading.region("", reading.mapping(raw, "default"), Region())
    if not default.palette and not faults:
        text.fault(1, 1, "missing-palette", "`default` names no palette")
    return Regions(default, _declared(reading, reading.mapping(raw, "regions"), default))


def _declared(reading: _Reading, raw: CommentedMap, default: Region) -> dict[str, Region]:
    found: dict[str, Region] = {}
    for code in sorted(raw, key=lambda each: len(prefix_of(str(each)))):
        if not isinstance(code, str) or not (CODE.match(code) or NAMED.match(code)):
            reading.fault(raw, code, "not-a-region", f"`{code}` is not a quoted code of 6, 9 or 12 digits, nor a name")
            continue
        key = prefix_of(code) if code.isdigit() else code
        above = Regions(default, found).of(code)
        found[key] = reading.region(code, reading.mapping(raw, code), above)
    return found
