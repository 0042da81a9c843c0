"""The composition root of the console: the desk, its two followers, the pages, the server."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
from collections.abc import AsyncIterator, Callable

import uvicorn
from fastapi import FastAPI, Request, Response
from nicegui import app as pages
from nicegui import ui

from streams.console.alert_page import AlertPage
from streams.console.books_page import BooksPage
from streams.console.desk import ASSETS, Desk, desk_of
from streams.console.guard import Guard
from streams.console.queue_page import QueuePage
from streams.metrics import console as metrics
from streams.metrics.page import CONTENT
from streams.settings import Settings

GOODBYE_SECONDS = 2


def build(desk: Desk, host: str, ended: Callable[[BaseException], None]) -> Guard:
    """The application; `ended` is told when a follower dies of a fault that is nobody's outage."""

    @contextlib.asynccontextmanager
    async def following(_: FastAPI) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(desk.tail.follow()), asyncio.create_task(desk.archive.watch())]
        for task in tasks:
            task.add_done_callback(told)
        yield
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        desk.archive.close()

    def told(task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (fault := task.exception()) is not None:
            ended(fault)

    outer = FastAPI(lifespan=following, docs_url=None, redoc_url=None, openapi_url=None)

    @ui.page("/")
    def queue(request: Request) -> None:
        QueuePage(desk, request)

    @ui.page("/alert/{alert_id}")
    def alert(alert_id: str, request: Request) -> None:
        AlertPage(desk, alert_id, request)

    @ui.page("/books")
    def books(request: Request) -> None:
        BooksPage(desk, request)

    @outer.get("/metrics")
    def counted() -> Response:
        return Response(metrics.page(desk), media_type=CONTENT)

    pages.add_static_files("/console-assets", ASSETS)
    ui.run_with(
        outer,
        title="明镜 Mingjing",
        favicon=ASSETS / "mirror.svg",
        tailwind=False,
        show_welcome_message=False,
    )
    return Guard(outer, host)


def run(settings: Settings, door: socket.socket) -> None:
    """Serves behind an open door until SIGINT or SIGTERM. Raises what a follower died of."""
    desk = desk_of(settings)
    faults: list[BaseException] = []

    def ended(fault: BaseException) -> None:
        faults.append(fault)
        server.should_exit = True

    config = uvicorn.Config(
        build(desk, settings.console_host, ended),
        log_level="warning",
        server_header=False,
        timeout_graceful_shutdown=GOODBYE_SECONDS,
    )
    server = uvicorn.Server(config)
    for each in (signal.SIGINT, signal.SIGTERM):
        # uvicorn raises again what ended it: an end that was asked for is no fault.
        signal.signal(each, lambda *_: None)
    server.run(sockets=[door])
    if faults:
        raise faults[0]
