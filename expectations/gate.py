"""Decides whether a day may be assessed: every suite ran in this night, and none has a fault."""

from collections.abc import Iterable, Mapping

from warehouse.assessment.verdicts import QualityRun


class GateClosed(Exception):
    """The day's rows are not good enough to assess by; the message names every suite and why."""

    exit_status = 1

    def __init__(self, reasons: list[str]) -> None:
        super().__init__("; ".join(reasons))
        self.reasons = reasons


def closed_by(suites: Iterable[str], runs: Mapping[str, QualityRun], run_id: str) -> list[str]:
    """Why the gate stays closed; empty when it opens. No suite at all is a reason too."""
    expected = sorted(suites)
    reasons = [] if expected else ["no suite was expected"]
    for suite in expected:
        run = runs.get(suite)
        if run is None or run.run_id != run_id:
            reasons.append(f"{suite}: no verdict of this night")
        elif faults := run.faults():
            reasons.append(f"{suite}: {', '.join(faults)}")
    return reasons
