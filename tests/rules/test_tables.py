"""Declared tables: what they answer, and how they tell what is wrong in them."""

from datetime import date
from pathlib import Path

import pytest

from rules.model.spans import Span, parse_span
from rules.tables import Items, TableErrors, load_tables
from rules.tables.cells import cells
from rules.tables.faults import ExampleFaults

HEADER = "task_code,effective,expires,legal_limit,promised_limit,required_stages,has_certificate\n"


def errors_of(directory: Path) -> list[str]:
    with pytest.raises(TableErrors) as raised:
        load_tables(directory)
    return [str(error).removeprefix(f"{directory}/") for error in raised.value.errors]


def items_file(tmp_path: Path, rows: str) -> Path:
    (tmp_path / "items").mkdir()
    (tmp_path / "items" / "own.csv").write_text(HEADER + rows, encoding="utf-8")
    return tmp_path


def test_the_version_of_an_item_in_force_on_a_day_answers() -> None:
    items = load_tables().items
    before = items.lookup("000131001000", date(2024, 6, 30))
    after = items.lookup("000131001000", date(2024, 7, 1))
    assert before is not None and after is not None
    assert (before.legal_limit, after.legal_limit) == (Span(20, "workdays"), Span(15, "workdays"))
    assert after.special_procedures == ("inspection", "hearing")
    assert after.stage_limits["site_check"] == Span(4, "workdays")


def test_an_unknown_item_and_a_day_before_the_first_version_have_no_answer() -> None:
    items = load_tables().items
    assert items.lookup("unknown", date(2026, 1, 1)) is None
    assert items.lookup("000131001000", date(2019, 4, 22)) is None


def test_a_version_is_in_force_until_it_expires(tmp_path: Path) -> None:
    items = load_tables(items_file(tmp_path, "a,2020-01-01,2020-12-31,5 workdays,,,\n")).items
    assert items.lookup("a", date(2020, 12, 31)) is not None
    assert items.lookup("a", date(2021, 1, 1)) is None


def test_every_error_of_a_catalogue_is_told_with_its_place(tmp_path: Path) -> None:
    rows = (
        "a,2020-01-01,,5 workdys,,,\n"
        "a,2020-01-01,,,,,\n"
        'b,2020-13-01,,,,"x;;y",maybe\n'
        "c,2020-01-01\n"
        "d,2020-01-01,2021-01-01,,,,\n"
        "d,2021-01-01,,,,,\n"
        ",2020-01-01,,,,,\n"
    )
    assert errors_of(items_file(tmp_path, rows)) == [
        "items/own.csv:2:15: error[bad-value]: legal_limit: `5 workdys` is not a duration; did you mean `workdays`?",
        "items/own.csv:3:1: error[duplicate-version]: `a` from 2020-01-01 stands in line 2 too",
        "items/own.csv:4:3: error[bad-value]: effective: `2020-13-01` is not a date (YYYY-MM-DD)",
        "items/own.csv:4:17: error[bad-value]: required_stages: `x;;y` has an empty or a repeated part",
        "items/own.csv:4:24: error[bad-value]: has_certificate: `maybe` is neither true nor false",
        "items/own.csv:5:1: error[ragged-row]: 2 cells under 7 columns",
        "items/own.csv:7:1: error[overlapping-version]: the version of line 6 is in force until 2021-01-01",
        "items/own.csv:8:1: error[missing-value]: `task_code` is empty",
    ]


def test_an_unknown_column_is_told_with_the_one_that_was_meant(tmp_path: Path) -> None:
    (tmp_path / "items").mkdir()
    (tmp_path / "items" / "own.csv").write_text("task_code,effective,legal_limt\n", encoding="utf-8")
    assert errors_of(tmp_path) == [
        "items/own.csv:1:21: error[unknown-column]: `legal_limt` is not a column of the catalogue; "
        "did you mean `legal_limit`?"
    ]


def test_an_empty_catalogue_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "items").mkdir()
    (tmp_path / "items" / "own.csv").write_text("", encoding="utf-8")
    assert "empty-file" in errors_of(tmp_path)[0]


def test_a_quoted_cell_with_a_comma_is_one_cell() -> None:
    assert cells('a,"b,""c",d') == [("a", 1), ('b,"c', 3), ("d", 11)]


def test_an_examples_items_stand_in_place_of_the_shipped_ones() -> None:
    shipped = load_tables().items
    own = shipped.with_examples(
        {
            "000131001000": {"legal_limit": "9 workdays"},
            "permit-20": {"stage_limits": {"review": "2 workdays"}},
        }
    )
    item = own.lookup("000131001000", date(2000, 1, 1))
    assert item is not None and item.legal_limit == Span(9, "workdays") and item.promised_limit is None
    permit = own.lookup("permit-20", date(2026, 1, 1))
    assert permit is not None and permit.stage_limits == {"review": Span(2, "workdays")}
    assert own.hash != shipped.hash


def test_every_error_of_an_examples_items_is_told_with_its_path() -> None:
    with pytest.raises(ExampleFaults) as raised:
        Items([]).with_examples({"a": {"legal_limt": "5 workdays", "promised_limit": "5 hours"}, "b": []})  # type: ignore[dict-item]
    assert [(error.path, error.code) for error in raised.value.errors] == [
        (("a", "legal_limt"), "unknown-column"),
        (("a", "promised_limit"), "bad-value"),
        (("b",), "not-an-item"),
    ]


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("5 workdays", Span(5, "workdays")),
        ("1 workday", Span(1, "workdays")),
        ("30 days", Span(30, "days")),
        ("24h", Span(86_400_000_000, "exact")),
        ("10m", Span(600_000_000, "exact")),
        ("60s", Span(60_000_000, "exact")),
        ("8 workhours", Span(28_800_000_000, "workhours")),
    ],
)
def test_a_written_duration_is_read(text: str, span: Span) -> None:
    assert parse_span(text) == span


@pytest.mark.parametrize("text", ["", "workdays", "5", "-5 days", "5 workdys", "1.5 days", "999999999 days"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        parse_span(text)


def test_a_duration_is_written_as_it_is_read() -> None:
    for text in ("5 workdays", "1 workday", "30 days", "24h", "10m", "61s", "8 workhours"):
        assert str(parse_span(text)) == text


def test_a_region_answers_by_the_longest_declared_prefix_of_its_code() -> None:
    regions = load_tables().regions
    assert regions.of("510107000").name_en == "Chengdu"
    assert regions.of("430102003001").name_zh == "湖南省"
    assert regions.of("110101").zone == regions.of("").zone == "Asia/Shanghai"


def test_the_same_severity_shows_another_colour_in_chengdu_than_in_hunan() -> None:
    regions = load_tables().regions
    assert regions.colour("510107", "notice") != regions.colour("430102", "notice")


def test_office_hours_are_those_of_the_region() -> None:
    tables = load_tables()
    assert tables.office("440305").hours != tables.office("110101").hours
    assert tables.office("440305").calendar is tables.calendars["cn"]


def test_every_error_of_the_regions_is_told_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "regions.yaml").write_text(
        'palettes:\n  plain: {notice: "#1677ff", yellow_card: yellow}\n'
        "default: {zone: Asia/Shangai, calender: cn, palette: plain}\n"
        'regions:\n  "51010": {palette: none}\n'
        '  "510100": {off_hours: never, office_hours: ["12:00-09:00"]}\n',
        encoding="utf-8",
    )
    assert [error.split(": ", 2)[0:2] for error in errors_of(tmp_path)] == [
        ["regions.yaml:2:3", "error[missing-severity]"],
        ["regions.yaml:2:43", "error[not-a-colour]"],
        ["regions.yaml:3:17", "error[bad-value]"],
        ["regions.yaml:3:31", "error[unknown-key]"],
        ["regions.yaml:5:3", "error[not-a-region]"],
        ["regions.yaml:6:25", "error[bad-value]"],
        ["regions.yaml:6:46", "error[bad-value]"],
    ]


def test_a_calendar_file_tells_its_errors_with_their_places(tmp_path: Path) -> None:
    folder = tmp_path / "calendars" / "cn"
    folder.mkdir(parents=True)
    (folder / "2027.json").write_text(
        '{"calendar": "cn", "year": 2027, "announcements": [\n'
        ' {"announced": "2026-11-10", "source": "x",\n'
        '  "off": ["2027-01-01", "2027-02-30"], "work": ["2027-01-01", "2031-01-01"], "note": 1}]}\n',
        encoding="utf-8",
    )
    (folder / "2028.json").write_text("{", encoding="utf-8")
    assert [error.split(": ", 2)[0:2] for error in errors_of(tmp_path)][:5] == [
        ["calendars/cn/2027.json:3:25", "error[not-a-date]"],
        ["calendars/cn/2027.json:3:49", "error[off-and-worked]"],
        ["calendars/cn/2027.json:3:63", "error[another-year]"],
        ["calendars/cn/2027.json:3:78", "error[unknown-key]"],
        ["calendars/cn/2028.json:1:2", "error[not-json]"],
    ]


def test_the_tables_hash_follows_their_content(tmp_path: Path) -> None:
    shipped = load_tables()
    own = load_tables(items_file(tmp_path, "a,2020-01-01,,5 workdays,,,\n"))
    assert shipped.hash == load_tables().hash != own.hash
    assert own.calendars["cn"].hash == shipped.calendars["cn"].hash
