"""Decides what a night does to its day, step by step; the schedulers only call these steps."""

from collections.abc import Callable, Iterable
from datetime import date
from importlib.resources.abc import Traversable

from expectations.gate import GateClosed, closed_by
from expectations.runner import Findings, evaluate
from expectations.suite import Suite, load, names
from warehouse.assessment import night_cases, rollup, verdicts
from warehouse.assessment.days import DayTables
from warehouse.assessment.rollup import Total
from warehouse.assessment.verdicts import QualityResult, QualityRun
from warehouse.reader import Reader
from warehouse.writer import Writer

QUALITY = ("suites", "validate", "gate")
ASSESSMENT = ("roll_up",)
"""The steps of the two DAGs in their order; the command walks the same ones."""


class Night:
    """The steps over one warehouse. `now` gives epoch microseconds; `folder` holds the suites."""

    def __init__(self, url: str, now: Callable[[], int], folder: Traversable | None = None) -> None:
        self._url, self._now, self._folder = url, now, folder
        self.reader, self._writer = Reader(url), Writer(url)
        self._days = DayTables(self._writer, self.reader)

    def suites(self) -> list[str]:
        """What will be validated: the names of the suite files."""
        return names(self._folder)

    def validate(self, name: str, day: date, run_id: str) -> QualityRun:
        """Freezes the day's rows, lets the suite doubt them, and lands results and verdict.

        Raises SuiteErrors, WarehouseUnavailable; without a verdict the gate stays closed.
        """
        suite = load(name, self._folder)
        started = self._now()
        night_cases.freeze(self._days, suite.rows, day, run_id)
        table = night_cases.show(self._writer, suite.rows, day)
        try:
            findings = evaluate(suite, self._url, table)
        finally:
            night_cases.hide(self._writer, suite.rows, day)
        run = _run(suite, findings, day=day, run_id=run_id, started_at=started, ended_at=self._now())
        verdicts.record(self._writer, run, findings.results)
        return run

    def gate(self, validated: Iterable[str], day: date, run_id: str) -> None:
        """Opens, or raises GateClosed. What the warehouse says counts, not what was handed on in between."""
        reasons = closed_by(self.suites(), verdicts.latest_runs(self.reader, day), run_id)
        if missing := sorted(set(self.suites()) - set(validated)):
            reasons.append(f"not validated: {', '.join(missing)}")
        if reasons:
            raise GateClosed(reasons)

    def roll_up(self, day: date) -> int:
        """Replaces the day's indicators; their rows. Raises rollup.Refused."""
        return rollup.roll_up(self._days, day)

    def results(self, run: QualityRun) -> list[QualityResult]:
        """What each expectation of a run found."""
        return verdicts.results_of(self.reader, run)

    def totals(self, day: date) -> list[Total]:
        """The day's indicators over everything."""
        return rollup.totals(self.reader, day)

    def close(self) -> None:
        self.reader.close()
        self._writer.close()


def _run(suite: Suite, findings: Findings, *, day: date, run_id: str, started_at: int, ended_at: int) -> QualityRun:
    failed = [each for each in findings.results if not each.success and not each.errored]
    return QualityRun(
        run_id=run_id,
        day=day,
        suite=suite.suite,
        started_at=started_at,
        ended_at=ended_at,
        declared=len(suite.expectations),
        loaded=findings.loaded,
        evaluated=findings.evaluated,
        failed=len(failed),
        critical_failed=sum(each.severity == "critical" for each in failed),
        errored=sum(each.errored for each in findings.results),
    ).judged()
