"""`mingjing doctor`: every point that can keep the system from running, and what to do about each."""

import json
from dataclasses import asdict
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from streams.local import checkup
from streams.local.checkup import Finding
from streams.settings import settings

MARKS = {"ok": "[green]✓[/]", "warning": "[yellow]![/]", "fault": "[red]✗[/]", "unreachable": "[red]✗[/]"}


def status_of(findings: list[Finding]) -> int:
    """3 when a server does not answer, 1 when something else is wrong, 0 when warnings are all there is."""
    states = {finding.state for finding in findings}
    if "unreachable" in states:
        return 3
    return 1 if "fault" in states else 0


def command(
    as_json: Annotated[bool, typer.Option("--json", help="每行一个 JSON · one JSON object a line")] = False,
) -> None:
    """检查 Python、Java、端口、两个服务、规则、日历、时区，并说明如何修复 · Checks all that is needed.

    例 · Example: mingjing doctor
    """
    findings: list[Finding] = []
    table = Table("", "")
    for heading in ("结果 · found", "怎么办 · what to do"):
        table.add_column(heading, overflow="fold")
    for finding in checkup.examine(settings()):
        findings.append(finding)
        if as_json:
            typer.echo(json.dumps(asdict(finding), ensure_ascii=False))
        table.add_row(MARKS[finding.state], finding.subject, finding.found, finding.remedy)
    if not as_json:
        Console().print(table)
    raise typer.Exit(status_of(findings))
