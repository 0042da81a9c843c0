"""Decides which cases a day counts: frozen once per quality run, so that what is counted was doubted."""

from collections.abc import Mapping
from datetime import date

from msgspec import Struct

from warehouse.assessment.days import DayTables, rollup_sql
from warehouse.reader import Reader
from warehouse.writer import Writer

ZONE = "Asia/Shanghai"
"""Nights are nights of this zone, like the `day` of the stored events."""

PROMISE, LEGAL = "T02", "T03"
"""The rules whose clocks tell the promised and the legal limit of a case."""

NOT_FINISHED = ("withdrawn", "void", "deleted", "transferred", "撤回", "作废", "删除", "转出")
"""Finish codes of a closure that finishes nothing (DOMAIN §5: `fin`)."""


class Frozen(Struct, frozen=True):
    """A kind of rows that a night freezes: the statement, its table and the view that a suite looks at."""

    statement: str
    table: str


ROWS: Mapping[str, Frozen] = {"service_cases": Frozen("freeze_service_cases", "night_cases")}
"""What a suite may name as its `rows`."""


def freeze(days: DayTables, rows: str, day: date, run_id: str) -> int:
    """Freezes the day's rows under the run's id; how many. Raises KeyError for unknown rows."""
    frozen = ROWS[rows]
    parameters = {
        "day": day,
        "run_id": run_id,
        "zone": ZONE,
        "promise": PROMISE,
        "legal": LEGAL,
        "not_finished": list(NOT_FINISHED),
    }
    return days.replace(frozen.table, day, frozen.statement, parameters)


def view_name(rows: str, day: date) -> str:
    """The view of the day's rows alone, for a tool that takes whole tables."""
    return f"{ROWS[rows].table}_{day:%Y%m%d}"


def show(writer: Writer, rows: str, day: date) -> str:
    """Creates the view of the day's rows; its name."""
    name = view_name(rows, day)
    writer.execute(rollup_sql("show_day").format(view=name, table=ROWS[rows].table), {"day": day})
    return name


def hide(writer: Writer, rows: str, day: date) -> None:
    """Drops the view of the day's rows; the rows stay."""
    writer.execute(rollup_sql("hide_day").format(view=view_name(rows, day)))


def frozen_by(reader: Reader, rows: str, day: date) -> set[str]:
    """The run that froze the day; empty when the day has no rows."""
    found = reader.query(rollup_sql("frozen_by").format(table=ROWS[rows].table), {"day": day})
    return {row[0] for row in found.rows}
