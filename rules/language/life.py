"""Decides how the life of a rule is read: its version, since when it is in force, whom it reaches, what joins it."""

from __future__ import annotations

from datetime import date

from msgspec import Struct

from rules.language.rule import LIVE
from rules.language.words import day, time, word
from rules.language.yaml import Node
from rules.model.alerts import MODES
from rules.model.times import instant_of
from rules.tables import Tables

LIFE_KEYS = ("version", "mode", "effective", "activates_at", "on_change", "absorbs")
RECOMPUTE, KEEP = "recompute", "keep"


class Life(Struct, frozen=True):
    """Everything of a rule that says when and for whom it speaks; `activates_at` in epoch microseconds."""

    version: int
    mode: str
    effective: date | None
    activates_at: int | None
    on_change: str
    absorbs: tuple[str, ...]


def read_life(node: Node, tables: Tables | None) -> Life:
    """`activates_at` without an offset is a time in the zone of the default region; a date is its 00:00."""
    on_change = word(node, "on_change", (RECOMPUTE, KEEP), RECOMPUTE)
    if on_change == KEEP and node.get("activates_at") is None:
        place = node.get("on_change") or node
        hint = "write `activates_at`, or leave `on_change` out"
        place.fault("keep-without-date", "what is open is kept from an instant on, which is not said", hint)
    zone = tables.regions.zone("") if tables is not None else "UTC"
    return Life(
        version=_version(node),
        mode=word(node, "mode", MODES, LIVE),
        effective=day(node.get("effective")),
        activates_at=_instant(node.get("activates_at"), zone),
        on_change=on_change,
        absorbs=_absorbs(node.get("absorbs")),
    )


def _instant(node: Node | None, zone: str) -> int | None:
    written = time(node)
    try:
        return instant_of(written, zone) if written else None
    except ValueError:  # which is told already
        return None
    except OverflowError:
        if node is not None:
            node.fault("not-a-time", f"{node.shown} lies beyond every calendar")
        return None


def _absorbs(node: Node | None) -> tuple[str, ...]:
    found: list[str] = []
    for part in node.elements() if node is not None else ():
        if not isinstance(part.value, str) or not part.value:
            part.fault("type", f"`absorbs` lists ids of rules, not {part.shown}")
        elif part.value in found:
            part.fault("duplicate-rule", f"{part.shown} is listed twice")
        else:
            found.append(part.value)
    return tuple(found)


def _version(node: Node) -> int:
    version = node.get("version")
    if version is None:
        return 1
    if not isinstance(version.value, int) or isinstance(version.value, bool) or version.value < 1:
        version.fault("type", f"`version` is a whole number from 1 on, not {version.shown}")
        return 1
    return version.value
