"""Rosters: who may act on which day, and how a wrong file is told."""

from datetime import date
from pathlib import Path

import pytest

from rules.drive import Drive
from rules.tables import TableErrors, load_tables
from rules.tables.faults import ExampleFaults
from rules.tables.rosters import Rosters
from tests.oracle.families.rosters import book
from tests.rules.small_books import event

HEADER = "roster,who,kind,from,until,role,source\n"


def loaded(tmp_path: Path, rows: str) -> Rosters:
    (tmp_path / "rosters").mkdir()
    (tmp_path / "rosters" / "own.csv").write_text(HEADER + rows, encoding="utf-8")
    return load_tables(tmp_path).rosters


def test_who_is_on_a_roster_may_act_from_its_first_day_to_its_last(tmp_path: Path) -> None:
    rosters = loaded(
        tmp_path, "w,market,organ,2026-03-02,2026-03-04,,order 7\nw,market,organ,2026-04-01,,head,order 9\n"
    )
    days = {date(2026, 3, 1): False, date(2026, 3, 2): True, date(2026, 3, 4): True, date(2026, 3, 5): False}
    assert {day: rosters.admits("w", "organ", "market", day) for day in days} == days
    assert rosters.admits("w", "organ", "market", date(2030, 1, 1))
    assert not rosters.admits("w", "organ", "police", date(2030, 1, 1))
    assert ("w" in rosters, "x" in rosters) == (True, False)
    assert (rosters.limits("w", "organ"), rosters.limits("w", "actor")) == (True, False)


def test_every_error_of_a_roster_is_told_with_its_place(tmp_path: Path) -> None:
    rows = (
        "w,market,orgn,2026-03-02,,,order 7\n"
        "w,13812345678,actor,2026-03-02,,,order 7\n"
        "w,zhang,actor,2026-03-02,,,order 7\n"
        "w,market,organ,2026-03-02,2026-03-01,,order 7\n"
        "w,market,organ,,,,order 7\n"
        "w,market,organ,2026-3-2,,,\n"
    )
    with pytest.raises(TableErrors) as raised:
        loaded(tmp_path, rows)
    assert [str(error).rpartition("rosters/")[2] for error in raised.value.errors] == [
        "own.csv:2:10: error[bad-value]: kind: `orgn` is none of actor, organ, department, office, officer; "
        "did you mean `organ`?",
        "own.csv:3:3: error[bad-value]: who: a clear identity-card or phone number: "
        "a roster names persons by their hash",
        "own.csv:4:1: error[bad-value]: `zhang` is not a hash such as `k1:…`: a roster names persons as events do",
        "own.csv:5:1: error[bad-value]: in force until 2026-03-01, before it begins on 2026-03-02",
        "own.csv:6:16: error[missing-value]: `from` is empty",
        "own.csv:7:16: error[bad-value]: from: `2026-3-2` is not a date (YYYY-MM-DD)",
    ]


def test_a_changed_roster_is_another_book(tmp_path: Path) -> None:
    plain = load_tables().hash
    loaded(tmp_path, "w,market,organ,2026-03-02,,,order 7\n")
    one = load_tables(tmp_path).hash
    (tmp_path / "rosters" / "own.csv").write_text(HEADER + "w,market,organ,2026-03-03,,,order 7\n", encoding="utf-8")
    assert len({plain, one, load_tables(tmp_path).hash}) == 3


def test_an_example_brings_its_own_roster_in_place_of_the_one_of_that_name(tmp_path: Path) -> None:
    rosters = loaded(tmp_path, "w,market,organ,2026-03-02,,,order 7\nv,market,organ,2026-03-02,,,order 7\n")
    own = rosters.with_examples({"w": [{"who": "police", "kind": "organ"}]})
    day = date(2026, 3, 2)
    assert (own.admits("w", "organ", "market", day), own.admits("w", "organ", "police", date.min)) == (False, True)
    assert own.admits("v", "organ", "market", day)


def test_a_wrong_roster_in_an_example_is_told_with_its_place() -> None:
    rows = [{"who": "zhang", "kind": "actor"}, {"who": "a"}, {"who": "a", "kind": "organ", "until": "soon", "x": 1}]
    with pytest.raises(ExampleFaults) as raised:
        Rosters().with_examples({"w": rows, "v": "market"})
    assert [(error.path, error.code) for error in raised.value.errors] == [
        (("w", "0", "who"), "bad-value"),
        (("w", "1"), "missing-key"),
        (("w", "2", "until"), "bad-value"),
        (("w", "2", "x"), "unknown-column"),
        (("v",), "not-a-roster"),
    ]


def test_an_item_without_a_roster_is_counted_once_for_its_case() -> None:
    drive = Drive(book())
    drive.take([event("case.accepted", f"2026-03-0{n}T09:00", task_code="item-d", actor="k1:1") for n in (2, 3)])
    assert drive.counters["no_roster:R0"] == 1
