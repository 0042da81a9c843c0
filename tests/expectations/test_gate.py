"""When the gate opens: pure, over runs as the warehouse would give them."""

from datetime import date

import pytest

from expectations.gate import closed_by
from warehouse.assessment.verdicts import QualityRun


def run(run_id: str = "n1", **figures: int) -> QualityRun:
    counted = {"declared": 5, "loaded": 5, "evaluated": 5, "failed": 2, "critical_failed": 0, "errored": 0}
    shared = {"day": date(2026, 3, 2), "suite": "s", "started_at": 1, "ended_at": 2}
    return QualityRun(run_id=run_id, **shared, **{**counted, **figures}).judged()  # type: ignore[arg-type]


def test_failed_warnings_leave_the_gate_open() -> None:
    assert run().verdict == "pass"
    assert closed_by(["s"], {"s": run()}, "n1") == []


@pytest.mark.parametrize(
    ("figures", "fault"),
    [
        ({"critical_failed": 1}, "critical_failed"),
        ({"errored": 1}, "errored"),
        ({"loaded": 4, "evaluated": 4}, "not_all_evaluated"),
        ({"evaluated": 4}, "not_all_evaluated"),
        ({"declared": 0, "loaded": 0, "evaluated": 0}, "nothing_declared"),
    ],
)
def test_each_fault_closes_the_gate_by_its_name(figures: dict[str, int], fault: str) -> None:
    assert run(**figures).verdict == "fail"
    assert closed_by(["s"], {"s": run(**figures)}, "n1") == [f"s: {fault}"]


def test_a_verdict_of_another_night_or_none_closes_the_gate() -> None:
    assert closed_by(["s"], {"s": run("n0")}, "n1") == ["s: no verdict of this night"]
    assert closed_by(["s", "t"], {"s": run()}, "n1") == ["t: no verdict of this night"]


def test_a_night_without_any_suite_stays_closed() -> None:
    assert closed_by([], {}, "n1") == ["no suite was expected"]
