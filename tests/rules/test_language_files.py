"""Files that are no book are located errors, none can be a bomb, and a book has one hash in every process."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from rules.language import BookErrors, load_book
from streams.settings import ROOT
from tests.rules.good_rule import BODY, Faults, changed


def test_files_that_are_no_text_are_located_errors(faults: Faults) -> None:
    found = faults(a=b"rule: X1\nname: \xff\xfe\n", b=b"", c=b"# nothing\n", d=b"a" * 300_000, e=b"rule: [\n", f=b"\0")
    told = [(Path(error.file).name, error.code, error.line) for error in found]
    assert told == [
        ("a.yaml", "not-utf-8", 2), ("b.yaml", "empty", 1), ("c.yaml", "empty", 1),
        ("d.yaml", "too-large", 1), ("e.yaml", "not-yaml", 2), ("f.yaml", "not-yaml", 1),
    ]  # fmt: skip


def test_an_empty_folder_is_no_book(tmp_path: Path) -> None:
    with pytest.raises(BookErrors, match="there is no rule in this folder"):
        load_book(tmp_path)


def test_aliases_are_refused_so_that_no_bomb_unfolds(faults: Faults) -> None:
    bomb = "a: &a [x, x, x, x, x, x, x, x]\n"
    for previous, letter in zip("abcdefgh", "bcdefghi", strict=True):
        bomb += f"{letter}: &{letter} [{', '.join(['*' + previous] * 8)}]\n"
    found = faults(a=bomb + "z: &z [*z]\n")
    assert "alias" in {error.code for error in found}
    assert len(found) < 100


def test_a_file_nested_too_deeply_is_refused(faults: Faults) -> None:
    assert [error.code for error in faults(a="[" * 5000)] == ["not-yaml"]
    assert "not-yaml" in {error.code for error in faults(a="params: " + "[" * 60 + "]" * 60)}


def test_the_hash_of_a_book_and_its_errors_are_the_same_in_every_process(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(changed("severity: notice", "severity: purple", "{{ case_id }}", "{{ casid }}"))
    script = (
        "import sys; from pathlib import Path; from rules.language import BookErrors, load_book\n"
        "print(load_book().hash)\n"
        "try: load_book(Path(sys.argv[1]))\n"
        "except BookErrors as errors: print(errors)\n"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", script, str(tmp_path)],
            env=os.environ | {"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True, cwd=ROOT,
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(said) == 1
    assert "unknown-name" in said.pop()


def test_the_hash_of_a_book_moves_with_any_word_of_a_rule_or_of_its_clock(tmp_path: Path) -> None:
    deadline = changed(BODY, "deadline: {clock: mine, within: 5 workdays}")
    texts = {"clocks": "clocks:\n  mine: {start: case.accepted, stop: case.decided}\n", "a": deadline}
    hashes = set()
    for name, old, new in (
        ("a", "", ""),
        ("a", "5 workdays}", "6 workdays}"),
        ("clocks", "decided", "closed"),
    ):
        texts[name] = texts[name].replace(old, new)
        for each, text in texts.items():
            (tmp_path / f"{each}.yaml").write_text(text)
        hashes.add(load_book(tmp_path).hash)
    assert len(hashes) == 3
