"""What a day's indicators are, and when they are refused; on the embedded warehouse."""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest

from tests.expectations import landed_night as fixture
from warehouse.assessment import night_cases, rollup, verdicts
from warehouse.assessment.catalogue import kpis
from warehouse.assessment.days import DayTables
from warehouse.assessment.rollup import Refused, roll_up
from warehouse.assessment.verdicts import QualityRun
from warehouse.reader import Reader
from warehouse.writer import Writer

pytestmark = pytest.mark.warehouse
DAY = fixture.DAY


@pytest.fixture
def days(warehouse_url: str) -> Iterator[DayTables]:
    fixture.land(warehouse_url)
    opened = DayTables(Writer(warehouse_url), Reader(warehouse_url))
    yield opened
    opened.writer.close()
    opened.reader.close()


def run_of(run_id: str, day: date = DAY, ended_at: int = 2, **figures: int) -> QualityRun:
    counted = {"declared": 3, "loaded": 3, "evaluated": 3, "failed": 0, "critical_failed": 0, "errored": 0}
    return QualityRun(
        run_id=run_id,
        day=day,
        suite="service_cases",
        started_at=1,
        ended_at=ended_at,
        **{**counted, **figures},
    ).judged()


def judge(days: DayTables, run: QualityRun) -> None:
    verdicts.record(days.writer, run, [])


def stored(days: DayTables, day: date = DAY) -> dict[tuple[str, str], dict[str, tuple[float, float, float | None]]]:
    found: dict[tuple[str, str], dict[str, tuple[float, float, float | None]]] = {}
    asked = "SELECT region, organ, kpi, numerator, denominator, value FROM assess_daily WHERE day = %(day)s"
    for region, organ, kpi, *figures in days.reader.query(asked, {"day": day}).rows:
        found.setdefault((region, organ), {})[kpi] = tuple(figures)
    return found


def test_every_indicator_of_the_day_is_what_a_hand_counts(days: DayTables) -> None:
    night_cases.freeze(days, "service_cases", DAY, "n1")
    judge(days, run_of("n1"))
    assert roll_up(days, DAY) == 2 * len(kpis())
    for place, indicators in stored(days).items():
        expected = fixture.EXPECTED[place]
        assert {kpi: figures[:2] for kpi, figures in indicators.items()} == expected
    assert stored(days).keys() == fixture.EXPECTED.keys()


def test_a_zero_denominator_is_null_and_never_a_hundred_per_cent(days: DayTables) -> None:
    night_cases.freeze(days, "service_cases", DAY, "n1")
    judge(days, run_of("n1"))
    roll_up(days, DAY)
    figures = [each for indicators in stored(days).values() for each in indicators.values()]
    assert all((value is None) == (below == 0) for _, below, value in figures)
    assert stored(days)["330200", "O2"]["satisfaction"] == (0, 0, None)


def test_the_totals_of_a_day_are_sums_over_sums(days: DayTables) -> None:
    night_cases.freeze(days, "service_cases", DAY, "n1")
    judge(days, run_of("n1"))
    roll_up(days, DAY)
    found = {each.kpi: each for each in rollup.totals(days.reader, DAY)}
    assert list(found) == [each.kpi for each in kpis()]
    assert (found["on_time"].numerator, found["on_time"].denominator, found["on_time"].value) == (4, 5, 0.8)


def test_a_day_without_a_verdict_is_not_assessed(days: DayTables) -> None:
    with pytest.raises(Refused) as refused:
        roll_up(days, DAY)
    assert refused.value.reason == "no_verdict"


@pytest.mark.parametrize(
    "figures", [{"critical_failed": 1}, {"errored": 1}, {"loaded": 2}, {"evaluated": 2}, {"declared": 0}]
)
def test_a_day_with_a_bad_verdict_keeps_the_figures_that_it_had(days: DayTables, figures: dict[str, int]) -> None:
    night_cases.freeze(days, "service_cases", DAY, "n1")
    judge(days, run_of("n1"))
    roll_up(days, DAY)
    before = stored(days)
    night_cases.freeze(days, "service_cases", DAY, "n2")
    judge(days, run_of("n2", ended_at=3, **figures))
    with pytest.raises(Refused) as refused:
        roll_up(days, DAY)
    assert refused.value.reason == "verdict"
    assert stored(days) == before


def test_rows_of_a_run_that_has_no_verdict_yet_are_not_counted(days: DayTables) -> None:
    night_cases.freeze(days, "service_cases", DAY, "n1")
    judge(days, run_of("n1"))
    night_cases.freeze(days, "service_cases", DAY, "n2")
    with pytest.raises(Refused) as refused:
        roll_up(days, DAY)
    assert refused.value.reason == "overtaken"


def test_a_second_rollup_replaces_the_day_and_no_other_day(days: DayTables) -> None:
    for day in (DAY, DAY + timedelta(days=1)):
        night_cases.freeze(days, "service_cases", day, "n1")
        judge(days, run_of("n1", day))
        roll_up(days, day)
    first, second = stored(days), stored(days, DAY + timedelta(days=1))
    assert second["330100", "O1"]["on_time"][:2] == (1, 1)
    roll_up(days, DAY)
    assert (stored(days), stored(days, DAY + timedelta(days=1))) == (first, second)


def test_a_day_whose_cases_all_went_elsewhere_has_no_figures_left(days: DayTables) -> None:
    night_cases.freeze(days, "service_cases", DAY, "n1")
    judge(days, run_of("n1"))
    roll_up(days, DAY)
    days.writer.execute("TRUNCATE TABLE event_versions")
    assert night_cases.freeze(days, "service_cases", DAY, "n2") == 0
    judge(days, run_of("n2", ended_at=3))
    assert roll_up(days, DAY) == 0
    assert stored(days) == {}


def test_a_promise_that_is_contested_is_not_kept_until_a_person_says_so(warehouse_url: str) -> None:
    fixture.land(warehouse_url, stopped="contested")
    opened = DayTables(Writer(warehouse_url), Reader(warehouse_url))
    night_cases.freeze(opened, "service_cases", DAY, "n1")
    judge(opened, run_of("n1"))
    roll_up(opened, DAY)
    found = stored(opened)["330100", "O1"]
    assert (found["on_time"], found["early"], found["promise_known"]) == ((1, 4, 0.25), (0, 4, 0), (4, 4, 1))


def test_a_closed_case_with_an_open_clock_is_marked(warehouse_url: str) -> None:
    fixture.land(warehouse_url, stopped="open")
    opened = DayTables(Writer(warehouse_url), Reader(warehouse_url))
    night_cases.freeze(opened, "service_cases", DAY, "n1")
    behind = opened.reader.query("SELECT case_id FROM night_cases WHERE clock_behind ORDER BY case_id").rows
    assert [row[0] for row in behind] == ["A", "B", "C", "D", "E-withdrawn", "H"]


def test_the_statement_and_the_catalogue_name_the_same_indicators(days: DayTables) -> None:
    night_cases.freeze(days, "service_cases", DAY, "n1")
    judge(days, run_of("n1"))
    roll_up(days, DAY)
    found = dict(days.reader.query("SELECT DISTINCT kpi, rests_on FROM assess_daily").rows)
    assert found == {each.kpi: each.rests_on for each in kpis()}
    assert all(each.name.zh and each.name.en and each.index for each in kpis())
