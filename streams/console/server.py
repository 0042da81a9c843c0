"""The composition root of the console: the desk, its two followers, the pages, the server."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import uvicorn
from fastapi import FastAPI, Request
from nicegui import app as pages
from nicegui import ui

from streams.console.alert_page import AlertPage
from streams.console.desk import Desk, desk_of
from streams.console.guard import Guard
from streams.console.queue_page import QueuePage
from streams.local.ports import PortTaken
from streams.settings import Settings

ASSETS = Path(__file__).parent / "static"
HOW_TO_CHOOSE = "choose another with --port N or MINGJING_CONSOLE_PORT=N"
GOODBYE_SECONDS = 2


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes any free one. Raises PortTaken, or OSError for a foreign host."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as fault:
        if fault.errno in (13, 98):
            raise PortTaken(port, "the console", HOW_TO_CHOOSE) from fault
        raise


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

    @ui.page("/")
    def queue(request: Request) -> None:
        QueuePage(desk, request)

    @ui.page("/alert/{alert_id}")
    def alert(alert_id: str, request: Request) -> None:
        AlertPage(desk, alert_id, request)

    pages.add_static_files("/console-assets", ASSETS)
    outer = FastAPI(lifespan=following, docs_url=None, redoc_url=None, openapi_url=None)
    ui.run_with(
        outer,
        title="明镜 Mingjing",
        favicon=ASSETS / "mirror.svg",
        tailwind=False,
        show_welcome_message=False,
    )
    return Guard(outer, host)


def run(settings: Settings, ready: Callable[[str], None]) -> None:
    """Serves until SIGINT or SIGTERM; `ready` is told the address. Raises PortTaken or a follower's fault."""
    host = settings.console_host
    desk = desk_of(settings)
    faults: list[BaseException] = []

    def ended(fault: BaseException) -> None:
        faults.append(fault)
        server.should_exit = True

    with listen(host, settings.console_port) as door:
        config = uvicorn.Config(
            build(desk, host, ended),
            log_level="warning",
            server_header=False,
            timeout_graceful_shutdown=GOODBYE_SECONDS,
        )
        server = uvicorn.Server(config)
        written = f"[{host}]" if ":" in host else host
        ready(f"http://{written}:{door.getsockname()[1]}/")
        server.run(sockets=[door])
    if faults:
        raise faults[0]
