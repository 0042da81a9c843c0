"""Measures the worker from Kafka to committed alerts, the way of one event to its alert, and the lander."""

import asyncio
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import islice
from types import SimpleNamespace
from typing import Any

from bench.delay import Delays, delays
from bench.figures import Figure, Progress, spread
from bench.ground import Ground, bare_rate, committed_rate, feed, running
from bench.workload import Workload
from streams import clock, topics
from streams.codec import Partitioner
from streams.landing import Columns, table_of
from streams.topics import INSPECTION_EVENTS, SERVICE_EVENTS
from warehouse import embedded
from warehouse.migrations import migrate
from warehouse.writer import Writer

QUARTER = 0.25
PIECE = 20_000
FEWEST = 10
"""Alerts from which a median is told; a p99 takes ten times as many."""
TOPIC_OF = {"service": SERVICE_EVENTS, "inspection": INSPECTION_EVENTS}


def worker(ground: Ground, workload: Workload, runs: int, progress: Progress) -> list[Figure]:
    """Events a second of one worker on a backlog, its alerts committed, beside a consumer that only reads."""
    rates, bare = [], []
    for number in range(runs):
        settings = ground.settings(f"worker{number}")
        said = f"worker: run {number + 1} of {runs}"
        progress(f"{said}, feeding")
        topics.ensure(settings)
        asyncio.run(feed(settings, workload.lines()))
        bare.append(asyncio.run(bare_rate(settings)))
        with running(settings, "worker") as process:
            moved = partial(_moved, progress, said)
            rates.append(asyncio.run(committed_rate(settings, f"{settings.app}-supervise", process, moved)))
    return [
        Figure(
            "worker", "events/s, Kafka to committed alerts", spread(rates), "a consumer that only reads", spread(bare)
        )
    ]


def latency(ground: Ground, workload: Workload, rate: float, seconds: float, progress: Progress) -> list[Figure]:
    """Milliseconds from sending an event to reading its alert, beside the way through the broker alone."""
    settings = ground.settings("latency")
    topics.ensure(settings)
    with running(settings, "worker") as process:
        lines = list(islice(workload.lines(), int(rate * seconds)))
        found = asyncio.run(delays(settings, workload.book, lines, rate, process, progress))
    return [
        Figure("latency", f"{name} of {len(ours):,} at {rate:,.0f} events/s, ms", spread([_share(ours, share)]),
               "through the broker alone", spread([_share(found.echoes, share)]))
        for name, ours, share in _asked(found)
    ]  # fmt: skip


def _asked(found: Delays) -> Iterator[tuple[str, Sequence[float], float]]:
    for name, ours in (("event → alert", found.subjects), ("event → facts → group alert", found.groups)):
        if len(ours) >= FEWEST:
            yield f"{name}, p50", ours, 0.50
        if len(ours) >= FEWEST * 10:
            yield f"{name}, p99", ours, 0.99


def _share(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)] if ordered else 0.0


def landing(ground: Ground, workload: Workload, runs: int, progress: Progress) -> list[Figure]:
    """Rows a second of the lander, from Kafka to the warehouse, beside the driver with the rows at hand."""
    rates, driver = [], []
    for number in range(runs):
        said = f"landing: run {number + 1} of {runs}"
        progress(f"{said}, the driver alone")
        driver.append(_driver_rate(ground, workload, number))
        with embedded.start(ground.folder / f"warehouse{number}") as server:
            settings = ground.settings(f"lander{number}", server.url)
            topics.ensure(settings)
            migrate(server.url)
            asyncio.run(feed(settings, workload.lines()))
            with running(settings, "lander") as process:
                moved = partial(_moved, progress, said)
                rates.append(asyncio.run(committed_rate(settings, f"{settings.app}-lander", process, moved)))
    return [Figure("landing", "rows/s, Kafka to warehouse", spread(rates), "the driver alone", spread(driver))]


def _driver_rate(ground: Ground, workload: Workload, number: int) -> float:
    with embedded.start(ground.folder / f"driver{number}") as server:
        migrate(server.url)
        writer = Writer(server.url)
        pieces = list(_pieces(workload))
        rows = sum(len(next(iter(columns.values()))) for _, columns in pieces)
        began = clock.monotonic()
        for position, (table, columns) in enumerate(pieces):
            writer.insert(table, columns, f"driver-{position}")
        rate = rows / (clock.monotonic() - began)
        writer.close()
        return rate


def _pieces(workload: Workload) -> Iterator[tuple[str, Columns]]:
    """The same rows that the lander makes, in pieces of its size."""
    one = Partitioner(1)
    for stream, topic in TOPIC_OF.items():
        own = (line for line in workload.lines() if line[0] == stream)
        offset = 0
        while lines := list(islice(own, PIECE)):
            yield table_of(topic, [_record(topic, offset + step, *line[1:]) for step, line in enumerate(lines)], one)
            offset += len(lines)


def _record(topic: str, offset: int, subject: str, value: bytes) -> Any:
    return SimpleNamespace(
        topic=topic, partition=0, offset=offset, key=subject.encode(), value=value, timestamp=clock.now_us() // 1_000
    )


def _moved(progress: Progress, said: str, done: int, total: int) -> None:
    progress(f"{said}: {done:,} of {total:,}")
