"""How the warehouse is reached: one client per thread, and the difference between out of reach and wrong."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from clickhouse_driver import Client
from clickhouse_driver.errors import Error, NetworkError, ServerException

__all__ = ["PASSING", "ServerException", "WarehouseUnavailable", "connect", "database_of", "reaching", "sql"]

SECONDS = 60
"""Until an unanswered request counts as lost: well below the driver's own 300."""

PASSING = frozenset({159, 202, 203, 209, 210, 236, 241, 242, 243, 252, 279, 319, 394, 999})
"""Codes of a server that cannot now: time-outs, too many queries or parts, no memory, read only, stopping."""


logging.getLogger("clickhouse_driver").setLevel(logging.ERROR)
"""Its warnings are a traceback for each attempt; what is out of reach is said by those who wait for it."""


class WarehouseUnavailable(Exception):
    """The warehouse cannot be reached, or cannot take this now: wait and try again."""

    exit_status = 3


@cache
def sql(name: str) -> str:
    """The query of that name, with the column lists that it names filled in."""
    text = files("warehouse.queries").joinpath(f"{name}.sql").read_text(encoding="utf-8")
    for shared in ("alert_columns", "clock_columns", "event_columns"):
        if f"{{{shared}}}" in text:
            text = text.replace(f"{{{shared}}}", sql(shared))
    return text


def connect(url: str, database: str | None = None) -> Any:
    """A client for the calling thread; compressed, since that is how a block travels in one piece."""
    parts = urlsplit(url)
    options = {"compression": "lz4", "connect_timeout": "5", "send_receive_timeout": str(SECONDS)}
    query = urlencode({**options, **dict(parse_qsl(parts.query))})
    path = parts.path if database is None else f"/{database}"
    return Client.from_url(urlunsplit(parts._replace(path=path, query=query)))


def database_of(url: str) -> str:
    return urlsplit(url).path.strip("/") or "default"


@contextmanager
def reaching(client: Any) -> Iterator[None]:
    """Turns what passes by itself into WarehouseUnavailable; any failure ends the connection."""
    try:
        yield
    except ServerException as error:
        client.disconnect()
        if error.code in PASSING:
            raise WarehouseUnavailable(_first_line(error)) from error
        raise
    except (NetworkError, OSError, EOFError) as error:
        client.disconnect()
        raise WarehouseUnavailable(_first_line(error)) from error
    except (Error, GeneratorExit):
        client.disconnect()
        raise


def _first_line(error: BaseException) -> str:
    lines = [line for line in str(error).splitlines() if line.strip()]
    return " ".join(lines[:2]) or type(error).__name__
