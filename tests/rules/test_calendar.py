"""Working days and office hours as the State Council announced them."""

import csv
import gzip
from datetime import date, timedelta
from pathlib import Path

import pytest

from rules.calendar import LAST, Announcement, Calendar, OfficeHours
from rules.model.times import HOUR, MINUTE, local_time
from rules.tables import load_tables

VECTORS = Path(__file__).parents[2].parent / "shared" / "data" / "calendar" / "workday_deadlines_2019_2024.csv.gz"
ZONE = "Asia/Shanghai"


@pytest.fixture(scope="module")
def cn() -> Calendar:
    return load_tables().calendars["cn"]


def day(text: str) -> date:
    return date.fromisoformat(text)


@pytest.mark.skipif(not VECTORS.exists(), reason="the deadline vectors of ../shared are not here")
def test_every_deadline_vector_of_2019_to_2024_is_met(cn: Calendar) -> None:
    with gzip.open(VECTORS, "rt", encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    wrong = [row for row in rows if cn.add_working_days(day(row["start"]), int(row["n_workdays"])) != day(row["due"])]
    assert (len(rows), wrong) == (24_112, [])


@pytest.mark.parametrize(
    ("start", "n", "due"),
    [
        ("2026-02-12", 5, "2026-02-26"),
        ("2026-02-12", 20, "2026-03-18"),
        ("2026-04-30", 5, "2026-05-11"),
        ("2026-09-18", 7, "2026-09-29"),
        ("2026-01-01", 5, "2026-01-08"),
        ("2026-03-07", 5, "2026-03-13"),
        ("2024-02-08", 1, "2024-02-09"),
        ("2024-02-08", 2, "2024-02-18"),
        ("2026-12-21", 8, "2026-12-31"),
        ("2026-03-02", 0, "2026-03-02"),
    ],
)
def test_a_due_date_of_the_domain_is_met(cn: Calendar, start: str, n: int, due: str) -> None:
    assert cn.add_working_days(day(start), n) == day(due)


def test_counting_is_the_inverse_of_adding_and_agrees_with_walking_day_by_day(cn: Calendar) -> None:
    for start in (day("2018-12-20") + timedelta(days=step) for step in range(0, 3_400, 7)):
        walked, count = start, 0
        for _ in range(40):
            walked += timedelta(days=1)
            count += cn.is_working_day(walked)
            assert cn.working_days_between(start, walked) == count
            if cn.is_working_day(walked):
                assert cn.add_working_days(start, count) == walked


def test_an_empty_or_reversed_range_holds_no_working_day(cn: Calendar) -> None:
    assert cn.working_days_between(day("2026-03-02"), day("2026-03-02")) == 0
    assert cn.working_days_between(day("2026-03-05"), day("2026-03-02")) == 0


def test_the_end_of_december_that_a_later_year_announces_is_worked(cn: Calendar) -> None:
    assert cn.is_working_day(day("2018-12-29"))
    assert not cn.is_working_day(day("2018-12-31"))


def test_beyond_the_announced_years_monday_to_friday_count_but_the_statutory_days_do_not(
    cn: Calendar,
) -> None:
    assert [d for d in (1, 4, 5) if cn.is_working_day(date(2027, 1, d))] == [4, 5]
    assert [d for d in range(1, 11) if cn.is_working_day(date(2030, 10, d))] == [4, 7, 8, 9, 10]
    assert not cn.is_working_day(date(2031, 5, 1))
    assert cn.is_working_day(date(2011, 2, 3))


def test_a_day_off_rolls_to_the_next_working_day_and_a_make_up_saturday_stands(cn: Calendar) -> None:
    assert cn.next_working_day(day("2025-10-06")) == day("2025-10-09")
    assert cn.next_working_day(day("2026-10-10")) == day("2026-10-10")


def test_a_due_date_from_24_december_of_the_last_announced_year_is_provisional(cn: Calendar) -> None:
    assert cn.last_announced == 2026
    assert not cn.is_provisional(day("2026-12-23"))
    assert cn.is_provisional(day("2026-12-24"))
    assert cn.is_provisional(day("2031-01-01"))


def test_a_calendar_that_is_never_announced_is_never_provisional() -> None:
    assert not Calendar("weekdays").is_provisional(LAST)


def test_a_year_announced_again_counts_as_it_was_known(cn: Calendar) -> None:
    before, after = cn.known_at(day("2019-03-21")), cn.known_at(day("2019-03-22"))
    assert before.is_working_day(day("2019-05-02")) and not before.is_working_day(day("2019-04-28"))
    assert not after.is_working_day(day("2019-05-02")) and after.is_working_day(day("2019-04-28"))
    assert cn.known_at(day("2020-01-26")).is_working_day(day("2020-02-01"))
    assert not cn.known_at(day("2020-01-27")).is_working_day(day("2020-02-01"))
    assert before.last_announced == 2019 and before.hash != after.hash


def test_the_version_names_the_last_year_and_the_latest_notice(cn: Calendar) -> None:
    assert cn.version == "cn-2026@2025-11-04"


def test_the_next_notice_changes_the_hash_and_moves_what_was_provisional(cn: Calendar) -> None:
    notice = Announcement(2027, date(2026, 11, 10), "x", off=(date(2027, 1, 1), date(2026, 12, 31)))
    later = Calendar("cn", [*cn.announcements, notice])
    assert later.hash != cn.hash
    assert later.add_working_days(day("2026-12-21"), 8) == day("2027-01-04")
    assert not later.is_provisional(day("2026-12-31"))


def test_a_limit_without_end_ends_with_the_calendar_instead_of_failing(cn: Calendar) -> None:
    assert cn.add_working_days(day("2026-01-05"), 10**9) == LAST
    assert cn.add_working_days(date(9999, 12, 31), 5) == LAST


def test_days_cannot_be_added_backwards(cn: Calendar) -> None:
    with pytest.raises(ValueError, match="-1 working days"):
        cn.add_working_days(day("2026-01-05"), -1)


def at(text: str, hour: int, minute: int = 0) -> int:
    return local_time(day(text), hour * HOUR + minute * MINUTE, ZONE)


def test_eight_office_hours_from_eleven_end_at_eleven_of_the_next_working_day_plus_one_hour(
    cn: Calendar,
) -> None:
    office = OfficeHours(cn)
    assert office.a_day == 7 * HOUR
    assert office.add_work_time(at("2026-03-06", 11), 8 * HOUR, ZONE) == at("2026-03-09", 12)
    assert office.add_work_time(at("2026-03-06", 11), 2 * HOUR, ZONE) == at("2026-03-06", 14)
    assert office.add_work_time(at("2026-03-06", 9), 7 * HOUR, ZONE) == at("2026-03-06", 17)
    assert office.add_work_time(at("2026-03-07", 20), HOUR, ZONE) == at("2026-03-09", 10)
    assert office.add_work_time(at("2026-03-06", 18), 0, ZONE) == at("2026-03-06", 18)


def test_office_time_between_is_what_adding_it_needs(cn: Calendar) -> None:
    office = OfficeHours(cn)
    for start in (at("2026-02-12", 8), at("2026-02-14", 16), at("2026-04-04", 10), at("2026-09-30", 12, 30)):
        for minutes in range(1, 3_000, 37):
            end = office.add_work_time(start, minutes * MINUTE, ZONE)
            assert office.work_time_between(start, end, ZONE) == minutes * MINUTE
    assert office.work_time_between(at("2026-03-09", 9), at("2026-03-06", 9), ZONE) == 0


def test_off_hours_begin_after_the_office_closes_and_last_over_days_off(cn: Calendar) -> None:
    office = OfficeHours(cn)
    assert not office.is_off_hours(at("2026-04-01", 17), ZONE)
    assert office.is_off_hours(at("2026-04-01", 17, 1), ZONE)
    assert not office.is_off_hours(at("2026-04-01", 6), ZONE)
    assert office.is_off_hours(at("2026-03-07", 10), ZONE)
    assert not office.is_off_hours(at("2026-05-09", 10), ZONE)
