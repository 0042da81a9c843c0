"""Decides how `mingjing rules new` asks: five questions, each also an option, and a rule that lints."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from rules.language.bodies import KINDS
from rules.testing.drafts import Draft, NotADraft, begin, checked

BOOK = "规则目录 · the folder to write to"
ID = "规则编号，如 X01 · the id of the rule, such as X01"
NAME = "名称 · its name"
KIND = f"类型 · its kind: {', '.join(KINDS)}"
EVENT = "事件类型，如 case.accepted · the event that it is about, such as case.accepted"
BASIS = "依据：法律条款或地方措施 · the law, article or local measure"
SEVERITY = "级别 · notice, yellow_card, red_card"
CATEGORY = "类别 · time, process, feedback, inspection, publicity, data"
QUESTIONS = {"id": ID, "name": NAME, "kind": KIND, "event": EVENT, "basis": BASIS}
out, err = Console(highlight=False), Console(stderr=True, highlight=False)


def command(
    rule_id: Annotated[str, typer.Option("--id", help=ID)] = "",
    name: Annotated[str, typer.Option("--name", help=NAME)] = "",
    kind: Annotated[str, typer.Option("--kind", help=KIND)] = "",
    event: Annotated[str, typer.Option("--event", help=EVENT)] = "",
    basis: Annotated[str, typer.Option("--basis", help=BASIS)] = "",
    severity: Annotated[str, typer.Option("--severity", help=SEVERITY)] = "yellow_card",
    category: Annotated[str, typer.Option("--category", help=CATEGORY)] = "process",
    book: Annotated[Path, typer.Option("--book", help=BOOK, file_okay=False)] = Path("book"),
) -> None:
    """问五个问题，写出一条可用的规则 · asks five questions and writes a rule that lints and whose examples hold.

    例 · Example: mingjing rules new --id X01 --name 迟录 --kind match --event case.accepted --basis 本地办法
    """
    given = {"id": rule_id, "name": name, "kind": kind, "event": event, "basis": basis}
    try:
        answers = {question: _answer(question, answer) for question, answer in given.items()}
        path = begin(Draft(**answers, severity=severity, category=category), book)
    except NotADraft as error:
        raise typer.BadParameter(str(error), param_hint=f"--{error.question}") from None
    except FileExistsError:
        raise typer.BadParameter(f"{answers['id']}.yaml is there already", param_hint="--id") from None
    out.print(f"{path}", soft_wrap=True, markup=False)
    out.print(f"mingjing rules test --book {book} --run '^{answers['id']}$'", soft_wrap=True, markup=False)


def _answer(question: str, given: str) -> str:
    """The answer that an option gives, or else a person: who is asked again until it is one."""
    if given:
        return checked(question, given)
    while True:
        try:
            return checked(question, str(typer.prompt(QUESTIONS[question])))
        except NotADraft as error:
            err.print(str(error), markup=False, soft_wrap=True)
