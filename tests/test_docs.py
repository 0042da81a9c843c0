"""What the pages say is so: links resolve, commands and variables exist, rules on pages load and hold."""

import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from rules.language import load_book
from rules.language.bodies import KINDS
from rules.language.clock_body import CLOCK_KEYS, EXTEND_KEYS, PAUSE_KEYS
from rules.language.grouping import WINDOW_KEYS
from rules.language.history_body import BASELINE_KEYS, CAP_KEYS, NEW_VALUE_KEYS
from rules.language.reading import COLUMNS, SELECTOR_KEYS
from rules.language.rule_file import KEYS
from rules.language.samples import ENVELOPE, EXPECTED, TIMES
from rules.language.window_body import AGGREGATE_KEYS, COUNT_KEYS, RATIO_KEYS, SPIKE_KEYS
from rules.model.events import TYPES
from rules.testing.examples import run
from streams.cli.main import COMMANDS, _load, main
from streams.settings import ROOT, SECRETS, VARIABLES
from streams.topics import Names, plan

README = ROOT / "README.md"
RULES = ROOT / "docs" / "rules.md"
LANGUAGE = [RULES, *sorted((ROOT / "docs" / "kinds").glob("*.md"))]
"""The pages that are the reference of the language together."""
NOT_OURS = {".venv", ".venv-run", ".cache", ".state", ".pytest_cache", ".hypothesis"}
PAGES = sorted(page for page in ROOT.rglob("*.md") if not NOT_OURS & set(page.relative_to(ROOT).parts))
LINK = re.compile(r"\]\(([^)\s]+)\)")
CALLED = re.compile(r"mingjing ((?!_)[a-z]+)(?: ([a-z]+))?")
MADE = re.compile(r"\bmake ([a-z]+)")
TEST = re.compile(r"(tests/[\w/]+\.py)::(test_\w+)")
VARIABLE = re.compile(r"\b(?:MINGJING|KAFKA|CLICKHOUSE)_[A-Z_]*[A-Z]\b")
ELSEWHERE = {"MINGJING_HISTORIES", "MINGJING_FIRST_HISTORY", "MINGJING_SIDE_BY_SIDE"}
"""Read by tests, not by the program."""


def text(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def code(page: Path) -> Iterator[str]:
    """What a page shows as code, in blocks and in lines."""
    yield from re.findall(r"```(?:\w*)\n(.*?)```", text(page), re.DOTALL)
    yield from re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text(page), flags=re.DOTALL))


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_within_the_repository_leads_somewhere(page: Path) -> None:
    targets = [link.partition("#")[0] for link in LINK.findall(text(page)) if "://" not in link]
    assert [target for target in targets if target and not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_test_that_a_page_names_exists(page: Path) -> None:
    named = [TEST.fullmatch(shown) for shown in code(page)]
    gone = [
        each.group()
        for each in named
        if each and not re.search(rf"^(async )?def {each[2]}\b", text(ROOT / each[1]), re.MULTILINE)
    ]
    assert gone == []


def test_the_page_on_truth_has_all_thirteen_points_and_every_host_and_names_tests_for_each() -> None:
    rows = [line for line in text(ROOT / "docs" / "truth.md").splitlines() if line.startswith("| ")]
    points = {cells[0]: cells for line in rows if (cells := line.strip("| ").split(" | "))}
    for name in (*(str(number) for number in range(1, 14)), "worker", "replay, backtest", "rule tester"):
        assert "::test_" in points[name][-1], name


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_command_that_a_page_names_exists(page: Path) -> None:
    unknown = []
    for shown in code(page):
        for command, below in CALLED.findall(shown):
            if command not in COMMANDS:
                unknown.append(command)
            elif below and isinstance(found := _load(command), typer.core.TyperGroup):
                unknown += [f"{command} {below}"] if below not in found.commands else []
    assert unknown == []


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_make_target_that_a_page_names_exists(page: Path) -> None:
    targets = set(re.findall(r"(?m)^([a-z-]+):", text(ROOT / "Makefile")))
    assert {target for shown in code(page) for target in MADE.findall(shown)} <= targets


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_variable_that_a_page_names_is_read(page: Path) -> None:
    known = set(VARIABLES) | set(SECRETS) | {f"{name}_FILE" for name in SECRETS} | ELSEWHERE
    assert set(VARIABLE.findall(text(page))) <= known


def test_the_readme_names_every_command_and_every_variable() -> None:
    assert [name for name in COMMANDS if f"mingjing {name}" not in text(README)] == []
    assert [name for name in (*VARIABLES, *SECRETS) if name not in text(README)] == []


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_that_does_something_shows_an_example(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    command = _load(name)
    leaves = [[each] for each in command.commands] if isinstance(command, typer.core.TyperGroup) else [[]]
    for arguments in leaves:
        with pytest.raises(SystemExit):
            main([name, *arguments, "--help"])
        assert re.search(r"Example:\s*\S", capsys.readouterr().out), " ".join(["mingjing", name, *arguments])


@pytest.mark.parametrize("name", ["contract", "book"])
def test_a_written_page_is_the_one_that_its_program_gives(name: str) -> None:
    spec = importlib.util.spec_from_file_location(f"{name}_page", ROOT / "docs" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.page() == text(module.PAGE), f"run `python docs/{name}.py`"


def test_the_contract_page_names_every_type_and_every_field() -> None:
    page = text(ROOT / "docs" / "contract.md")
    assert [kind.name for kind in TYPES.values() if f"`{kind.name}`" not in page] == []
    assert {field for kind in TYPES.values() for field in kind.fields if f"`{field}`" not in page} == set()


def test_the_rules_on_the_pages_load_and_their_examples_hold(tmp_path: Path) -> None:
    shown = [rule for page in LANGUAGE for rule in re.findall(r"```yaml\n(rule: .*?)```", text(page), re.DOTALL)]
    for number, rule in enumerate(shown):
        (tmp_path / f"shown{number}.yaml").write_text(rule, encoding="utf-8")
    book = load_book(tmp_path)
    assert {rule.kind for rule in book.rules} == set(KINDS)
    assert [str(difference) for rule in book.rules for difference in run(book, rule)] == []


def test_the_pages_on_rules_name_every_key_of_the_language() -> None:
    windows = {*COUNT_KEYS, *RATIO_KEYS, *AGGREGATE_KEYS, *SPIKE_KEYS, *WINDOW_KEYS}
    windows |= {*BASELINE_KEYS, *NEW_VALUE_KEYS, *CAP_KEYS}
    keys = {*KEYS, *CLOCK_KEYS, *PAUSE_KEYS, *EXTEND_KEYS, *SELECTOR_KEYS, *windows, *EXPECTED, *TIMES, *ENVELOPE}
    words = set(re.findall(r"[a-z_]+", " ".join(shown for page in LANGUAGE for shown in code(page))))
    assert keys - words == set()
    assert {name for name in COLUMNS if f"`{name}`" not in text(RULES)} <= {
        *("name_zh", "name_en", "task_code", "basis"),
    }


def test_the_operations_page_names_every_topic() -> None:
    page = text(ROOT / "docs" / "operations.md")
    changelogs = {Names().changelog(topic) for topic in ("service.events", "inspection.events", "facts")}
    names = {topic.name for topic in plan(Names(), 4)} - changelogs
    assert {name for name in names if f"`{name}`" not in page} == set()


def test_the_readme_lists_the_shipped_rules_and_says_how_many() -> None:
    book = load_book()
    listed = set(re.findall(r"\b[A-Z]\d\d(?:\.[a-z_]+)?\b", text(README)))
    assert {rule.id for rule in book.rules} <= listed
    assert f"{len(book.rules)} rules" in text(README)


def test_every_decision_is_in_the_list_and_says_context_decision_and_consequences() -> None:
    folder = ROOT / "docs" / "adr"
    listed = text(folder / "README.md")
    pages = sorted(folder.glob("[0-9]*.md"))
    assert [page.name for page in pages if f"({page.name})" not in listed] == []
    for page in pages:
        assert all(f"**{part}.**" in text(page) for part in ("Context", "Decision", "Consequences")), page.name
