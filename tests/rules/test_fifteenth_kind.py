"""A new kind is one new file, one line in the union, and what the type checker then asks for, as the page says."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from streams.settings import ROOT

GIVEN = Path(__file__).with_name("fifteenth")
PAGE = ROOT / "docs" / "development.md"
UNION = ("rules/language/rule.py", "Subjects = Deadline |", "Subjects = Repeat | Deadline |")
IMPORTED = (
    "rules/language/rule.py",
    "from rules.kinds.roster",
    "from rules.kinds.repeat import Repeat\nfrom rules.kinds.roster",
)
BODIES = "rules/language/bodies.py"
FIRST = "    if issubclass(kind, Match):"
OURS = '    if issubclass(kind, Repeat):\n        return Grammar(read_repeat, ("value",))\n'
READER = "from rules.language.repeat_body import read_repeat\n"
ASKED_FOR = (
    (BODIES, *IMPORTED[1:]),
    (BODIES, "from rules.language.rule import", f"{READER}from rules.language.rule import"),
    (BODIES, FIRST, OURS + FIRST),
)
SHAPES = ("rules/language/shapes.yaml", "\nwords:\n", '\n    repeat: ["#repeat", an event comes too often]\nwords:\n')
JUDGED = """
from pathlib import Path
from rules.drive import Drive
from rules.language import load_book
from rules.language.schema import schemas
from rules.testing.lint import lint

print("asked of the schema:", sorted(schemas()["rule"]["$defs"]["repeat"]["properties"]))
print("linted:", [str(error) for error in lint(Path("book")).errors])
print("judged:", [rule.kind for rule in load_book(Path("book")).rules])
"""


def changed(folder: Path, *places: tuple[str, str, str]) -> None:
    for name, old, new in places:
        text = (folder / name).read_text(encoding="utf-8")
        assert text.count(old) == 1, (name, old)
        (folder / name).write_text(text.replace(old, new), encoding="utf-8")


def types(folder: Path) -> list[str]:
    """The errors of mypy."""
    command = [sys.executable, "-m", "mypy", "rules"]
    said = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False).stdout
    assert "Found" in said or "Success" in said, said
    return [line for line in said.splitlines() if ": error: " in line]


def judged(folder: Path) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-c", JUDGED]
    return subprocess.run(command, cwd=folder, env={"PYTHONPATH": "."}, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_a_fifteenth_kind_is_asked_for_by_the_type_checker_at_the_place_that_the_page_names(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "rules", tmp_path / "rules", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    shutil.copy(GIVEN / "repeat.py", tmp_path / "rules" / "kinds")
    changed(tmp_path, IMPORTED, UNION)
    named = re.search(r"mypy then asks for it in `(\S+)`, in `(\w+)` or `(\w+)`", PAGE.read_text(encoding="utf-8"))
    assert named is not None
    (error,) = types(tmp_path)
    path, line, _ = error.split(":", 2)
    assert path == named[1]
    assert '"assert_never" has incompatible type "type[Repeat]"' in error
    above = (tmp_path / path).read_text(encoding="utf-8").splitlines()[: int(line)]
    assert next(each for each in reversed(above) if each.startswith("def ")).startswith(
        (f"def {named[2]}(", f"def {named[3]}(")
    )

    shutil.copy(GIVEN / "repeat_body.py", tmp_path / "rules" / "language")
    changed(tmp_path, *ASKED_FOR)
    assert types(tmp_path) == []

    (tmp_path / "book").mkdir()
    shutil.copy(GIVEN / "rule.yaml", tmp_path / "book" / "P99.yaml")
    assert "shapes.yaml does not say what may stand in repeat" in judged(tmp_path).stderr
    with (tmp_path / "rules" / "language" / "shapes.yaml").open("a", encoding="utf-8") as shapes:
        shapes.write((GIVEN / "shapes.yaml").read_text(encoding="utf-8"))
    changed(tmp_path, SHAPES)
    done = judged(tmp_path)
    assert done.stdout.splitlines() == [
        "asked of the schema: ['escalate', 'event', 'most']",
        "linted: []",
        "judged: ['repeat']",
    ], done.stderr

    rule = tmp_path / "book" / "P99.yaml"
    rule.write_text(rule.read_text(encoding="utf-8").replace("most: 1", "most: 2"), encoding="utf-8")
    assert "asked a second time" in judged(tmp_path).stdout
