"""Decides which indicators there are, what each is called and on what it rests: kpis.yaml, read once."""

from functools import cache
from importlib.resources import files
from typing import Literal

import msgspec
from msgspec import Struct
from ruamel.yaml import YAML

from rules.model.alerts import Text


class Kpi(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One indicator of DOMAIN §5; `index` are codes of the white paper's 2019 index."""

    kpi: str
    name: Text
    formula: str
    index: tuple[str, ...]
    model: str = ""
    rests_on: Literal["events", "feed", "declared"]


@cache
def kpis() -> tuple[Kpi, ...]:
    """The shipped indicators in the order of their file."""
    text = files("warehouse.assessment").joinpath("kpis.yaml").read_text(encoding="utf-8")
    return msgspec.convert(YAML(typ="safe", pure=True).load(text)["kpis"], tuple[Kpi, ...])
