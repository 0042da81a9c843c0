"""Breaks the core on purpose, one place after another, and asks whether the tests notice: `make mutate`.

The places stand in mutations.yaml. Each is tried on a copy of the checkout, so that an interruption harms nothing.
Exit status 1 when a mutation survives or no longer fits the code.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import msgspec
from msgspec import Struct
from rich.console import Console
from rich.progress import track
from rich.table import Table
from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parent.parent
LIST = Path(__file__).parent / "mutations.yaml"
CAUGHT, PASSED = 1, 0
"""Exit statuses of pytest; any other means that the mutation broke more than a behaviour."""


class Mutation(Struct, frozen=True):
    """One place to break. `find` occurs once in `file`; one of `tests` must fail with `replace` in its stead."""

    name: str
    file: str
    find: str
    replace: str
    tests: tuple[str, ...]


def listed() -> list[Mutation]:
    """The mutations of the list, in its order. Raises msgspec.ValidationError."""
    return msgspec.convert(YAML(typ="safe").load(LIST), list[Mutation])


def misfit(mutation: Mutation, root: Path = ROOT) -> str:
    """Why a mutation cannot be tried; empty where it can."""
    path = root / mutation.file
    if not path.is_file():
        return f"{mutation.file} does not exist"
    times = path.read_text(encoding="utf-8").count(mutation.find)
    if times != 1:
        return f"its text occurs {times} times in {mutation.file}"
    gone = [test for test in mutation.tests if not (root / test.split("::")[0]).exists()]
    return f"there is no {', '.join(gone)}" if gone else ""


def copy_to(folder: Path) -> Path:
    """The tracked files as they lie here; the data beside the checkout is linked."""
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, names.split("\0")):
        target = folder / "repo" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, target)
    if (ROOT.parent / "shared").is_dir():
        (folder / "shared").symlink_to(ROOT.parent / "shared")
    return folder / "repo"


def tried(mutation: Mutation, copy: Path) -> str:
    """`caught`, `survived`, or what else came of it."""
    if why := misfit(mutation, copy):
        return why
    path = copy / mutation.file
    sound = path.read_text(encoding="utf-8")
    path.write_text(sound.replace(mutation.find, mutation.replace), encoding="utf-8")
    try:
        command = [sys.executable, "-m", "pytest", "-x", "-q", "--no-header", "-p", "no:cacheprovider", *mutation.tests]
        status = subprocess.run(command, cwd=copy, capture_output=True, check=False).returncode
    finally:
        path.write_text(sound, encoding="utf-8")
    return {CAUGHT: "caught", PASSED: "survived"}.get(status, f"pytest ended with status {status}")


def main(arguments: list[str]) -> int:
    """Tries the mutations whose names contain a text (all without one)."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0], epilog="example: make mutate ARGS=pause")
    parser.add_argument("text", nargs="?", default="")
    chosen = [each for each in listed() if parser.parse_args(arguments).text in each.name]
    console, table = Console(), Table("mutation", "where", "came of it")
    survived = 0
    with tempfile.TemporaryDirectory(prefix="mingjing-mutate-") as folder:
        copy = copy_to(Path(folder))
        for mutation in track(chosen, "breaking the core", console=console):
            outcome = tried(mutation, copy)
            survived += outcome != "caught"
            table.add_row(mutation.name, mutation.file, outcome)
    console.print(table)
    console.print(f"{len(chosen) - survived} of {len(chosen)} caught")
    return 1 if survived or not chosen else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
