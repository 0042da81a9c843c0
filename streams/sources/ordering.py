"""Decides the order of a history whose rows hold several moments: by time received, on disk beyond a size."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator
from tempfile import TemporaryFile
from typing import BinaryIO

import msgspec

from streams.sources.emission import Sourced

RUN = 200_000
"""Messages that are sorted at once; more are spilled, so that memory does not grow with the history."""


def by_time_received(messages: Iterable[Sourced], run: int = RUN) -> Iterator[Sourced]:
    """The same messages in the order of `received_at`; equal times keep the order in which they came."""
    spilled: list[BinaryIO] = []
    held: list[Sourced] = []
    for message in messages:
        held.append(message)
        if len(held) >= run:
            held.sort(key=_received)
            spilled.append(_spill(held))
            held = []
    held.sort(key=_received)
    if not spilled:
        yield from held
        return
    try:
        yield from heapq.merge(*(_read(file) for file in spilled), held, key=_received)
    finally:
        for file in spilled:
            file.close()


def _received(message: Sourced) -> int:
    return message.received_at


def _spill(messages: list[Sourced]) -> BinaryIO:
    file: BinaryIO = TemporaryFile()  # noqa: SIM115  closed when merged
    encode = msgspec.msgpack.Encoder().encode
    for message in messages:
        packed = encode(message)
        file.write(len(packed).to_bytes(4, "big"))
        file.write(packed)
    file.seek(0)
    return file


def _read(file: BinaryIO) -> Iterator[Sourced]:
    decode = msgspec.msgpack.Decoder(Sourced).decode
    while size := file.read(4):
        yield decode(file.read(int.from_bytes(size, "big")))
