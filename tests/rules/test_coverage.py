"""Coverage: what of the declared things a book's rules use, named by what they read."""

from pathlib import Path

from rules.language import load_book
from rules.language.loader import BOOK
from rules.model.events import TYPES
from rules.testing.coverage import FLOWS, PERSPECTIVES, Aspect, coverage
from streams.settings import ROOT

CLOCKS = ("handling", "nobody")


def aspects(folder: Path, **more: object) -> dict[str, Aspect]:
    return {each.name: each for each in coverage(load_book(folder), CLOCKS, **more)}  # type: ignore[arg-type]


def rules_of(aspect: Aspect, name: str) -> tuple[str, ...]:
    return next(thing.rules for thing in aspect.things if thing.name == name)


def test_flows_name_types_of_the_contract() -> None:
    assert {name for pair in FLOWS for name in pair} <= TYPES.keys()
    fields = {field for kind in TYPES.values() for field in kind.judged}
    assert set(PERSPECTIVES) <= fields


def test_the_shipped_book_is_covered_where_a_reader_finds_it_to_be() -> None:
    found = aspects(BOOK)
    assert "T03" in rules_of(found["elements"], "clock handling")
    assert rules_of(found["elements"], "clock nobody") == ()
    assert "T03" in rules_of(found["elements"], "item.legal_limit")
    assert "T02" in rules_of(found["elements"], "item.promised_limit")
    assert "T03" in rules_of(found["flows"], "case.accepted → case.decided")
    assert "T03" in rules_of(found["flows"], "case.suspended → case.resumed")
    assert "T04" in rules_of(found["flows"], "case.received → case.accepted")
    assert "P07" in rules_of(found["life"], "case.not_accepted.reason")
    assert "T03" in rules_of(found["life"], "case.suspended.notice_no")
    assert "T02" in rules_of(found["life"], "case.applied.project_type"), "an earlier fact of the subject"
    assert len(found["stages"].things) == len(TYPES)


def test_groups_are_perspectives() -> None:
    found = aspects(ROOT / "examples" / "bench8" / "rules")
    assert "R4" in rules_of(found["perspectives"], "department")
    assert "R7" in rules_of(found["perspectives"], "actor")
    assert rules_of(found["perspectives"], "channel") == ()


def test_a_field_is_alive_when_a_rule_reads_it_and_it_came_in() -> None:
    came = {("case.suspended", "notice_no"): 3, ("case.applied", "channel"): 9}
    life = {thing.name: thing for thing in aspects(BOOK, came=came)["life"].things}
    assert life["case.suspended.notice_no"].covered
    assert not life["case.suspended.kind"].covered and life["case.suspended.kind"].rules, "read, but nothing came"
    assert not life["case.applied.channel"].covered, "it came, but nothing reads it"
