"""Decides what the agents of the Faust app do: judge a chunk of records, take note of an action."""

import asyncio
import logging
from collections import Counter
from collections.abc import AsyncIterable
from dataclasses import dataclass
from typing import Any

import msgspec

from streams.lane_ground import Work
from streams.lane_judge import Judged

log = logging.getLogger(__name__)

ASK_AGAIN = 0.5
"""Seconds: Faust empties the queues of its channels when its own partitions move, so a lane asks again."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of work and the place for its answer."""

    work: Work
    reply: "asyncio.Future[Judged]"

    def answer(self) -> None:
        """Does the work once, however often it was asked for; an exception is an answer too."""
        if self.reply.done():
            return
        try:
            self.reply.set_result(self.work())
        except Exception as fault:
            self.reply.set_exception(fault)


async def ask(channel: Any, work: Work) -> Judged:
    """Sends a piece of work through the channel and waits for the agent's answer."""
    chunk = Chunk(work, asyncio.get_running_loop().create_future())
    while not chunk.reply.done():
        await channel.put(chunk)
        await asyncio.wait([chunk.reply], timeout=ASK_AGAIN)
    return chunk.reply.result()


async def supervise(chunks: AsyncIterable[Chunk]) -> None:
    """Decodes and judges what the lanes send."""
    async for chunk in chunks:
        chunk.answer()


class Action(msgspec.Struct, frozen=True, kw_only=True):
    """What a person did about an alert, as far as the worker needs to know it."""

    alert_id: str
    action: str


async def act(actions: AsyncIterable[bytes], counters: Counter[str]) -> None:
    """Takes note of what people do; the record of an alert is folded where it is read."""
    async for value in actions:
        counters[_noted(value)] += 1


def _noted(value: bytes) -> str:
    try:
        return f"action:{msgspec.json.decode(value, type=Action).action}"
    except msgspec.MsgspecError as fault:
        log.warning("an alert action cannot be read: %s", fault)
        return "action:unreadable"
