"""The tools of an author from the command line: backtest, diff, explain, and what a calendar moves."""

import json
import shutil
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from rules.language.loader import BOOK, load_book
from streams.cli.main import main
from streams.simulate import simulate

SVG = "{http://www.w3.org/2000/svg}"


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    capsys.readouterr()
    try:
        status = main([str(each) for each in arguments])
    except SystemExit as ended:
        status = int(ended.code or 0)
    out, err = capsys.readouterr()
    return status, out, err


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("month") / "month.jsonl"
    file.write_bytes(b"\n".join(each.value for each in simulate(seed=3, days=30, cases=120).messages))
    return file


@pytest.fixture
def stricter(tmp_path: Path) -> Path:
    """The shipped book with a yellow T03 of version 2, and a promise that nobody has."""
    folder = tmp_path / "book"
    shutil.copytree(BOOK, folder)
    rule = folder / "time" / "T03_legal_limit.yaml"
    text = rule.read_text(encoding="utf-8")
    text = text.replace("version: 1", "version: 2", 1).replace("severity: red_card", "severity: yellow_card", 1)
    rule.write_text(text.partition("examples:")[0] + "examples: " + EXAMPLES, encoding="utf-8")
    return folder


EXAMPLES = """
  - {name: late, items: {permit-20: {legal_limit: 20 workdays}}, until: "2026-06-01", expect: [{}], given: [
      {at: "2026-03-02T09:00", type: case.accepted, case_id: A1, task_code: permit-20}]}
  - {name: early, items: {permit-20: {legal_limit: 20 workdays}}, until: "2026-03-03", expect: [], given: [
      {at: "2026-03-02T09:00", type: case.accepted, case_id: A1, task_code: permit-20}]}
"""


def test_a_backtest_counts_what_replay_raises(month: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "rules", "backtest", "T03", month, "--json")
    found = json.loads(out)
    family = [part for rule in load_book().rules if rule.id.startswith("T03") for part in ("--rule", rule.id)]
    _, lines, _ = run(capsys, "replay", *family, month)
    replayed = [json.loads(line) for line in lines.splitlines()]
    assert status == 0 and found["alerts"] == len(replayed) > 5
    assert found["by_reason"] == {r: sum(a["reason"] == r for a in replayed) for r in found["by_reason"]}
    assert sum(line["alerts"] for line in found["by_week"]) == found["alerts"]
    assert sum(found["by_department"].values()) == found["alerts"]
    assert sum(sum(week.values()) for week in found["weeks"].values()) == found["alerts"]


def test_a_period_is_counted_from_its_first_to_its_last_day(month: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = run(capsys, "rules", "backtest", "T03", month, "--json", "--to", "2026-05-10")
    whole = json.loads(out)
    parts = [("2026-01-01", "2026-04-30"), ("2026-05-01", "2026-05-10")]
    alerts = [
        json.loads(run(capsys, "rules", "backtest", "T03", month, "--json", "--from", a, "--to", b)[1])["alerts"]
        for a, b in parts
    ]
    assert whole["alerts"] == sum(alerts) and all(alerts)


def test_a_backtest_against_another_book_tells_what_changes(
    month: Path, stricter: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plot = tmp_path / "plot.svg"
    options = ("--book", stricter, "--against", BOOK, "--json", "--plot", plot)
    status, out, _ = run(capsys, "rules", "backtest", "T03", month, *options)
    found = json.loads(out)
    assert status == 0
    assert found["versions"]["T03"] == [2] and found["against"]["versions"]["T03"] == [1]
    assert not found["appeared"] and not found["vanished"]
    assert {tuple(each["fields"]) for each in found["changed"]} == {("severity",)}
    drawn = ElementTree.parse(plot).getroot()
    bars = drawn.findall(f".//{SVG}rect/{SVG}title")
    assert len(bars) == sum(len(week) for week in found["weeks"].values())
    assert drawn.find(f".//{SVG}path") is not None, "the other book is drawn as a line"


def test_the_tables_of_a_backtest_fit_a_terminal(
    month: Path, stricter: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    status, out, _ = run(capsys, "rules", "backtest", "T03", month, "--book", stricter, "--against", BOOK)
    assert status == 0
    for heading in ("alerts per week and department", "busiest", "severity red_card → yellow_card"):
        assert heading in out


def test_an_empty_backtest_is_drawn_too(month: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plot = tmp_path / "plot.svg"
    status, out, _ = run(capsys, "rules", "backtest", "T03", month, "--to", "2020-01-01", "--json", "--plot", plot)
    assert status == 0 and json.loads(out)["alerts"] == 0
    assert ElementTree.parse(plot).getroot().tag == f"{SVG}svg"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("T99", "{month}"), "T99"),
        (("T03",), "INPUT"),
        (("T03", "{month}", "--warehouse"), "INPUT"),
        (("T03", "{month}", "--from", "yesterday"), "yesterday"),
        (("T03", "{month}", "--against", "other"), "other"),
        (("T03", "{month}", "--against", "9"), "v9"),
        (("T03", "nowhere.jsonl"), "nowhere.jsonl"),
    ],
)
def test_what_cannot_be_tried_is_a_usage_error(
    arguments: tuple[str, ...], said: str, month: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = [each.replace("{month}", str(month)) for each in arguments]
    status, _, err = run(capsys, "rules", "backtest", *given)
    assert status == 2
    assert said in err


def test_a_book_does_not_differ_from_itself(month: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "rules", "diff", BOOK, BOOK, month, "--json")
    found = json.loads(out)
    assert status == 0
    assert found["same"] > 20 and not found["changed"] and not found["moved"]


def test_books_that_differ_end_with_one_and_name_the_cases(
    month: Path, stricter: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (stricter / "time" / "T04_acceptance.yaml").unlink()
    status, out, _ = run(capsys, "rules", "diff", BOOK, stricter, month, "--json")
    found = json.loads(out)
    assert status == 1
    assert {each["rule"] for each in found["vanished"]} == {"T04"}
    assert {each["rule"] for each in found["clocks_vanished"]} == {"T04"}
    assert {each["new"]["rule"] for each in found["changed"]} == {"T03"}
    status, out, _ = run(capsys, "rules", "diff", BOOK, stricter, month, "--rule", "T04", "--no-clocks")
    assert status == 1 and found["vanished"][0]["subject"] in out
    assert run(capsys, "rules", "diff", BOOK, stricter, month, "--rule", "T02")[0] == 0
    assert run(capsys, "rules", "diff", BOOK, stricter, month, "--rule", "T77")[0] == 2


def test_the_announcement_of_a_year_moves_due_dates_and_makes_them_firm(
    month: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, _ = run(capsys, "calendar", "moved", "2025-11-03", "2025-11-04", month, "--json")
    found = json.loads(out)
    assert status == 1
    assert all(each["became_firm"] for each in found["moved"])
    assert any(each["days"] for each in found["moved"])
    assert sum(each["clocks"] for each in found["moves"]) == len(found["moved"]) > 50
    assert {each["old"]["severity"] for each in found["changed"]} == {"notice"}, "provisional: a notice at most"
    assert run(capsys, "calendar", "moved", "2025-11-04", "2025-12-31", month)[0] == 0
    assert run(capsys, "calendar", "moved", "soon", "2025-12-31", month)[0] == 2


def test_a_changed_calendar_in_a_folder_moves_what_lies_behind_it(
    month: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "calendars"
    shutil.copytree(BOOK.parent / "calendars", folder)
    file = folder / "cn" / "2026.json"
    year = json.loads(file.read_text(encoding="utf-8"))
    year["announcements"].append({"announced": "2026-04-01", "source": "a storm", "off": ["2026-05-06"], "work": []})
    file.write_text(json.dumps(year), encoding="utf-8")
    status, out, _ = run(capsys, "calendar", "moved", BOOK.parent / "calendars", tmp_path, month)
    assert status == 1
    assert "2026-05-06" in out and "2026-05-07" in out


def explained(capsys: pytest.CaptureFixture[str], *arguments: object) -> list[dict[str, Any]]:
    status, out, _ = run(capsys, "rules", "explain", *arguments, "--json")
    assert status == 0
    found: list[dict[str, Any]] = json.loads(out)
    return found


def test_a_case_is_explained_in_both_languages(month: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, lines, _ = run(capsys, "replay", "--rule", "T03", month)
    alert = next(json.loads(line) for line in lines.splitlines())
    found = next(each for each in explained(capsys, "T03", alert["subject"], month) if each["rule"] == "T03")
    assert [each["alert_id"] for each in found["alerts"]] == [alert["alert_id"]]
    assert found["clocks"][0]["clock"]["due_date"] == alert["due_date"]
    english = run(capsys, "rules", "explain", "T03", alert["subject"], month, "--lang", "en")[1]
    chinese = run(capsys, "rules", "explain", "T03", alert["subject"], month, "--lang", "zh")[1]
    assert "working day" in english and alert["due_date"] in english and "weekend" in english
    assert "工作日" in chinese and "依据：行政许可法" in chinese


def test_an_explanation_is_as_known_then(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    events = [
        '{"specversion":"1.0","id":"1","source":"s","type":"case.accepted","subject":"A1",'
        '"time":"2026-03-02T09:00:00+08:00","data":{"task_code":"permit-general"}}',
        '{"specversion":"1.0","id":"2","source":"s","type":"case.decided","subject":"A1",'
        '"time":"2026-03-05T09:00:00+08:00","receivedat":"2026-03-09T09:00:00+08:00","data":{}}',
    ]
    file = tmp_path / "two.jsonl"
    file.write_text("\n".join(events), encoding="utf-8")
    then = explained(capsys, "T03", "A1", file, "--known-at", "2026-03-08", "--until", "2026-03-08")[0]
    later = explained(capsys, "T03", "A1", file, "--until", "2026-03-08")[0]
    assert [each["id"] for each in then["events"]] == ["1"]
    assert [each["id"] for each in later["events"]] == ["1", "2"]
    assert then["calendar"] == "cn-2026@2025-11-04"
    file.write_text(events[0].replace("2026-03-02", "2025-09-02"), encoding="utf-8")
    before = explained(capsys, "T03", "A1", file, "--known-at", "2025-10-01", "--until", "2025-10-08")[0]
    assert before["calendar"].startswith("cn-2025@2024"), "2026 was not announced yet"


def test_a_subject_that_is_not_there_ends_with_one(month: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, _, err = run(capsys, "rules", "explain", "T03", "nobody", month)
    assert status == 1 and "nobody" in err


def test_a_rule_of_groups_is_explained_by_the_group_of_the_case(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from streams.settings import ROOT

    lines = [
        f'{{"specversion":"1.0","id":"{n}","source":"s","type":"review.submitted","subject":"C{n}",'
        f'"time":"2026-03-02T09:{n:02d}:00+08:00","data":{{"department":"D{n % 2}","satisfaction":5}}}}'
        for n in range(20)
    ]
    file = tmp_path / "reviews.jsonl"
    file.write_text("\n".join(lines), encoding="utf-8")
    (tmp_path / "book").mkdir()
    shutil.copy(ROOT / "examples/bench8/rules/R4.yaml", tmp_path / "book")
    (found,) = explained(capsys, "R4", "C3", file, "--book", tmp_path / "book")
    assert found["group"] == "D1"
    assert [line["id"] for line in found["events"]] == ["3"]
    assert [alert["group"] for alert in found["alerts"]] == ["D1"]
    assert {part["part"] for part in found["events"][0]["meanings"]} >= {"event"}


def test_coverage_counts_and_names_what_is_left_out(month: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = run(capsys, "rules", "coverage", month, "--json")
    found = {each["aspect"]: each for each in json.loads(out)}
    assert status == 0
    assert list(found) == ["elements", "stages", "flows", "perspectives", "life"]
    for each in found.values():
        covered = sum(bool(thing["rules"]) and thing["came"] != 0 for thing in each["things"])
        assert covered == each["covered"] <= each["all"] == len(each["things"])
    status, text, _ = run(capsys, "rules", "coverage", "--all")
    missing = [thing["name"] for thing in found["life"]["things"] if not thing["rules"]]
    assert status == 0 and all(name in text.replace("\n", "") for name in missing[:20])
