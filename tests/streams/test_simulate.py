"""The simulated month: deterministic, clean where nothing is planted, and true to what is."""

import gzip
import json
from datetime import date
from itertools import islice
from pathlib import Path

import pytest

from rules.language import load_book
from rules.language.loader import book_files
from rules.model.events import decode_event
from rules.model.times import HOUR, parse_time
from rules.tables import load_tables
from streams.cli.main import main
from streams.cli.simulate import command, truth_beside
from streams.simulate import Simulation, live, simulate, truth_json
from streams.simulate.hours import Hours
from streams.simulate.inspections import CHECK_FAULTS
from streams.simulate.month import Month
from streams.simulate.penalties import PENALTY_FAULTS
from streams.simulate.planted import FAULTS
from streams.simulate.seizures import SEIZURE_FAULTS
from streams.simulate.town import Town

TOWN = Path(__file__).resolve().parents[2] / "examples" / "town"
UNDECLARED = {
    "T03.review": "no item of the shipped catalogue is reviewed below",
    "P09": "the shipped catalogue names no roster",
    "I05": "standards of fines are local: the shipped table is empty",
    "D01": "sources.yaml expects nothing of anybody",
}
"""What nothing in a town can break that declares what is shipped, and why."""


@pytest.fixture(scope="module")
def month() -> Simulation:
    return simulate(1, 30, 400)


@pytest.fixture(scope="module")
def declared() -> Simulation:
    """The month of a town that declares everything that rules ask for."""
    return simulate(1, 30, 400, tables=load_tables(TOWN))


def test_the_same_seed_gives_the_same_bytes_and_another_seed_does_not(month: Simulation) -> None:
    again = simulate(1, 30, 400)
    assert [each.value for each in again.messages] == [each.value for each in month.messages]
    assert again.truth == month.truth
    assert simulate(2, 30, 400).truth != month.truth


def test_every_message_is_of_the_contract_and_comes_in_the_order_of_arrival(month: Simulation) -> None:
    arrivals = [each.arrives_at for each in month.messages]
    assert arrivals == sorted(arrivals)
    for each in month.messages:
        event = decode_event(each.value)
        assert event.subject == each.subject
        assert event.fact.recorded_at <= month.now


def test_both_life_cycles_are_there(month: Simulation) -> None:
    assert {each.stream for each in month.messages} == {"service", "inspection"}


def test_the_last_event_occurs_at_the_end_and_everything_has_arrived_by_then(month: Simulation) -> None:
    assert max(each.occurred_at for each in month.messages) == month.now
    assert max(each.arrives_at for each in month.messages) == month.now


def test_every_rule_of_the_book_is_broken_in_a_town_that_declares_what_it_asks_for(declared: Simulation) -> None:
    assert {each.rule for each in declared.truth} == {rule.id for rule in load_book(TOWN).rules}


def test_in_a_town_of_the_shipped_tables_every_rule_is_broken_but_those_that_these_leave_empty(
    month: Simulation,
) -> None:
    assert {rule.id for rule in load_book().rules} - {each.rule for each in month.truth} == set(UNDECLARED)


def test_the_town_of_the_example_judges_by_the_shipped_rules() -> None:
    shipped, town = load_book(), load_book(TOWN)
    assert [rule.id for rule in town.rules] == [rule.id for rule in shipped.rules]
    assert town.hash != shipped.hash
    assert set(book_files(TOWN)) >= {"clocks.yaml", "time/T03_legal_limit.yaml", "declared/standards.csv"}
    assert book_files(TOWN)["declared/standards.csv"].is_relative_to(TOWN)


def test_every_kind_of_fault_is_planted_at_least_once(declared: Simulation) -> None:
    planted = {each.fault for each in declared.truth}
    assert {each.name for each in FAULTS} <= planted
    assert {each.__name__ for each in (*CHECK_FAULTS, *PENALTY_FAULTS, *SEIZURE_FAULTS)} <= planted


def test_each_planted_fault_shows_an_alert_of_its_rule() -> None:
    tables = load_tables(TOWN)
    hours = Hours(tables.calendars["cn"], date(2026, 4, 20), 30)
    rules = {fault.name: fault.rule for fault in FAULTS}
    for story in Month(Town(tables, 3, hours), hours, 400).stories():
        if story.fault in rules and story.stream == "service":
            assert rules[story.fault] in {each.rule for each in story.expected(hours.now)}, story.fault


@pytest.mark.parametrize("seed", range(5))
def test_what_is_not_planted_raises_nothing_but_a_warning_and_what_is_left_lying(seed: int) -> None:
    hours = Hours(load_tables().calendars["cn"], date(2026, 1, 26), 40)
    for story in Month(Town(load_tables(), seed, hours), hours, 150).stories():
        if not story.fault:
            assert {each.rule for each in story.expected(hours.now)} <= {"T01", "T08"}


def test_clean_records_are_typed_in_within_a_day(month: Simulation) -> None:
    backfilled = {each.subject for each in month.truth if each.rule == "P02"}
    for each in month.messages:
        said = json.loads(each.value)
        if each.subject not in backfilled and said.get("operation") == "i":
            assert parse_time(said["recordedat"]) - parse_time(said["time"]) <= 24 * HOUR


def test_duplicates_corrections_and_deletions_are_among_the_messages(month: Simulation) -> None:
    values = [each.value for each in month.messages]
    operations = {json.loads(value)["operation"] for value in values}
    assert len(set(values)) < len(values)
    assert operations == {"i", "u", "d"}


def test_disorder_changes_the_order_of_arrival_and_nothing_that_happened(month: Simulation) -> None:
    shuffled = simulate(1, 30, 400, disorder_hours=6)
    assert shuffled.truth == month.truth
    assert [each.subject for each in shuffled.messages] != [each.subject for each in month.messages]

    def happened(simulation: Simulation) -> set[tuple[str, str]]:
        said = [json.loads(each.value) for each in simulation.messages]
        return {(each["id"], each.get("time", "")) for each in said if each["operation"] == "i"}

    assert happened(shuffled) == happened(month)


def test_what_is_planned_for_later_goes_on_by_arrival_together_with_people_who_come_in(
    month: Simulation,
) -> None:
    going_on = list(islice(live(month, month.now, cases_a_minute=60), 3_000))
    arrivals = [each.arrives_at for each in going_on]
    assert arrivals == sorted(arrivals)
    assert arrivals[0] >= month.now
    subjects = {each.subject for each in month.messages}
    assert {each.subject in subjects for each in islice(live(month, month.now, 0.01), 500)} == {True, False}
    for each in going_on:
        fact = decode_event(each.value).fact
        assert fact.occurred_at <= fact.recorded_at <= each.arrives_at


def test_a_single_day_with_a_single_case_is_a_month_too() -> None:
    small = simulate(5, 1, 1)
    assert small.messages
    assert all(each.at <= small.now for each in small.truth)


def test_the_command_writes_the_messages_and_the_truth_beside_them(tmp_path: Path) -> None:
    out = tmp_path / "month.jsonl.gz"
    command(seed=3, days=10, cases=40, out=str(out))
    made = simulate(3, 10, 40)
    assert gzip.decompress(out.read_bytes()).splitlines() == [each.value for each in made.messages]
    written = (tmp_path / "month.truth.jsonl").read_bytes().splitlines()
    assert written == [truth_json(each) for each in made.truth]
    assert {"rule", "subject", "fault", "reason", "state", "at"} <= json.loads(written[0]).keys()


def test_the_command_without_a_place_to_write_to_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["simulate"])
    assert ended.value.code == 2
    assert "--out" in capsys.readouterr().err


def test_a_month_before_the_catalogue_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["simulate", "--start", "2018-01-01", "--out", "-"])
    assert ended.value.code == 2
    assert "no items in force" in capsys.readouterr().err


def test_the_truth_file_stands_beside_the_output() -> None:
    assert truth_beside("a/month.jsonl.gz") == "a/month.truth.jsonl"
    assert truth_beside("month") == "month.truth.jsonl"
