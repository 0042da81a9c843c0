"""How late a source may be: declared, dated by the book's hash, refused with its place when it is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from rules.model.times import HOUR, MINUTE
from rules.tables import Fault
from rules.tables.sources import load_sources


def written(tmp_path: Path, text: str) -> tuple[Path, list[Fault]]:
    path = tmp_path / "sources.yaml"
    path.write_text(text, encoding="utf-8")
    return path, []


def test_a_source_has_its_own_lateness_and_the_others_the_default(tmp_path: Path) -> None:
    path, faults = written(tmp_path, "default: {lateness: 10m}\nsources: {batch: {lateness: 1 day}}\n")
    sources = load_sources(path, faults)
    assert not faults
    found = (sources.lateness("batch"), sources.lateness("other"), sources.longest)
    assert found == (24 * HOUR, 10 * MINUTE, 24 * HOUR)


def test_what_a_mapping_declares_for_its_source_changes_the_hash(tmp_path: Path) -> None:
    path, faults = written(tmp_path, "default: {lateness: 10m}\n")
    sources = load_sources(path, faults)
    own = sources.having("batch", 2 * HOUR)
    assert own.lateness("batch") == 2 * HOUR
    assert own.hash != sources.hash


@pytest.mark.parametrize(
    ("text", "place", "code"),
    [
        ("default: {lateness: 10 minuts}\n", (1, 21), "not-a-duration"),
        ("default: {lateness: 5 workdays}\n", (1, 21), "not-a-duration"),
        ("sources: {batch: {late: 1h}}\n", (1, 19), "unknown-key"),
        ("- 1\n", (1, 1), "not-a-mapping"),
        ("default: [\n", (2, 1), "not-yaml"),
    ],
)
def test_a_wrong_line_is_told_with_its_place(tmp_path: Path, text: str, place: tuple[int, int], code: str) -> None:
    path, faults = written(tmp_path, text)
    load_sources(path, faults)
    assert [(fault.line, fault.col, fault.code) for fault in faults] == [(*place, code)]
