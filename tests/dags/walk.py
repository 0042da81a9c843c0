"""Runs DAGs by `dag.test()` in a process of its own: Airflow configures logging and a database for all of it.

Reads scenarios as JSON from standard input; its last line of output are the outcomes. No address outside the
machine is reached: a connection to one raises.
"""

from __future__ import annotations

import json
import os
import socket
import sys
from typing import Any

from sqlalchemy import event, select

LOOPBACK = ("127.0.0.1", "::1", "localhost")


def _audited(name: str, arguments: tuple[Any, ...]) -> None:
    if name == "socket.connect" and isinstance(arguments[1], tuple) and arguments[1][0] not in LOOPBACK:
        raise PermissionError(f"a test may not connect to {arguments[1]}")


def bag() -> Any:
    from airflow.dag_processing.dagbag import DagBag

    return DagBag(os.environ["AIRFLOW__CORE__DAGS_FOLDER"])


def give_keys(keys: list[str | None]) -> None:
    """`dag.test()` takes no partition key: the run gets the next one of `keys` as it is stored."""
    from airflow.models.dagrun import DagRun

    @event.listens_for(DagRun, "before_insert")
    def _keyed(_mapper: Any, _connection: Any, target: Any) -> None:
        target.partition_key = keys[0]


def walked(dag: Any, scenario: dict[str, Any], keys: list[str | None]) -> dict[str, Any]:
    from airflow.models.asset import AssetEvent, AssetModel, AssetPartitionDagRun
    from airflow.utils.session import create_session

    from streams.settings import settings

    os.environ.update(scenario["environment"])
    settings.cache_clear()
    keys[0] = scenario["key"]
    run = dag.test()
    tasks = {each.task_id: str(each.state) for each in run.get_task_instances()}
    emitted = (
        select(AssetModel.name, AssetEvent.partition_key)
        .join(AssetModel, AssetModel.id == AssetEvent.asset_id)
        .where(AssetEvent.source_run_id == run.run_id)
    )
    queued = select(AssetPartitionDagRun.target_dag_id, AssetPartitionDagRun.partition_key)
    with create_session() as session:
        return {
            "run_id": run.run_id,
            "state": str(run.state),
            "tasks": tasks,
            "assets": [list(row) for row in session.execute(emitted)],
            "queued": [list(row) for row in session.execute(queued)],
        }


def days_of(dag: Any) -> dict[str, Any]:
    """The partition keys of a backfill over three days, and the run that follows one midnight in China."""
    from airflow.sdk import timezone
    from airflow.serialization.encoders import coerce_to_core_timetable
    from airflow.timetables.base import TimeRestriction

    timetable = coerce_to_core_timetable(dag.timetable)
    first, last = timezone.datetime(2026, 2, 28), timezone.datetime(2026, 3, 2)
    filled = timetable.iter_partition_dagrun_infos(earliest=first, latest=last)
    restriction = TimeRestriction(earliest=timezone.datetime(2026, 3, 2, 15, 59), latest=None, catchup=True)
    scheduled = timetable.next_dagrun_info_v2(last_dagrun_info=None, restriction=restriction)
    return {
        "backfill": [each.partition_key for each in filled],
        "scheduled": [scheduled.run_after.isoformat(), scheduled.partition_key],
    }


def main() -> None:
    sys.addaudithook(_audited)
    socket.setdefaulttimeout(60)
    scenarios = json.load(sys.stdin)
    from airflow.utils.db import initdb

    initdb()
    found, keys = bag(), [None]
    give_keys(keys)
    order = {name: [task.task_id for task in dag.topological_sort()] for name, dag in found.dags.items()}
    outcomes = {name: walked(found.dags[each["dag"]], each, keys) for name, each in scenarios.items()}
    told = {"import_errors": found.import_errors, "order": order, "outcomes": outcomes}
    print(json.dumps({**told, "days": days_of(found.dags["quality_nightly"])}))


if __name__ == "__main__":
    main()
