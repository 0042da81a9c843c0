"""The composition root: settings, book and engine become one Faust app with its lanes and agents."""

import asyncio
import io
from collections.abc import AsyncIterable
from functools import partial
from typing import Any

import faust

from streams.agents import Chunk, act, ask, supervise
from streams.books.duty import Duty
from streams.books.edition import Edition, InForce
from streams.books.following import Follower
from streams.books.reports import Reporter
from streams.lane_keeper import SESSION_MS, LaneKeeper
from streams.metrics.door import told
from streams.metrics.worker import page
from streams.settings import Settings
from streams.topics import ALERT_ACTIONS, Names


def make_app(settings: Settings, edition: Edition, follower: Follower | None = None) -> Any:
    """A Faust app whose service `app.keeper` works the lanes and whose agents judge and take note.

    With a follower, what is published while it runs comes into force.
    """
    datadir = settings.state / settings.app / "faust"
    datadir.mkdir(parents=True, exist_ok=True)
    app = faust.App(
        settings.app,
        broker=[f"kafka://{each}" for each in settings.kafka_bootstrap_servers.split(",")],
        datadir=str(datadir),
        autodiscover=False,
        topic_disable_leader=True,
        topic_allow_declare=False,
        web_enabled=False,
        broker_session_timeout=SESSION_MS / 1_000,
        broker_heartbeat_interval=1.5,
        store="memory://",
    )
    chunks = app.channel()
    in_force = InForce(edition)
    keeper = LaneKeeper(settings, in_force, partial(ask, chunks), loop=app.loop, beacon=app.beacon)
    app.keeper = keeper
    names = Names(settings.topic_prefix, settings.app)
    actions = app.topic(names.of(ALERT_ACTIONS), value_type=bytes, value_serializer="raw", internal=False)

    @app.agent(chunks, name="supervise")
    async def _supervise(stream: AsyncIterable[Chunk]) -> None:
        await supervise(stream)

    @app.agent(actions, name="act")
    async def _act(stream: AsyncIterable[bytes]) -> None:
        await act(stream, keeper.counters)

    async def metrics() -> None:
        async with told(settings.metrics, partial(page, keeper, follower)):
            await asyncio.Event().wait()

    @app.task
    async def _lanes() -> None:
        await app.add_runtime_dependency(keeper)
        reporter = Reporter(settings, keeper, follower)
        await app.add_runtime_dependency(Duty(reporter.run, loop=app.loop, beacon=app.beacon))
        await app.add_runtime_dependency(Duty(metrics, loop=app.loop, beacon=app.beacon))
        if follower is not None:
            follow = partial(follower.run, in_force, keeper.counters, reporter.wake)
            await app.add_runtime_dependency(Duty(follow, loop=app.loop, beacon=app.beacon))

    return app


def serve(settings: Settings, edition: Edition, follower: Follower | None = None) -> int:
    """Runs a worker until it is told to stop (SIGTERM, SIGINT) or a lane fails; the exit status."""
    app = make_app(settings, edition, follower)
    worker = faust.Worker(
        app,
        loglevel="WARNING",
        override_logging=False,
        redirect_stdouts=False,
        quiet=True,
        stdout=io.StringIO(),  # Faust's spinner writes escape codes, also where nobody looks
    )
    try:
        worker.execute_from_commandline()
    except SystemExit as ended:
        return 1 if app.keeper.fault else int(ended.code or 0)
    except Exception:
        if app.keeper.fault is None:
            raise  # what a lane died of has been said
    return 1 if app.keeper.fault else 0
