"""What the repository itself promises: locks without addresses, a pure core, one clock, layers that hold."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from streams.settings import ROOT

ROOMS = ("rules", "streams", "warehouse", "expectations", "dags")
LOCKS = sorted(ROOT.glob("requirements/*.txt"))
ADDRESS = re.compile(r"(?i)https?://|--(extra-)?index-url|--find-links|--trusted-host")
MACHINE_PATH = re.compile(r"(?<![\w.$}/-])/(?:work|root|home/\w+|Users/\w+)/|/tmp/\w")
CLOCK_READERS = {
    "time": {"time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns", "localtime"},
    "datetime": {"now", "utcnow", "today"},
    "date": {"today"},
}


def tracked() -> list[Path]:
    said = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if said.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in said.stdout.split("\0") if name and (ROOT / name).is_file()]


def modules(*rooms: str) -> Iterator[tuple[Path, ast.Module]]:
    for room in rooms:
        for path in sorted((ROOT / room).rglob("*.py")):
            yield path, ast.parse(path.read_text(encoding="utf-8"))


def clock_calls(tree: ast.Module) -> Iterator[int]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = node.func.value
            name = owner.id if isinstance(owner, ast.Name) else getattr(owner, "attr", "")
            if node.func.attr in CLOCK_READERS.get(name, ()):
                yield node.lineno


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_a_lock_carries_hashes_and_no_address_of_an_index(lock: Path) -> None:
    text = lock.read_text(encoding="utf-8")
    assert not ADDRESS.search(text)
    if lock.name != "overrides.txt":
        pinned = [line for line in text.splitlines() if re.match(r"[a-z0-9]", line)]
        assert pinned
        assert all("==" in line and line.endswith("\\") for line in pinned)
        assert text.count("--hash=sha256:") >= len(pinned)


def test_every_lock_pins_the_versions_of_the_lock_that_is_tested() -> None:
    def pins(lock: Path) -> set[tuple[str, str]]:
        return set(re.findall(r"(?m)^([a-z0-9.-]+(?:\[\S+\])?)==([^\s;]+)", lock.read_text(encoding="utf-8")))

    tested = pins(ROOT / "requirements" / "all.txt")
    for lock in LOCKS:
        assert pins(lock) <= tested, lock.name


def test_no_file_names_a_folder_of_somebodys_machine() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in tracked()
        if path.suffix in {".py", ".md", ".yaml", ".toml", ".txt", ".lock", ".sql", ".html", ""}
        and path != Path(__file__)
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1)
        if MACHINE_PATH.search(line)
    ]
    assert found == []


def test_one_file_reads_the_clock() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{line}"
        for path, tree in modules(*ROOMS)
        if path != ROOT / "streams" / "clock.py"
        for line in clock_calls(tree)
    ]
    assert found == []


def test_no_test_sleeps() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path, tree in modules("tests")
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "sleep"
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "time"
    ]
    assert found == []


def test_every_module_opens_with_a_sentence_that_says_what_it_is() -> None:
    missing = [str(path.relative_to(ROOT)) for path, tree in modules(*ROOMS) if not ast.get_docstring(tree)]
    assert missing == []


def test_no_module_grows_beyond_300_lines() -> None:
    long = [
        str(path.relative_to(ROOT)) for path, _ in modules(*ROOMS) if path.read_text(encoding="utf-8").count("\n") > 300
    ]
    assert long == []


def test_tests_are_no_packages() -> None:
    assert list((ROOT / "tests").rglob("__init__.py")) == []


def run(*command: str) -> str:
    said = subprocess.run([sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, check=False)
    return "" if said.returncode == 0 else said.stdout + said.stderr


def test_the_import_contracts_hold() -> None:
    from importlinter.cli import lint_imports

    assert callable(lint_imports)
    said = subprocess.run(
        [Path(sys.executable).with_name("lint-imports")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert said.returncode == 0, said.stdout


def test_the_code_is_formatted_and_lints_clean() -> None:
    assert run("ruff", "check", "--quiet", ".") == ""
    assert run("ruff", "format", "--check", "--quiet", ".") == ""


@pytest.mark.slow
def test_the_types_hold_strictly() -> None:
    assert run("mypy") == ""


def test_an_environment_is_fresh_only_for_the_lock_that_made_it(tmp_path: Path) -> None:
    def asked(folder: Path, lock: Path) -> int:
        command = [sys.executable, str(ROOT / "requirements" / "environment.py"), "--fresh", folder, lock]
        return subprocess.run(command, check=False).returncode

    lock = tmp_path / "lock.txt"
    lock.write_text("", encoding="utf-8")
    made = tmp_path / "made"
    assert asked(made, lock) == 1
    recipe = f"import sys; sys.path.insert(0, {str(ROOT / 'requirements')!r}); import environment as e; "
    stamp = subprocess.run(
        [sys.executable, "-c", recipe + f"print(e.stamp_of(e.Path({str(lock)!r})), end='')"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    made.mkdir()
    (made / "lock.sha256").write_text(stamp, encoding="utf-8")
    assert asked(made, lock) == 0
    lock.write_text("# changed", encoding="utf-8")
    assert asked(made, lock) == 1
