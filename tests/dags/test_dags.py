"""The DAGs as Airflow runs them, by `dag.test()` on the embedded warehouse with good and with bad days."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from expectations import night
from streams.settings import ROOT
from tests.expectations import landed_night as fixture
from tests.waiting import PATIENCE
from warehouse.link import connect
from warehouse.reader import Reader

if TYPE_CHECKING:
    from warehouse.embedded import EmbeddedServer

pytestmark = [pytest.mark.warehouse, pytest.mark.airflow, pytest.mark.slow]
DAY = fixture.DAY.isoformat()
ASSET = "service_cases_assessable"


def airflow_environment(home: Path) -> dict[str, str]:
    """Airflow in a folder of its own, on SQLite, without examples."""
    return {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "AIRFLOW__LOGGING__LOGGING_LEVEL": "WARNING",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
    }


def unlucky(folder: Path) -> Path:
    """The shipped suites with one expectation of a type that does not exist."""
    made = folder / "suites"
    made.mkdir()
    text = (ROOT / "expectations" / "suites" / "service_cases.yaml").read_text(encoding="utf-8")
    text = text[: text.index("  - id: SC15")] + text[text.index("  - id: SC17") :]
    text = text.replace("expect_table_row_count_to_be_between", "expect_table_to_be_lucky")
    (made / "service_cases.yaml").write_text(text, encoding="utf-8")
    return made


class Walk:
    """What one Airflow process did with every scenario, and the warehouses it did it to."""

    def __init__(self, told: dict[str, Any], urls: dict[str, str]) -> None:
        self.import_errors, self.order = told["import_errors"], told["order"]
        self.days: dict[str, Any] = told["days"]
        self.outcomes: dict[str, dict[str, Any]] = told["outcomes"]
        self.urls = urls

    def rows(self, warehouse: str, statement: str) -> list[tuple[Any, ...]]:
        return Reader(self.urls[warehouse]).query(statement).rows


@pytest.fixture(scope="module")
def walk(warehouse_server: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Walk]:
    folder = tmp_path_factory.mktemp("airflow")
    root = warehouse_server.url.rpartition("/")[0]
    urls = {name: f"{root}/{name}_{uuid4().hex[:8]}" for name in ("good", "bad", "unlucky", "empty")}
    fixture.land(urls["good"])
    fixture.land(urls["bad"], fixture.without_organ())
    fixture.land(urls["unlucky"])
    fixture.land(urls["empty"])
    none = folder / "none"
    none.mkdir()
    suites = {"unlucky": str(unlucky(folder)), "empty": str(none)}
    shipped = str(ROOT / "expectations" / "suites")

    def scenario(dag: str, warehouse: str, key: str | None = DAY) -> dict[str, Any]:
        environment = {"CLICKHOUSE_URL": urls[warehouse], "MINGJING_SUITES": suites.get(warehouse, shipped)}
        return {"dag": dag, "key": key, "environment": environment}

    scenarios = {
        "rollup before any verdict": scenario("assessment_rollup", "good"),
        "good night": scenario("quality_nightly", "good"),
        "good rollup": scenario("assessment_rollup", "good"),
        "rollup without a key": scenario("assessment_rollup", "good", None),
        "night without a key": scenario("quality_nightly", "good", None),
        "night of no day": scenario("quality_nightly", "good", "yesterday"),
        "bad night": scenario("quality_nightly", "bad"),
        "bad rollup": scenario("assessment_rollup", "bad"),
        "unlucky night": scenario("quality_nightly", "unlucky"),
        "night without suites": scenario("quality_nightly", "empty"),
    }
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("walk.py"))],
        input=json.dumps(scenarios),
        capture_output=True,
        text=True,
        env=airflow_environment(folder),
        timeout=PATIENCE,
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-5000:]
    yield Walk(json.loads(done.stdout.splitlines()[-1]), urls)
    client = connect(warehouse_server.url)
    for url in urls.values():
        client.execute(f"DROP DATABASE {url.rpartition('/')[2]}")
    client.disconnect()


def test_the_dags_import_and_walk_the_steps_of_the_night_in_their_order(walk: Walk) -> None:
    assert walk.import_errors == {}
    assert walk.order == {"quality_nightly": list(night.QUALITY), "assessment_rollup": list(night.ASSESSMENT)}


def test_the_night_after_a_day_is_keyed_by_that_day_and_a_backfill_by_each_of_its_days(walk: Walk) -> None:
    assert walk.days["scheduled"] == ["2026-03-02T16:00:00+00:00", "2026-03-02"]
    assert walk.days["backfill"] == ["2026-02-28", "2026-03-01", "2026-03-02"]


def test_a_good_day_passes_the_gate_which_announces_it_under_its_key(walk: Walk) -> None:
    outcome = walk.outcomes["good night"]
    assert outcome["state"] == "success"
    assert outcome["assets"] == [[ASSET, DAY]]
    found = walk.rows("good", "SELECT run_id, verdict, declared = loaded AND loaded = evaluated FROM quality_runs")
    assert found == [(outcome["run_id"], "pass", 1)]


def test_the_announcement_queues_the_rollup_of_that_day(walk: Walk) -> None:
    assert ["assessment_rollup", DAY] in walk.outcomes["good night"]["queued"]


def test_the_rollup_of_a_good_day_holds_the_figures_that_a_hand_counts(walk: Walk) -> None:
    assert walk.outcomes["good rollup"]["state"] == "success"
    found: dict[tuple[str, str], dict[str, tuple[float, float]]] = {}
    asked = "SELECT region, organ, kpi, numerator, denominator FROM assess_daily"
    for region, organ, kpi, numerator, denominator in walk.rows("good", asked):
        found.setdefault((region, organ), {})[kpi] = (numerator, denominator)
    assert found == fixture.EXPECTED


def test_a_bad_day_closes_the_gate_and_nothing_is_announced(walk: Walk) -> None:
    outcome = walk.outcomes["bad night"]
    assert (outcome["state"], outcome["tasks"]["validate"], outcome["tasks"]["gate"]) == (
        "failed",
        "success",
        "failed",
    )
    assert outcome["assets"] == []
    assert walk.rows("bad", "SELECT verdict FROM quality_runs") == [("fail",)]
    failed = walk.rows("bad", "SELECT expectation FROM quality_results WHERE NOT success AND severity = 'critical'")
    assert failed == [("SC02",)]


def test_the_rollup_of_a_bad_day_reads_the_verdict_again_and_refuses(walk: Walk) -> None:
    assert walk.outcomes["bad rollup"]["state"] == "failed"
    assert walk.rows("bad", "SELECT count() FROM assess_daily") == [(0,)]


def test_a_rollup_before_any_verdict_refuses(walk: Walk) -> None:
    assert walk.outcomes["rollup before any verdict"]["state"] == "failed"


def test_an_unknown_expectation_type_closes_the_gate(walk: Walk) -> None:
    outcome = walk.outcomes["unlucky night"]
    assert (outcome["tasks"]["validate"], outcome["tasks"]["gate"], outcome["assets"]) == (
        "success",
        "failed",
        [],
    )
    [(declared, loaded, evaluated)] = walk.rows("unlucky", "SELECT declared, loaded, evaluated FROM quality_runs")
    assert declared == loaded + 1 == evaluated + 1


def test_a_night_without_any_suite_does_not_go_green(walk: Walk) -> None:
    outcome = walk.outcomes["night without suites"]
    assert (outcome["state"], outcome["tasks"]["gate"], outcome["assets"]) == ("failed", "failed", [])


@pytest.mark.parametrize("name", ["rollup without a key", "night without a key", "night of no day"])
def test_a_run_without_a_day_as_its_key_refuses(walk: Walk, name: str) -> None:
    assert walk.outcomes[name]["state"] == "failed"
    assert walk.outcomes[name]["assets"] == []
