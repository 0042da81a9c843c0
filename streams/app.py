"""The composition root: settings, book and engine become one Faust app with its lanes and agents."""

import io
from collections.abc import AsyncIterable
from functools import partial
from typing import Any

import faust

from streams.agents import Chunk, act, ask, supervise
from streams.lane_judge import Cores
from streams.lane_keeper import SESSION_MS, LaneKeeper
from streams.settings import Settings
from streams.topics import ALERT_ACTIONS, Names


def engine(settings: Settings) -> Cores:
    """The production engine on the book that the settings name. Raises rules.language.BookErrors."""
    from rules.core import GroupCore, SubjectCore
    from rules.language import load_book
    from rules.model.facts import decode_group_fact, encode_group_fact

    book = load_book(settings.book)
    return Cores(
        subject=partial(SubjectCore, book),
        group=partial(GroupCore, book),
        encode_fact=encode_group_fact,
        decode_fact=decode_group_fact,
        zone=book.regions.zone,
    )


def make_app(settings: Settings, cores: Cores) -> Any:
    """A Faust app whose service `app.keeper` works the lanes and whose agents judge and take note."""
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
    keeper = LaneKeeper(settings, cores, partial(ask, chunks), loop=app.loop, beacon=app.beacon)
    app.keeper = keeper
    names = Names(settings.topic_prefix, settings.app)
    actions = app.topic(names.of(ALERT_ACTIONS), value_type=bytes, value_serializer="raw", internal=False)

    @app.agent(chunks, name="supervise")
    async def _supervise(stream: AsyncIterable[Chunk]) -> None:
        await supervise(stream)

    @app.agent(actions, name="act")
    async def _act(stream: AsyncIterable[bytes]) -> None:
        await act(stream, keeper.counters)

    @app.task
    async def _lanes() -> None:
        await app.add_runtime_dependency(keeper)

    return app


def serve(settings: Settings, cores: Cores) -> int:
    """Runs a worker until it is told to stop (SIGTERM, SIGINT) or a lane fails; the exit status."""
    app = make_app(settings, cores)
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
