"""Decides how a night is walked through by hand: the steps of both DAGs in their order, no scheduler."""

import json
from datetime import date
from typing import Annotated

import msgspec
import typer

from expectations import suite as suites
from expectations.gate import GateClosed
from expectations.night import Night
from streams.clock import now_us
from streams.nightly import day_of, night, yesterday
from streams.settings import settings
from warehouse.assessment.catalogue import kpis
from warehouse.assessment.rollup import Total
from warehouse.assessment.verdicts import QualityResult, QualityRun
from warehouse.link import ServerException

NO_TABLE, NO_DATABASE = 60, 81
SHOWN = 5


class NotMigrated(Exception):
    """The warehouse lacks the tables of the nights."""

    exit_status = 3


def command(
    day: Annotated[
        str,
        typer.Option(help="日期，默认昨天（中国时间）· the day, YYYY-MM-DD; by default yesterday in China"),
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="结果用 JSON · the outcome in JSON")] = False,
) -> None:
    """某一天的夜间质检、闸门与考核汇总 · a day's quality checks, the gate, and the rollup behind it.

    闸门不开时退出码为 1，当天指标保持原样。
    Exit status 1 when the gate stays closed; the day then keeps its figures.

    例 · Example: mingjing nightly --day 2026-03-02
    """
    chosen = day_of(day) if day else yesterday()
    try:
        with night() as steps:
            _walk(steps, chosen, as_json)
    except ServerException as error:
        if error.code in (NO_TABLE, NO_DATABASE):
            raise NotMigrated(
                "仓库缺表，请先运行 · the warehouse lacks tables; run first: mingjing warehouse migrate"
            ) from error
        raise


def _walk(steps: Night, day: date, as_json: bool) -> None:
    run_id = f"command-{now_us()}"
    told: dict[str, object] = {"day": day.isoformat(), "run_id": run_id, "suites": [], "gate": "closed"}
    runs = []
    try:
        for name in steps.suites():
            typer.echo(f"{day} {name}: 质检中 · validating …", err=True)
            run = steps.validate(name, day, run_id)
            runs.append(run)
            if not as_json:
                _tell_run(run, steps.results(run))
        told["suites"] = [{**msgspec.to_builtins(run), "faults": run.faults()} for run in runs]
        steps.gate([run.suite for run in runs], day, run_id)
        told |= {"gate": "open", "rows": steps.roll_up(day)}
        told["indicators"] = msgspec.to_builtins(steps.totals(day))
    except GateClosed as closed:
        told["reasons"] = closed.reasons
        if not as_json:
            typer.echo("闸门未开，当天不考核 · the gate stays closed, the day is not assessed")
        raise
    finally:
        if as_json:
            typer.echo(json.dumps(told, ensure_ascii=False))
    if not as_json:
        typer.echo(f"闸门已开 · the gate is open; assess_daily: {told['rows']} rows")
        _tell_totals(steps.totals(day))


def _tell_run(run: QualityRun, results: list[QualityResult]) -> None:
    declared = suites.load(run.suite, settings().suites)
    names = {each.id: each.name for each in declared.expectations}
    typer.echo(f"{run.day}  {declared.name.zh} · {declared.name.en}")
    typer.echo(
        f"  声明 declared {run.declared} · 载入 loaded {run.loaded} · 评估 evaluated {run.evaluated}"
        f" · 未过 failed {run.failed} (critical {run.critical_failed}) · 出错 errored {run.errored}"
    )
    for each in results:
        if each.success:
            continue
        detail = json.loads(each.detail)
        said = detail.get("error") or ", ".join(detail["cases"][:SHOWN])
        counted = f"{each.unexpected_count}/{each.element_count}" if each.element_count else each.observed
        name = names[each.expectation]
        typer.echo(f"  ✗ {each.expectation} {each.severity}: {name.zh} · {name.en}  {counted}  {said}")


def _tell_totals(totals: list[Total]) -> None:
    names = {each.kpi: each.name for each in kpis()}
    for each in totals:
        value = "—" if each.value is None else f"{each.value:.2%}"
        name = names[each.kpi]
        typer.echo(f"  {each.kpi:<20} {value:>8}  {each.numerator:g}/{each.denominator:g}  {name.zh} · {name.en}")
