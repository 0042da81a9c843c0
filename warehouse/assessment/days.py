"""Decides how a day's rows are replaced: staged, then swapped in whole, so none sees half a day."""

from collections.abc import Mapping
from datetime import date
from functools import cache
from importlib.resources import files

from warehouse.reader import Reader
from warehouse.writer import Writer


@cache
def rollup_sql(name: str) -> str:
    """The statement of warehouse/rollups with that name."""
    return files("warehouse.rollups").joinpath(f"{name}.sql").read_text(encoding="utf-8")


class DayTables:
    """The tables that keep one partition per day, each with its `<table>_staged` beside it."""

    def __init__(self, writer: Writer, reader: Reader) -> None:
        self.writer, self.reader = writer, reader

    def count(self, table: str, day: date) -> int:
        found = self.reader.query(rollup_sql("count_day").format(table=table), {"day": day})
        return int(found.rows[0][0])

    def replace(self, table: str, day: date, statement: str, parameters: Mapping[str, object]) -> int:
        """Replaces a day by what the named statement stages; its rows. A day without rows is emptied."""
        staged = f"{table}_staged"
        self._drop(staged, day)
        self.writer.execute(rollup_sql(statement), parameters)
        rows = self.count(staged, day)
        if rows:
            self.writer.execute(rollup_sql("swap_day").format(table=table), {"day": day})
        else:
            self._drop(table, day)  # newer servers refuse to replace a day by nothing
        self._drop(staged, day)
        return rows

    def _drop(self, table: str, day: date) -> None:
        self.writer.execute(rollup_sql("drop_day").format(table=table), {"day": day})
