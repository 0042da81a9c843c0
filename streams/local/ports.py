"""Decides on which loopback port a server listens, and says which one is taken."""

import socket

LOOPBACK = "127.0.0.1"


class PortTaken(Exception):
    """Somebody else listens where we wanted to; the message names the port and how to choose another."""

    exit_status = 3

    def __init__(self, port: int, what: str, how: str) -> None:
        super().__init__(f"port {port} on {LOOPBACK} is taken, so {what} cannot start there; {how}")
        self.port = port


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


def require(port: int, what: str, how: str) -> int:
    if not is_free(port):
        raise PortTaken(port, what, how)
    return port


def free() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


def answers(host: str, port: int, seconds: float = 1.0) -> bool:
    try:
        socket.create_connection((host, port), seconds).close()
    except OSError:
        return False
    return True
