"""Decides whether a day may be assessed, and replaces its indicators as a whole."""

from datetime import date

from msgspec import Struct

from warehouse.assessment.catalogue import kpis
from warehouse.assessment.days import DayTables, rollup_sql
from warehouse.assessment.night_cases import ZONE, frozen_by
from warehouse.assessment.verdicts import QualityRun, latest_runs
from warehouse.reader import Reader

ROWS = SUITE = "service_cases"


class Refused(Exception):
    """The day is not assessed; `reason` is a stable word, the message says what to do."""

    exit_status = 1

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(text)
        self.reason = reason


def passed_run(reader: Reader, day: date) -> QualityRun:
    """The last verdict over the day's rows, read again: it may have been overtaken since the gate opened."""
    run = latest_runs(reader, day).get(SUITE)
    if run is None:
        raise Refused("no_verdict", f"{day}: the suite {SUITE} has not been run; run the quality checks first")
    if faults := run.faults():
        raise Refused("verdict", f"{day}: the verdict of {SUITE} ({run.run_id}) is {', '.join(faults)}")
    others = frozen_by(reader, ROWS, day) - {run.run_id}
    if others:
        raise Refused("overtaken", f"{day}: the rows belong to {', '.join(sorted(others))}, which has no verdict yet")
    return run


def roll_up(days: DayTables, day: date) -> int:
    """Replaces the day's indicators in assess_daily; how many rows it has now.

    Raises Refused; the day then keeps the indicators that it had.
    """
    run = passed_run(days.reader, day)
    known = kpis()
    parameters = {
        "day": day,
        "run_id": run.run_id,
        "verdict": run.verdict,
        "zone": ZONE,
        "kpis": [each.kpi for each in known],
        "rests_on": [each.rests_on for each in known],
    }
    return days.replace("assess_daily", day, "assess_service_cases", parameters)


class Total(Struct, frozen=True):
    """One indicator over everything that the day has; `value` is None where nothing was to be counted."""

    kpi: str
    numerator: float
    denominator: float
    value: float | None


def totals(reader: Reader, day: date) -> list[Total]:
    """The day's indicators over all organs, items and regions, in the order of the catalogue."""
    found = {row[0]: Total(*row) for row in reader.query(rollup_sql("day_totals"), {"day": day}).rows}
    return [found[each.kpi] for each in kpis() if each.kpi in found]
