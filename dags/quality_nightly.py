"""Decides when a day is doubted: at midnight in China, the day that ended; its gate says what passed."""

from typing import Any

from airflow.sdk import DAG, CronPartitionTimetable, TriggerRule, task

from dags.assets import ASSESSABLE

with DAG(
    dag_id="quality_nightly",
    schedule=CronPartitionTimetable("0 0 * * *", timezone="Asia/Shanghai", run_offset=-1, key_format="%Y-%m-%d"),
    catchup=False,
    max_active_runs=1,
    tags=["mingjing", "quality"],
    doc_md=__doc__,
):

    @task
    def suites() -> list[str]:
        from streams.nightly import night

        with night() as steps:
            return steps.suites()

    @task
    def validate(suite: str, dag_run: Any = None) -> str:
        from streams.nightly import day_of, night

        with night() as steps:
            return steps.validate(suite, day_of(dag_run.partition_key), dag_run.run_id).suite

    # NONE_FAILED: without any suite the mapped step is skipped, and a skipped gate would leave the run green.
    @task(outlets=[ASSESSABLE], trigger_rule=TriggerRule.NONE_FAILED)
    def gate(validated: Any, dag_run: Any = None) -> None:
        from streams.nightly import day_of, night

        with night() as steps:
            steps.gate(validated or (), day_of(dag_run.partition_key), dag_run.run_id)

    gate(validate.expand(suite=suites()))
