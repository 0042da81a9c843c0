"""Decides what `replay` and `feed` understand alike: mapping, input files, hash key, dead letters."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from streams.hashing import DEVELOPMENT_NOTE, Hasher, hasher_of
from streams.settings import settings
from streams.sources.faults import say
from streams.sources.mapping import Mapping, load_mapping

Inputs = Annotated[
    list[str],
    typer.Argument(
        metavar="INPUT",
        help="CSV、JSON 行、XES，可为 gzip；`-` 为标准输入 · files, plain or gzip; `-`: standard input",
    ),
]
MappingFile = Annotated[
    Path | None,
    typer.Option("--mapping", help="映射文件；不给则输入为本系统的 CloudEvents · without it: our own CloudEvents"),
]
DeadLetterFile = Annotated[
    str, typer.Option("--dead-letters", help="无法使用的行写到此文件（JSON 行）· bad rows go to this file")
]


def checked(inputs: list[str]) -> list[str]:
    """The inputs as given. Raises BadParameter for a file that is not there, before anything is read."""
    for name in inputs:
        if name != "-" and not Path(name).is_file():
            raise typer.BadParameter(f"没有这个文件 · there is no file {name}")
    if inputs.count("-") > 1:
        raise typer.BadParameter("`-` 只能出现一次 · `-` may stand once")
    return inputs


def mapping_of(path: Path | None) -> Mapping | None:
    """The mapping of a file, None without one. Faults in it end the command, all of them shown."""
    if path is None:
        return None
    if not path.is_file():
        raise typer.BadParameter(f"没有这个映射文件 · there is no mapping {path}")
    return load_mapping(path)


def hasher_for(mapping: Mapping | None, *, trial: bool) -> Hasher:
    """The hasher of this process; its note is shown only where the mapping has something to hash."""
    needed = mapping is not None and bool(mapping.personal)
    hasher = hasher_of(settings().hash_key, trial=trial or not needed)
    if needed and hasher.for_trials_only:
        say(DEVELOPMENT_NOTE)
    return hasher


@contextmanager
def opened_out(name: str) -> Iterator[BinaryIO | None]:
    """The bytes of an output file, `-` for standard output, None for an empty name."""
    if not name:
        yield None
    elif name == "-":
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
    else:
        with open(name, "wb") as file:
            yield file
