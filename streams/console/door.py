"""Decides where the console listens, before anything that is slow to load is loaded."""

from __future__ import annotations

import errno
import socket

from streams.local.ports import PortTaken

HOW_TO_CHOOSE = "choose another with --port N or MINGJING_CONSOLE_PORT=N"


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes any free one. Raises PortTaken, or OSError for a foreign host."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as fault:
        if fault.errno in (errno.EACCES, errno.EADDRINUSE):
            raise PortTaken(port, "the console", HOW_TO_CHOOSE) from fault
        raise


def address_of(host: str, door: socket.socket) -> str:
    """What a person types to come in."""
    return f"http://{f'[{host}]' if ':' in host else host}:{door.getsockname()[1]}/"
