"""Decides when a day is assessed: as soon as the gate lets it through, under its day's key."""

from typing import Any

from airflow.sdk import DAG, PartitionedAssetTimetable, task

from dags.assets import ASSESSABLE

with DAG(
    dag_id="assessment_rollup",
    schedule=PartitionedAssetTimetable(assets=ASSESSABLE),
    catchup=False,
    max_active_runs=1,
    tags=["mingjing", "assessment"],
    doc_md=__doc__,
):

    @task
    def roll_up(dag_run: Any = None) -> int:
        from streams.nightly import day_of, night

        with night() as steps:
            return steps.roll_up(day_of(dag_run.partition_key))

    roll_up()
