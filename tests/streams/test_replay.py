"""What `mingjing replay` takes, leaves out and prints."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner, Result

from rules.model.times import parse_time
from streams.cli import replay
from streams.replay import horizon

MAPPING = """\
source: desk
zone: America/New_York
format: csv
order: time
book: rules
personal: [clerk]
subject: "{id}"
events:
  - type: case.accepted
    id: "{id}:accepted"
    time: "{opened}"
    data: {promised_at: "{due}", department: "{dept}", actor: "{clerk}"}
  - type: case.closed
    when: {closed: present}
    id: "{id}:closed"
    time: "{closed}"
"""
RULE = """\
rule: overdue
version: 1
name: {zh: 超期, en: Overdue}
category: time
basis: test
severity: yellow_card
stream: service
subject: case_id
deadline: {start: case.accepted, stop: case.closed, until: event.promised_at}
message: {zh: "{{ case_id }} 超期", en: "{{ case_id }} is overdue"}
examples:
  - name: open
    given:
      - {at: "2011-07-01T09:00", type: case.accepted, case_id: A, promised_at: "2011-07-02T09:00:00-04:00"}
    until: "2011-07-03T00:00"
    expect: [{at: "2011-07-02T09:00", reason: still_open}]
  - name: closed
    given:
      - {at: "2011-07-01T09:00", type: case.accepted, case_id: A, promised_at: "2011-07-02T09:00:00-04:00"}
      - {at: "2011-07-02T09:00", type: case.closed}
    until: "2011-07-03T00:00"
    expect: []
"""
ROWS = """\
id,opened,due,closed,dept,clerk
A,2011-07-01 09:00:00,2011-07-02 09:00:00,2011-07-05 10:00:00,D1,Ann
B,2011-07-01 10:00:00,2011-07-04 00:00:00,,D2,Bob
C,2011-07-02 09:00:00,2011-07-09 09:00:00,2011-07-03 09:00:00,D1,Ann
D,2011-07-03 09:00:00,,2011-07-06 00:00:00,D1,Cid
"""
REGIONS = """\
palettes:
  national: {notice: "#1677ff", yellow_card: "#faad14", red_card: "#cf1322"}
default: {zone: America/New_York, calendar: cn, palette: national}
"""

Run = Callable[..., Result]


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "overdue.yaml").write_text(RULE, "utf-8")
    (tmp_path / "rules" / "regions.yaml").write_text(REGIONS, "utf-8")
    (tmp_path / "mapping.yaml").write_text(MAPPING, "utf-8")
    (tmp_path / "rows.csv").write_text(ROWS, "utf-8")
    return tmp_path


@pytest.fixture
def run(desk: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.chdir(desk)
    command = typer.Typer(add_completion=False)
    command.command()(replay.command)

    def ran(*arguments: str, mapping: bool = True, status: int = 0, text: str | None = None) -> Result:
        given = ["--mapping", "mapping.yaml", *arguments] if mapping else list(arguments)
        result = CliRunner().invoke(command, given, input=text)
        if result.exit_code != status:
            raise AssertionError(result.output) from result.exception
        return result

    return ran


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines() if line]


def test_alerts_come_as_json_lines_in_the_order_of_time_with_the_zone_of_the_source(run: Run) -> None:
    alerts = lines(run("rows.csv").stdout)
    assert [(a["subject"], a["at"], a["state"], a["reason"], a["ended_at"]) for a in alerts] == [
        ("A", "2011-07-02T09:00:00-04:00", "ended", "closed_late", "2011-07-05T10:00:00-04:00"),
        ("B", "2011-07-04T00:00:00-04:00", "open", "still_open", None),
    ]
    assert alerts[0]["message"] == {"zh": "A 超期", "en": "A is overdue"}
    assert "Ann" not in json.dumps(alerts)


def test_the_summary_goes_to_standard_error_and_names_the_key_that_protects_nobody(run: Run) -> None:
    result = run("rows.csv")
    assert "closed_late" in result.stderr and "no limit: overdue" in result.stderr
    assert "MINGJING_HASH_KEY" in result.stderr


def test_with_json_the_summary_is_one_line_and_stands_alone_where_alerts_go_to_a_file(run: Run) -> None:
    summary = json.loads(run("--json", "--alerts", "alerts.jsonl", "--clocks", "clocks.jsonl", "rows.csv").stdout)
    assert summary["alerts"] == {"overdue": {"closed_late": 1, "still_open": 1}}
    assert (summary["rows"], summary["events"], summary["now"]) == (4, 7, "2011-07-06T00:00:00-04:00")
    assert [a["subject"] for a in lines(Path("alerts.jsonl").read_text())] == ["A", "B"]
    assert [c["subject"] for c in lines(Path("clocks.jsonl").read_text())] == ["A", "B", "C"]


def test_until_takes_what_occurred_by_then_and_judges_it_at_that_time(run: Run) -> None:
    alerts = lines(run("--until", "2011-07-05 09:59:59", "rows.csv").stdout)
    assert [(a["subject"], a["reason"]) for a in alerts] == [("A", "still_open"), ("B", "still_open")]
    assert lines(run("--until", "2011-07-02T13:00:00Z", "rows.csv").stdout) == []
    assert [a["subject"] for a in lines(run("--until", "2011-07-02T13:00:01Z", "rows.csv").stdout)] == ["A"]


def test_a_date_alone_means_its_whole_day() -> None:
    taken = horizon("2011-07-03", "2011-07-03", "America/New_York", 0)
    midnight = parse_time("2011-07-04T00:00:00-04:00")
    assert (taken.now, taken.last, taken.known_at) == (midnight, midnight - 1, midnight - 1)


def test_changes_prints_every_raise_and_change_instead_of_the_final_state(run: Run) -> None:
    changes = lines(run("--changes", "rows.csv").stdout)
    of_a = [(a["revision"], a["state"], a["reason"]) for a in changes if a["subject"] == "A"]
    assert of_a[-1][1:] == ("ended", "closed_late")
    assert [revision for revision, *_ in of_a] == sorted({revision for revision, *_ in of_a})


def test_only_the_rules_asked_for_are_judged_and_an_unknown_one_is_a_usage_error(run: Run) -> None:
    assert len(lines(run("--rule", "overdue", "rows.csv").stdout)) == 2
    assert "T99" in run("--rule", "T99", "rows.csv", status=2).stderr


def test_a_history_can_come_from_standard_input(run: Run) -> None:
    assert [a["subject"] for a in lines(run("-", text=ROWS).stdout)] == ["A", "B"]


def test_bad_rows_are_set_aside_with_file_line_and_reason_and_the_rest_is_judged(run: Run) -> None:
    text = ROWS.replace("2011-07-01 10:00:00", "yesterday") + "E,2099-01-01 00:00:00,,,D1,Eve\nF,1\n"
    Path("bad.csv").write_text(text, "utf-8")
    Path("empty.csv").write_text("", "utf-8")
    result = run("--dead-letters", "dead.jsonl", "bad.csv", "empty.csv")
    letters = lines(Path("dead.jsonl").read_text())
    assert {(each["source_file"], each["line"], each["reason"]) for each in letters} == {
        ("bad.csv", 3, "not_a_time"),
        ("bad.csv", 6, "from_the_future"),
        ("bad.csv", 7, "ragged_row"),
        ("empty.csv", 0, "empty_file"),
    }
    assert [a["subject"] for a in lines(result.stdout)] == ["A"]
    assert "bad.csv:3" in result.stderr and "ragged_row: 1" in result.stderr


def test_a_history_of_nothing_is_no_error_and_says_so(run: Run) -> None:
    Path("empty.csv").write_text("", "utf-8")
    result = run("empty.csv")
    assert result.stdout == "" and "empty_file: 1" in result.stderr


def test_a_file_that_is_not_there_stops_before_anything_is_read(run: Run) -> None:
    assert "missing.csv" in run("rows.csv", "missing.csv", status=2).stderr


def test_faults_of_a_mapping_end_the_command_with_their_places(run: Run) -> None:
    Path("mapping.yaml").write_text(MAPPING.replace("zone: America/New_York", "zone: Mars"), "utf-8")
    with pytest.raises(AssertionError) as failed:
        run("rows.csv")
    assert "mapping.yaml:2:7: error[unknown-zone]" in str(failed.value.__cause__)


def contract(*events: dict[str, Any]) -> str:
    base = {"specversion": "1.0", "source": "s", "subject": "A", "type": "case.accepted", "data": {}}
    return "".join(json.dumps(base | event) + "\n" for event in events)


def test_without_a_mapping_the_input_is_our_own_contract_with_versions_and_deletions(run: Run) -> None:
    due = {"promised_at": "2024-03-02T09:00:00+08:00"}
    text = contract(
        {"id": "1", "time": "2024-03-01T09:00:00+08:00", "data": due},
        {"id": "1", "time": "2024-03-01T09:00:00+08:00", "data": due},
        {"id": "2", "time": "2024-03-05T09:00:00+08:00", "type": "case.closed",
         "recordedat": "2024-03-05T09:00:00+08:00"},
        {"id": "2", "type": "case.closed", "operation": "d", "recordedat": "2024-03-06T09:00:00+08:00"},
    )  # fmt: skip
    (alert,) = lines(run("--book", "rules", "-", mapping=False, text=text).stdout)
    assert (alert["subject"], alert["state"], alert["at"]) == ("A", "open", "2024-03-02T09:00:00+08:00")
    known = run("--book", "rules", "--known-at", "2024-03-05T12:00", "-", mapping=False, text=text)
    assert [a["state"] for a in lines(known.stdout)] == ["ended"]
    assert "not_known_yet: 1" in known.stderr


def test_bad_input_in_our_own_contract_is_reported_and_nothing_else_is_lost(run: Run) -> None:
    text = (
        '{"specversion":\n'
        + contract(
            {"id": "1", "time": "2024-03-01T09:00:00+08:00", "data": {"promised_at": 7}},
            {"id": "2", "time": "2099-03-01T09:00:00+08:00"},
            {"id": "3", "time": "2024-03-01T09:00:00+08:00", "type": "case.acepted"},
            {"id": "4", "time": "2024-03-01T09:00:00+08:00", "data": {"applicant": "110101199003078515"}},
            {"id": "5", "time": "2024-03-01T09:00:00+08:00"},
        )
    )  # fmt: skip
    result = run("--book", "rules", "--json", "--dead-letters", "dead.jsonl", "-", mapping=False, text=text)
    letters = lines(Path("dead.jsonl").read_text())
    assert [(each["line"], each["reason"], each["path"]) for each in letters] == [
        (1, "not_json", "$"),
        (2, "not_the_contract", "$.data.promised_at"),
        (3, "from_the_future", "$.time"),
        (4, "unknown_type", "$.type"),
        (5, "clear_identifier", "$.data.applicant"),
    ]
    assert "110101199003078515" not in Path("dead.jsonl").read_text()
    assert json.loads(result.stderr.splitlines()[-1])["events"] == 1


def test_a_replay_lands_in_the_warehouse_and_lands_nothing_when_repeated(
    run: Run, warehouse_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from streams import settings as configured
    from warehouse.reader import Reader

    monkeypatch.setenv("CLICKHOUSE_URL", warehouse_url)
    configured.settings.cache_clear()
    try:
        for _ in range(2):
            run("--land", "rows.csv")
        reader = Reader(warehouse_url)
        for table, rows in (("event_versions", 7), ("alert_current", 2), ("case_clock", 3)):
            assert reader.query(f"SELECT count() FROM {table} FINAL").rows == [(rows,)]
    finally:
        configured.settings.cache_clear()
