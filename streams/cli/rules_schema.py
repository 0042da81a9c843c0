"""Decides how `mingjing rules schema` writes what editors complete and check the files of a book by."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from rules.language.schema import schemas, written

OUT = "写入的目录 · the folder to write to"
Folder = Annotated[Path, typer.Option("--out", help=OUT, file_okay=False)]
out = Console(highlight=False)


def command(folder: Folder = Path("schema")) -> None:
    """规则文件的 JSON Schema，供编辑器补全和检查 · JSON Schema of the files of a book, for editors.

    The first line of a rule file then is `# yaml-language-server: $schema=<folder>/rule.json`.

    例 · Example: mingjing rules schema --out schema
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, schema in schemas().items():
        path = folder / f"{name}.json"
        path.write_text(written(schema), encoding="utf-8")
        out.print(f"{path}", soft_wrap=True)
