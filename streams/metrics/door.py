"""Decides where a role without a page of its own tells its metrics: at MINGJING_METRICS, this machine alone."""

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from aiohttp import web

from streams.local.ports import PortTaken
from streams.metrics.page import CONTENT

log = logging.getLogger(__name__)
HOW_TO_CHOOSE = "choose another with MINGJING_METRICS=port, 0 for any free one; each process has its own"


@asynccontextmanager
async def told(address: tuple[str, int] | None, page: Callable[[], str]) -> AsyncIterator[None]:
    """Serves `/metrics` within the context; nothing where no address is set. Raises PortTaken."""
    if address is None:
        yield
        return
    host, port = address
    runner = web.AppRunner(_application(page), access_log=None)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as fault:
            raise PortTaken(port, "the page of metrics", HOW_TO_CHOOSE) from fault
        log.info("metrics: http://%s:%d/metrics", host, runner.addresses[0][1])
        yield
    finally:
        await runner.cleanup()


def _application(page: Callable[[], str]) -> web.Application:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(body=page().encode(), headers={"content-type": CONTENT})

    application = web.Application()
    application.router.add_get("/metrics", answer)
    return application
