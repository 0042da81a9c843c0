"""The guide says the same in both languages, its rules hold, and its commands do what it says."""

import re
import shlex
import shutil
import sys
from pathlib import Path

import pytest

from rules.language import load_book
from rules.language.bodies import KINDS
from rules.testing.examples import run
from streams.cli.main import main
from streams.settings import ROOT
from streams.simulate import simulate

PAGES = {language: ROOT / "docs" / "guide" / f"{language}.md" for language in ("en", "zh")}
RULE = re.compile(r"```yaml\n(rule: .*?)```", re.DOTALL)
COMMANDS = re.compile(r"```sh\n(.*?)```", re.DOTALL)
NEEDS_A_BROKER = "publish"
FOUND_DIFFERENCES = 1


def text(language: str) -> str:
    return PAGES[language].read_text(encoding="utf-8")


def test_both_languages_show_the_same_rules_and_the_same_commands() -> None:
    for shown in (RULE, COMMANDS):
        assert shown.findall(text("en")) == shown.findall(text("zh")) != []
    assert text("en").count("\n## ") == text("zh").count("\n## ")


def test_there_is_a_worked_example_of_every_kind_and_it_holds(tmp_path: Path) -> None:
    for number, rule in enumerate(RULE.findall(text("en"))):
        (tmp_path / f"{number}.yaml").write_text(rule, encoding="utf-8")
    book = load_book(tmp_path)
    assert sorted(rule.kind for rule in book.rules) == sorted(KINDS)
    for rule in book.rules:
        assert run(book, rule) == []
        assert {bool(example.expect) for example in rule.examples} == {True, False}, rule.id


def lines() -> list[list[str]]:
    """The commands of the guide that need nothing but this machine, in its order, for a smaller month."""
    shown = "\n".join(COMMANDS.findall(text("en"))).splitlines()
    found = [shlex.split(line) for line in shown if line.startswith("mingjing") and NEEDS_A_BROKER not in line]
    return [[{"3000": "300"}.get(word, word) for word in line[1:]] for line in found]


def outcome(arguments: list[str]) -> int:
    with pytest.raises(SystemExit) as ended:
        sys.exit(main(arguments))
    return int(ended.value.code or 0)


def test_the_commands_of_the_guide_run_one_after_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for arguments in lines():
        if arguments[1] == "diff":
            shutil.copytree("book", "book2")
            changed = Path("book2/LX1.yaml")
            changed.write_text(changed.read_text("utf-8").replace("limit: 5 workdays", "limit: 10 workdays"), "utf-8")
        if arguments[1] == "explain":
            arguments[3] = first_case(Path("month.jsonl"))
        assert outcome(arguments) == (FOUND_DIFFERENCES if arguments[1] == "diff" else 0), arguments
    assert Path("LX1.svg").read_text("utf-8").startswith("<")


def first_case(history: Path) -> str:
    """A case of a smaller month, in the place of the one that the guide names."""
    found = re.search(r'"type":"case.accepted".*?"subject":"([^"]+)"', history.read_text("utf-8"))
    assert found is not None
    return found[1]


def test_the_error_that_the_guide_shows_is_the_one_that_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert [outcome(each) for each in lines()[:2]] == [0, 0]
    written = Path("book/LX1.yaml")
    named = written.read_text("utf-8").splitlines()[0].removeprefix("# yaml-language-server: $schema=")
    assert Path("book", named).samefile("schema/rule.json")
    written.write_text(written.read_text("utf-8").replace("5 workdays}", "5 workdys}", 1), "utf-8")
    capsys.readouterr()
    assert outcome(["rules", "lint", "--book", "book"]) == 1
    said = capsys.readouterr()
    shown = re.search(r"```text\n(.*?)```", text("en"), re.DOTALL)
    assert shown is not None
    assert shown[1] in said.out + said.err


def test_the_case_that_the_guide_explains_is_one_of_its_month() -> None:
    said = [shlex.split(line) for line in "\n".join(COMMANDS.findall(text("en"))).splitlines()]
    (month,) = [line for line in said if line[:2] == ["mingjing", "simulate"]]
    (explained,) = [line for line in said if line[:3] == ["mingjing", "rules", "explain"]]
    number = {name: int(month[month.index(f"--{name}") + 1]) for name in ("seed", "days", "cases")}
    assert explained[4] in {each.subject for each in simulate(**number).messages}
