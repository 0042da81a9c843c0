"""A night on the embedded warehouse, by real Great Expectations in SQL."""

import json
import shutil
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from expectations import suite as suites
from expectations.gate import GateClosed
from expectations.night import Night
from expectations.runner import sqlalchemy_url
from tests.expectations import landed_night as fixture
from warehouse.assessment import night_cases
from warehouse.assessment.verdicts import QualityResult

pytestmark = [pytest.mark.warehouse, pytest.mark.airflow]
DAY = fixture.DAY
Opened = Callable[..., Night]


@pytest.fixture
def opened(warehouse_url: str) -> Iterator[Opened]:
    """Opens a night over a landed day."""
    nights: list[Night] = []

    def open_night(folder: Path | None = None, **landing: object) -> Night:
        fixture.land(warehouse_url, **landing)  # type: ignore[arg-type]
        nights.append(Night(warehouse_url, count(1_772_400_000_000_000).__next__, folder))
        return nights[-1]

    yield open_night
    for each in nights:
        each.close()


def found(night: Night, run_id: str = "n1") -> dict[str, QualityResult]:
    run = night.validate("service_cases", DAY, run_id)
    return {each.expectation: each for each in night.results(run)}


def suites_with(folder: Path, extra: str) -> Path:
    """The shipped suites, and one expectation more."""
    copied = folder / "suites"
    shutil.copytree(Path(str(suites.shipped())), copied)
    with (copied / "service_cases.yaml").open("a", encoding="utf-8") as file:
        file.write(extra)
    return copied


EXTRA = """\
  - id: X1
    name: {{zh: 多一条, en: One more}}
    basis: test
    severity: info
    type: {type}
    kwargs: {kwargs}
"""


def test_a_good_day_passes_and_every_declared_expectation_is_evaluated(opened: Opened) -> None:
    night = opened()
    run = night.validate("service_cases", DAY, "n1")
    assert run.declared == run.loaded == run.evaluated == len(suites.load("service_cases").expectations)
    assert (run.errored, run.critical_failed, run.verdict) == (0, 0, "pass")
    night.gate(["service_cases"], DAY, "n1")
    assert night.roll_up(DAY) == 32
    assert night.reader.query("SHOW TABLES LIKE 'night_cases_2%'").rows == []


def test_cases_without_an_organ_close_the_gate_and_are_named(opened: Opened) -> None:
    night = opened(facts=fixture.without_organ())
    missing = found(night)["SC02"]
    assert (missing.success, missing.errored, missing.element_count, missing.unexpected_count) == (
        False,
        False,
        8,
        8,
    )
    assert "A" in json.loads(missing.detail)["cases"]
    with pytest.raises(GateClosed, match="service_cases: critical_failed"):
        night.gate(["service_cases"], DAY, "n1")
    assert night.reader.query("SELECT verdict FROM quality_runs").rows == [("fail",)]


def test_clocks_that_lag_behind_the_events_close_the_gate(opened: Opened) -> None:
    night = opened(stopped="open")
    assert not found(night)["SC14"].success
    with pytest.raises(GateClosed):
        night.gate(["service_cases"], DAY, "n1")


def test_a_custom_query_counts_and_names_its_cases(opened: Opened) -> None:
    unlimited = fixture.with_clerk(fixture.case("N", fixture.O1, "2026-03-02T08:00", "2026-03-02T09:00"))
    night = opened(facts=[*fixture.GOOD, *unlimited])
    without = found(night)["SC15"]
    assert (without.success, without.unexpected_count, json.loads(without.detail)["cases"]) == (
        False,
        1,
        ["N"],
    )
    night.gate(["service_cases"], DAY, "n1")


@pytest.mark.parametrize(
    ("type_", "kwargs"),
    [
        ("expect_column_values_to_be_lucky", "{column: case_id}"),
        ("expect_column_values_to_be_unique", "{colum: case_id}"),
        ("expect_column_values_to_be_unique", "{column: nowhere}"),
    ],
    ids=["unknown type", "unknown argument", "unknown column"],
)
def test_an_expectation_that_is_not_evaluated_closes_the_gate(
    opened: Opened, tmp_path: Path, type_: str, kwargs: str
) -> None:
    night = opened(suites_with(tmp_path, EXTRA.format(type=type_, kwargs=kwargs)))
    run = night.validate("service_cases", DAY, "n1")
    assert "errored" in run.faults()
    assert run.declared == len(suites.load("service_cases").expectations) + 1
    with pytest.raises(GateClosed, match="errored"):
        night.gate(["service_cases"], DAY, "n1")
    broken = {each.expectation: each for each in night.results(run)}["X1"]
    assert broken.errored
    assert json.loads(broken.detail)["error"]


def test_the_gate_asks_the_warehouse_and_not_what_was_handed_on(opened: Opened) -> None:
    night = opened()
    with pytest.raises(GateClosed, match="no verdict of this night"):
        night.gate(["service_cases"], DAY, "n1")
    night.validate("service_cases", DAY, "n1")
    with pytest.raises(GateClosed, match="not validated: service_cases"):
        night.gate([], DAY, "n1")


def test_a_day_without_cases_passes_with_a_warning_and_has_no_figures(opened: Opened) -> None:
    night = opened(facts=[])
    assert [each.expectation for each in found(night).values() if not each.success] == ["SC17"]
    night.gate(["service_cases"], DAY, "n1")
    assert night.roll_up(DAY) == 0


def test_the_view_of_a_day_is_named_by_its_day() -> None:
    assert night_cases.view_name("service_cases", DAY) == "night_cases_20260302"


def test_the_address_for_sqlalchemy_keeps_user_host_and_options() -> None:
    assert sqlalchemy_url("clickhouses://u:p%40@h:9440/db?verify=false") == (
        "clickhouse+native://u:p%40@h:9440/db?compression=lz4&verify=false&secure=True"
    )
