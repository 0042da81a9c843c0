"""Decides which declared tables stand beside the rules: calendars, items, regions, sources and more, under one hash."""

from __future__ import annotations

from hashlib import blake2b
from pathlib import Path

from msgspec import Struct

from rules.calendar import Calendar, OfficeHours
from rules.tables.calendars import load_calendars
from rules.tables.closures import Closure, Closures, load_closures
from rules.tables.declared import Declared, load_declared
from rules.tables.faults import Fault, TableErrors
from rules.tables.items import Item, Items, load_items
from rules.tables.regions import Region, Regions, load_regions
from rules.tables.rosters import Rosters, load_rosters
from rules.tables.sources import Sources, load_sources

__all__ = [
    "SHIPPED", "Closure", "Closures", "Declared", "Fault", "Item", "Items", "Region", "Regions", "Rosters",
    "Sources", "TableErrors", "Tables", "calendars_in", "load_tables",
]  # fmt: skip

SHIPPED = Path(__file__).resolve().parent.parent
"""The folder that holds the shipped tables, each a file or a folder of `NAMES`."""
NAMES = ("calendars", "items", "rosters", "regions.yaml", "sources.yaml", "declared", "closures")


class Tables(Struct, frozen=True):
    """Everything declared that rules look up."""

    calendars: dict[str, Calendar]
    items: Items
    regions: Regions
    sources: Sources = Sources()
    declared: Declared = Declared()
    rosters: Rosters = Rosters()
    closures: Closures = Closures()

    @property
    def hashes(self) -> dict[str, str]:
        """The hash of every table by its name, each calendar for itself."""
        return {f"calendars/{name}": self.calendars[name].hash for name in sorted(self.calendars)} | {
            "items": self.items.hash, "regions": self.regions.hash, "sources": self.sources.hash,
            "declared": self.declared.hash, "rosters": self.rosters.hash, "closures": self.closures.hash,
        }  # fmt: skip

    @property
    def hash(self) -> str:
        return blake2b("/".join(self.hashes.values()).encode(), digest_size=16).hexdigest()

    def calendar(self, region: str) -> Calendar:
        """The calendar that a region counts by."""
        return self.calendars[self.regions.calendar(region)]

    def office(self, region: str) -> OfficeHours:
        """The office hours of a region on its calendar."""
        return OfficeHours(self.calendar(region), self.regions.of(region).office_hours)


def load_tables(directory: Path | None = None) -> Tables:
    """Tables of a book's folder, the shipped ones where it has none of a kind. Raises TableErrors."""
    faults: list[Fault] = []
    places = {name: place_of(directory, name) for name in NAMES}
    calendars = load_calendars(places["calendars"], faults, SHIPPED / "calendars")
    items = load_items(places["items"], faults)
    regions = load_regions(places["regions.yaml"], set(calendars), faults)
    sources = load_sources(places["sources.yaml"], faults)
    declared = load_declared(places["declared"], faults)
    rosters = load_rosters(places["rosters"], faults)
    closures = load_closures(places["closures"], faults)
    if faults:
        raise TableErrors(faults)
    return Tables(calendars, items, regions, sources, declared, rosters, closures)


def calendars_in(directory: Path) -> dict[str, Calendar]:
    """The calendars of a folder, or of the `calendars` of a book's folder. Raises TableErrors."""
    faults: list[Fault] = []
    inner = directory / "calendars"
    found = load_calendars(inner if inner.is_dir() else directory, faults, SHIPPED / "calendars")
    if faults:
        raise TableErrors(faults)
    return found


def place_of(directory: Path | None, name: str) -> Path:
    """Where a table is: in the book's folder, or the shipped one."""
    return directory / name if directory is not None and (directory / name).exists() else SHIPPED / name
