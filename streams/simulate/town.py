"""Decides who there is in the simulated town: regions, organs, clerks, applicants and supervised objects."""

from __future__ import annotations

from datetime import date
from hashlib import blake2b
from random import Random

from msgspec import Struct

from rules.tables import Item, Tables
from streams.simulate.hours import Hours

PLACES = {
    "510107": "武侯区",
    "510104": "锦江区",
    "430102": "芙蓉区",
    "310104": "徐汇区",
    "440304": "福田区",
    "330106": "西湖区",
}
ORGANS = {
    "market": "市场监督管理局",
    "housing": "住房和城乡建设局",
    "health": "卫生健康局",
    "transport": "交通运输局",
    "environment": "生态环境局",
    "emergency": "应急管理局",
    "water": "水务局",
    "press": "新闻出版局",
    "labour": "人力资源和社会保障局",
    "police": "公安分局",
}
INSPECTORS = ("market", "health", "environment", "emergency", "transport")
SUPERVISED = {
    "market": "02013100100000",
    "health": "02012300100000",
    "environment": "02011600100000",
    "emergency": "02016400100000",
    "transport": "02011800100000",
}
"""Supervision items (14 digits) by the organ that claims them."""


def hashed(*parts: object) -> str:
    """A person as the edge would hash one: never a name, a card or a phone number."""
    digest = blake2b("/".join(str(part) for part in parts).encode(), key=b"simulated town", digest_size=16)
    return f"k1:{digest.hexdigest()}"


class Office(Struct, frozen=True):
    """One organ in one region, with the people who act there."""

    region: str
    name: str
    source: str
    clerks: tuple[str, ...]
    deciders: tuple[str, ...]
    head: str

    def said(self, task_code: str, actor: str = "") -> dict[str, object]:
        """What every event of this office says."""
        spoken: dict[str, object] = {"task_code": task_code, "region": self.region, "organ": self.name}
        grants = task_code.startswith("0") and len(task_code) == 12
        spoken["department"] = self.name + ("审批科" if grants else "执法大队")
        return spoken | ({"actor": actor} if actor else {})


class Town:
    """Items, offices and objects of one seed."""

    def __init__(self, tables: Tables, seed: int, hours: Hours) -> None:
        """Raises ValueError where the catalogue does not reach back to these days."""
        self.seed, self.declared, self.expected = seed, tables.declared, tables.sources.expected
        self.items = tuple(sorted(_in_force(tables, hours), key=lambda item: item.task_code))
        self.promised = tuple(item for item in self.items if item.type != "instant")
        self.instant = tuple(item for item in self.items if item.type == "instant")
        if not self.promised or not self.instant:
            raise ValueError(f"the catalogue has no items in force from {hours.days[0]} to {hours.end}")
        self.offices = {(region, organ): self._office(region, organ) for region in PLACES for organ in ORGANS}

    def _office(self, region: str, organ: str) -> Office:
        people = [hashed(self.seed, region, organ, number) for number in range(8)]
        source = f"cn-{region}-{organ}"
        return Office(region, PLACES[region] + ORGANS[organ], source, tuple(people[:4]), tuple(people[4:7]), people[7])

    def standard(self, violation: str, region: str, on: date) -> tuple[float, float] | None:
        """The fines that the declared standard of the region allows."""
        row = self.declared.row("standards", violation, on, region)
        return (row["min"], row["max"]) if row is not None else None

    def office_for(self, item: Item, rng: Random) -> Office:
        return self.offices[rng.choice(tuple(PLACES)), item.offices[0]]

    def inspector(self, rng: Random) -> tuple[Office, str]:
        """An organ that inspects, and its supervision item."""
        organ = rng.choice(INSPECTORS)
        return self.offices[rng.choice(tuple(PLACES)), organ], SUPERVISED[organ]


def _in_force(tables: Tables, hours: Hours) -> list[Item]:
    """Items with one and the same version for every day on which a case may be applied for."""
    first, last = hours.days[0], hours.end
    codes = {item.task_code for item in tables.items if item.offices}
    both = [(tables.items.lookup(code, first), tables.items.lookup(code, last)) for code in codes]
    return [item for item, still in both if item is not None and item is still]


def uscc(region: str, number: int) -> str:
    """A made-up unified social credit code: letters where a real one may have a digit run."""
    letters = "ABCDEFGHJKLMNPQRTUWXY"
    tail = "".join(letters[(number // len(letters) ** place) % len(letters)] for place in range(4))
    return f"91{region}MA{tail}X{number % 1000:03d}"
