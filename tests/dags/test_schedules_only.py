"""DAG files are read every few seconds by a process that must not wait: schedules, and nothing touched."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from streams.settings import ROOT
from tests.waiting import PATIENCE

FILES = sorted((ROOT / "dags").glob("*.py"))
LIGHT = ("airflow", "dags", "typing")
READING = """
import json, sys
import airflow.sdk
from airflow.sdk import DAG, Asset, CronPartitionTimetable, PartitionedAssetTimetable, TriggerRule, task
with DAG("warm", schedule=None):
    @task(trigger_rule=TriggerRule.NONE_FAILED)
    def first(each): ...
    first.expand(each=[1])
touched = []
def note(name, arguments):
    if name == "open" and str(arguments[0]).endswith((".py", ".pyc")) or "__pycache__" in str(arguments[0]):
        return
    if name.startswith(("open", "socket.", "subprocess.", "sqlite3.", "os.system", "os.fork", "os.mkdir")):
        touched.append([name, str(arguments[0])])
sys.addaudithook(note)
import dags.quality_nightly, dags.assessment_rollup
heavy = ("great_expectations", "clickhouse_driver", "pandas", "streams", "expectations", "warehouse", "rules")
print(json.dumps({"touched": touched, "heavy": sorted(set(heavy) & sys.modules.keys())}))
"""


def bodies(tree: ast.Module) -> list[ast.FunctionDef]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_dag_file_imports_nothing_but_airflow_at_its_top(file: Path) -> None:
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            module = node.module if isinstance(node, ast.ImportFrom) else node.names[0].name
            assert (module or "").split(".")[0] in LIGHT


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_a_task_opens_the_night_and_calls_one_step(file: Path) -> None:
    for body in bodies(ast.parse(file.read_text(encoding="utf-8"))):
        imported, opened = body.body
        assert isinstance(imported, ast.ImportFrom)
        assert isinstance(opened, ast.With)
        assert len(opened.body) == 1


@pytest.mark.airflow
def test_reading_the_dag_files_opens_no_file_no_socket_and_no_process(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "AIRFLOW_HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", READING], capture_output=True, text=True, env=environment, timeout=PATIENCE
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == {"touched": [], "heavy": []}
