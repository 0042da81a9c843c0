"""Decides whether a quality run lets its day be assessed, and keeps runs and results in the warehouse."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import msgspec
from msgspec import Struct

from warehouse.assessment.days import rollup_sql
from warehouse.reader import Reader
from warehouse.rows import columns
from warehouse.writer import Writer

PASS, FAIL = "pass", "fail"


class QualityResult(Struct, frozen=True, kw_only=True):
    """What one expectation found; `detail` is JSON: ids of cases, or why it could not be evaluated."""

    expectation: str
    type: str
    column: str = ""
    severity: str
    success: bool
    errored: bool = False
    observed: str = ""
    element_count: int = 0
    unexpected_count: int = 0
    detail: str = ""


class QualityRun(Struct, frozen=True, kw_only=True):
    """One suite over one day; three counts, since Great Expectations drops what it does not know."""

    run_id: str
    day: date
    suite: str
    started_at: int
    ended_at: int
    declared: int
    loaded: int
    evaluated: int
    failed: int
    critical_failed: int
    errored: int
    verdict: str = ""

    def faults(self) -> tuple[str, ...]:
        """Why this run closes the gate, as stable words; empty when it does not."""
        found = []
        if not self.declared:
            found.append("nothing_declared")
        if not self.declared == self.loaded == self.evaluated:
            found.append("not_all_evaluated")
        if self.errored:
            found.append("errored")
        if self.critical_failed:
            found.append("critical_failed")
        if not found and self.verdict == FAIL:
            found.append("failed")
        return tuple(found)

    def judged(self) -> "QualityRun":
        """The same run with its verdict filled in."""
        return msgspec.structs.replace(self, verdict=FAIL if self.faults() else PASS)


def _landed(fields: Sequence[str], found: Sequence[Struct], **shared: Any) -> dict[str, list[Any]]:
    own = [[*shared.values(), *(getattr(each, field) for field in fields)] for each in found]
    return columns([*shared, *fields], [tuple(row) for row in own])


def record(writer: Writer, run: QualityRun, results: Sequence[QualityResult]) -> None:
    """Lands the results first, so that a run in the warehouse has all of them."""
    writer.insert(
        "quality_results",
        _landed(QualityResult.__struct_fields__, results, run_id=run.run_id, day=run.day, suite=run.suite),
    )
    writer.insert("quality_runs", _landed(QualityRun.__struct_fields__, [run]))


def latest_runs(reader: Reader, day: date) -> dict[str, QualityRun]:
    """The last run of every suite over that day."""
    found = reader.query(rollup_sql("latest_quality_runs"), {"day": day})
    names = [name for name, _ in found.columns]
    runs = (QualityRun(**dict(zip(names, row, strict=True))) for row in found.rows)
    return {run.suite: run for run in runs}


def results_of(reader: Reader, run: QualityRun) -> list[QualityResult]:
    """The results of one run in the order of their ids."""
    found = reader.query(
        rollup_sql("quality_results_of_run"), {"day": run.day, "suite": run.suite, "run_id": run.run_id}
    )
    names = [name for name, _ in found.columns]
    return [QualityResult(**dict(zip(names, row, strict=True))) for row in found.rows]
