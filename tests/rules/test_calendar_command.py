"""`mingjing calendar due`."""

from typer.testing import CliRunner

from streams.cli.calendar import app

ask = CliRunner()


def test_one_question_prints_one_date() -> None:
    assert ask.invoke(app, ["due", "2026-02-12", "5"]).stdout == "2026-02-26\n"


def test_lines_of_standard_input_print_a_date_each() -> None:
    answered = ask.invoke(app, ["due", "-"], input="start,n\n2026-02-12,5\n2024-02-08,2\n")
    assert (answered.exit_code, answered.stdout) == (0, "2026-02-26\n2024-02-18\n")


def test_a_bad_line_is_told_with_its_place_and_the_rest_is_answered() -> None:
    answered = ask.invoke(app, ["due", "-"], input="2026-02-12,5\n2026-02-30,5\nnothing\n2026-02-12,20\n")
    assert answered.exit_code == 1
    assert answered.stdout == "2026-02-26\n\n\n2026-03-18\n"
    assert "-:2:1: day is out of range for month" in answered.stderr
    assert "-:3:1: `nothing` is not `start,n`" in answered.stderr


def test_a_calendar_as_it_was_announced_by_a_day_can_be_asked() -> None:
    then = ask.invoke(app, ["due", "2019-04-30", "1", "--known-at", "2019-03-01"])
    assert (then.stdout, ask.invoke(app, ["due", "2019-04-30", "1"]).stdout) == (
        "2019-05-02\n",
        "2019-05-05\n",
    )


def test_what_is_no_date_and_an_unknown_calendar_are_usage_errors() -> None:
    assert ask.invoke(app, ["due", "tomorrow", "5"]).exit_code == 2
    assert ask.invoke(app, ["due", "2026-02-12"]).exit_code == 2
    assert ask.invoke(app, ["due", "2026-02-12", "5", "--calendar", "mars"]).exit_code == 2


def test_a_date_beyond_every_calendar_is_an_error_and_never_clipped() -> None:
    assert ask.invoke(app, ["due", "2026-02-12", "1000000000"]).exit_code == 2
    assert ask.invoke(app, ["due", "9999-12-30", "3"]).exit_code == 2
