"""Decides what commands that judge a history understand alike: its zone, which part of it is taken, by which rules."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from streams.clock import now_us
from streams.replay import Horizon, horizon
from streams.settings import settings
from streams.sources.mapping import Mapping

ZONE = "Asia/Shanghai"
KnownAt = Annotated[str, typer.Option(help="只取该时刻及以前收到的版本 · only versions received by then")]


def zone_of(mapping: Mapping | None) -> str:
    """The zone in which times without an offset are meant."""
    return mapping.zone if mapping else ZONE


def horizon_of(until: str, known_at: str, mapping: Mapping | None) -> Horizon:
    """The part of a history that two written times leave. Raises BadParameter."""
    try:
        return horizon(until, known_at, zone_of(mapping), now_us())
    except ValueError as error:
        raise typer.BadParameter(f"不是时间 · not a time: {error}") from error


def folder_of(book: Path | None, mapping: Mapping | None) -> Path | None:
    """The folder of rules: the one that is asked for, that of the mapping, else the one of the settings."""
    return book or (mapping.book if mapping else None) or settings().book
