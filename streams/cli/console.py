"""`mingjing console`: the web page for supervision staff."""

from dataclasses import replace
from typing import Annotated

import typer

from streams.settings import settings


def command(
    port: Annotated[
        int | None, typer.Option(min=0, max=65_535, help="端口，0 为任意空闲端口 · port, 0 for any free one")
    ] = None,
    host: Annotated[
        str | None,
        typer.Option(help="监听地址，默认仅本机 · address to listen on, this machine alone by default"),
    ] = None,
) -> None:
    """监督工作台网页：告警队列与单条告警 · the web page for supervision staff: alerts as they come.

    例 · Example: mingjing console --port 8080
    """
    from streams.console.door import address_of, listen

    chosen = settings()
    if port is not None:
        chosen = replace(chosen, console_port=port)
    if host is not None:
        chosen = replace(chosen, console_host=host)
    with listen(chosen.console_host, chosen.console_port) as door:
        from streams.console.server import run

        address = address_of(chosen.console_host, door)
        typer.echo(f"监督工作台 · console: {address}  (Ctrl-C 结束 · to end)")
        run(chosen, door)
