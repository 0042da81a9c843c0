"""The only place that inserts into the warehouse."""

import threading
from collections.abc import Mapping, Sequence
from typing import Any

from warehouse.link import connect, reaching

LANDING = {"deduplicate_blocks_in_dependent_materialized_views": 1}
"""A batch that was half landed is landed whole the next time: a view decides for itself what it has."""


class Writer:
    """Columnar inserts; each thread that calls it has a client of its own."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._clients = threading.local()

    @property
    def client(self) -> Any:
        if not hasattr(self._clients, "own"):
            self._clients.own = connect(self._url)
        return self._clients.own

    def insert(self, table: str, columns: Mapping[str, Sequence[Any]], token: str | None = None) -> int:
        """Insert whole columns of equal length; rows are returned. The same token again inserts nothing.

        Raises WarehouseUnavailable, after which the very same insert may be tried again.
        """
        names = ", ".join(f"`{name}`" for name in columns)
        settings: dict[str, Any] = {**LANDING, "insert_deduplication_token": token} if token else {}
        rows = len(next(iter(columns.values())))
        if rows:
            with reaching(self.client):
                self.client.execute(
                    f"INSERT INTO {table} ({names}) VALUES",
                    list(columns.values()),
                    columnar=True,
                    settings=settings,
                )
        return rows

    def execute(self, statement: str, parameters: Mapping[str, Any] | None = None) -> None:
        """A statement that changes the warehouse: definitions, REPLACE PARTITION, INSERT … SELECT."""
        with reaching(self.client):
            self.client.execute(statement, parameters)

    def close(self) -> None:
        """Closes the calling thread's connection."""
        if hasattr(self._clients, "own"):
            self._clients.own.disconnect()
            del self._clients.own
