"""The figures of the real histories: what a careful reader counts in the files is raised, and no more."""

import csv
import gzip
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from rules.language import load_book
from rules.model.alerts import Alert
from rules.model.times import parse_time
from rules.testing.examples import run
from streams.hashing import hasher_of
from streams.replay import Replay, horizon
from streams.settings import ROOT
from streams.sources.faults import DeadLetters
from streams.sources.history import History
from streams.sources.mapping import load_mapping

THE_FAR_FUTURE = parse_time("2100-01-01T00:00:00Z")


class Judged:
    """A history through the shipped mapping and rules of an example."""

    def __init__(self, example: str, file: Path, until: str = "") -> None:
        mapping = load_mapping(ROOT / "examples" / example / "mapping.yaml")
        assert mapping.book is not None
        self.dead_letters = DeadLetters()
        self.notes: list[str] = []
        hasher = hasher_of(None, trial=True)
        history = History([str(file)], mapping, hasher, self.dead_letters, self.notes.append)
        taken = horizon(until, "", mapping.zone, THE_FAR_FUTURE)
        self.replay = Replay(load_book(mapping.book), taken, self.dead_letters)
        self.replay.run(history, lambda messages, events, step: None)
        self.alerts = self.replay.drive.alerts()

    def of(self, rule: str) -> list[Alert]:
        return [alert for alert in self.alerts if alert.rule == rule]


@pytest.fixture(scope="session")
def boston_rows(shared: Path) -> list[dict[str, str]]:
    with gzip.open(shared / "data/boston311/requests_2011.csv.gz", "rt", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="session")
def boston(shared: Path) -> Judged:
    return Judged("boston311", shared / "data/boston311/requests_2011.csv.gz")


@pytest.fixture(scope="session")
def receipt(shared: Path) -> Judged:
    return Judged("receipt", shared / "data/receipt/receipt.csv.gz")


@pytest.fixture(scope="session")
def chicago(shared: Path) -> Judged:
    return Judged("chicago", shared / "data/chicago/inspections_2011_2014.csv.gz")


@pytest.mark.slow
def test_boston_has_8230_requests_closed_late_and_3449_never_closed(boston: Judged) -> None:
    assert boston.replay.result.events == 58_251 + 54_570
    assert Counter(alert.reason for alert in boston.alerts) == {"closed_late": 8_230, "still_open": 3_449}
    assert len({alert.subject for alert in boston.alerts}) == len(boston.alerts) == 11_679
    assert not boston.dead_letters.reasons and not boston.notes


def test_boston_counts_by_department_as_its_data_say(boston: Judged) -> None:
    late = Counter(alert.department for alert in boston.alerts if alert.reason == "closed_late")
    still = Counter(alert.department for alert in boston.alerts if alert.reason == "still_open")
    assert late == {
        "PWDx": 3_305, "ISD": 2_912, "PARK": 1_110, "BTDT": 738, "INFO": 124,
        "PROP": 15, "BWSC": 21, "DISB": 4, "BPS_": 1,
    }  # fmt: skip
    assert still == {"PWDx": 22, "ISD": 1_690, "BTDT": 2, "INFO": 1_735}


def test_boston_requests_without_a_target_are_counted_and_never_silently_nothing(boston: Judged) -> None:
    assert boston.replay.drive.counters["no_limit:overdue"] == 10_981


def test_every_request_that_the_city_flags_overdue_has_an_alert(
    boston: Judged, boston_rows: list[dict[str, str]]
) -> None:
    flagged = {row["case_enquiry_id"] for row in boston_rows if row["ontime"] == "OVERDUE"}
    assert len(flagged) == 11_521
    assert flagged <= {alert.subject for alert in boston.alerts}


@pytest.mark.parametrize("until", ["2011-07-06 12:00:00", "2011-07-20 08:37:40"])
def test_until_gives_the_same_as_the_history_cut_there(
    boston_rows: list[dict[str, str]], tmp_path: Path, until: str
) -> None:
    some = boston_rows[:2_500]
    whole = _written(some, tmp_path / "whole.csv")
    cut = [
        row | {"closed_dt": row["closed_dt"] if row["closed_dt"] <= until else ""}
        for row in some
        if row["open_dt"] <= until
    ]
    of_whole = Judged("boston311", whole, until)
    of_cut = Judged("boston311", _written(cut, tmp_path / "cut.csv"), until)
    assert of_whole.alerts == of_cut.alerts
    assert {(alert.subject, alert.reason) for alert in of_whole.alerts} == _overdue(cut, until)


def _overdue(rows: list[dict[str, str]], now: str) -> set[tuple[str, str]]:
    found = set()
    for row in rows:
        due, closed = row["target_dt"], row["closed_dt"]
        if due and closed and closed > due:
            found.add((row["case_enquiry_id"], "closed_late"))
        elif due and not closed and due < now:
            found.add((row["case_enquiry_id"], "still_open"))
    return found


def _written(rows: list[dict[str, str]], path: Path) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)
    return path


def test_a_boston_alert_is_due_at_the_local_time_of_its_target(
    boston: Judged, boston_rows: list[dict[str, str]]
) -> None:
    target = {row["case_enquiry_id"]: row["target_dt"] for row in boston_rows}
    zone = ZoneInfo("America/New_York")
    for alert in boston.alerts[::97]:
        due = datetime.fromisoformat(target[alert.subject]).replace(tzinfo=zone)
        assert alert.at == alert.due_at == int(due.timestamp()) * 1_000_000


def test_receipt_has_377_cases_closed_late_and_39_open_past_their_deadline(receipt: Judged) -> None:
    assert receipt.replay.result.events == 1_434 + 8_577 + 1_329
    assert Counter(alert.reason for alert in receipt.of("deadline")) == {"closed_late": 377, "still_open": 39}
    assert not receipt.dead_letters.reasons and not receipt.notes


def test_receipt_has_1042_cases_in_which_one_person_did_both_steps(receipt: Judged) -> None:
    assert len({alert.subject for alert in receipt.of("four-eyes")}) == 1_042
    assert all(alert.actor.startswith("k0:") for alert in receipt.of("four-eyes"))


@pytest.mark.slow
def test_chicago_has_1461_licences_with_three_and_23_with_five_inspections_in_30_days(
    chicago: Judged,
) -> None:
    assert chicago.replay.result.events == 67_497
    assert len({alert.group for alert in chicago.of("often-3")}) == 1_461
    assert len({alert.group for alert in chicago.of("often-5")}) == 23


def test_chicago_is_inspected_most_often_at_licence_1932251(chicago: Judged) -> None:
    largest = max(chicago.of("often-3"), key=lambda alert: alert.value or 0)
    assert (largest.group, largest.value) == ("1932251", 18)
    assert "0" not in {alert.group for alert in chicago.alerts}


@pytest.mark.parametrize("example", ["boston311", "receipt", "chicago", "bench8"])
def test_the_rules_of_an_example_load_and_their_own_examples_hold(example: str) -> None:
    book = load_book(ROOT / "examples" / example / "rules")
    assert book.rules
    assert [str(difference) for rule in book.rules for difference in run(book, rule)] == []


def test_receipt_as_an_event_log_gives_the_same_alerts(
    receipt: Judged, shared: Path, tmp_path: Path, as_xes: Callable[[Path, Path], Path]
) -> None:
    log = as_xes(shared / "data/receipt/receipt.csv.gz", tmp_path / "receipt.xes.gz")
    folder = tmp_path / "receipt"
    folder.mkdir()
    text = (ROOT / "examples/receipt/mapping.yaml").read_text(encoding="utf-8")
    book = ROOT / "examples/receipt/rules"
    mapping = folder / "mapping.yaml"
    mapping.write_text(text.replace("format: csv", "format: xes").replace("book: rules", f"book: {book}"), "utf-8")
    judged = Judged(str(folder), log)
    assert [alert.alert_id for alert in judged.alerts] == [alert.alert_id for alert in receipt.alerts]


@pytest.fixture
def as_xes() -> Callable[[Path, Path], Path]:
    """Writes the rows of the receipt file as the event log they came from."""
    from xml.sax.saxutils import quoteattr

    def written(source: Path, target: Path) -> Path:
        with (
            gzip.open(source, "rt", encoding="utf-8") as file,
            gzip.open(target, "wt", encoding="utf-8") as out,
        ):
            out.write('<?xml version="1.0" encoding="UTF-8"?>\n<log xes.version="1.0">\n')
            last = ""
            for row in csv.DictReader(file):
                case = row["case:concept:name"]
                if case != last:
                    out.write(("</trace>\n" if last else "") + "<trace>\n")
                    for key, value in row.items():
                        if key.startswith("case:"):
                            out.write(f"<string key={quoteattr(key[5:])} value={quoteattr(value)}/>\n")
                last = case
                out.write("<event>\n")
                for key, value in row.items():
                    if not key.startswith("case:"):
                        out.write(f"<string key={quoteattr(key)} value={quoteattr(value)}/>\n")
                out.write("</event>\n")
            out.write("</trace>\n</log>\n")
        return target

    return written
