"""Every fault of every file comes in one run, once, at its place, with the line, a caret and what was meant."""

from pathlib import Path

from tests.rules.good_rule import BODY, MATCH, Faults, changed, where


def test_a_good_rule_has_no_fault(faults: Faults) -> None:
    assert faults(a=MATCH) == []


def test_a_file_with_three_errors_reports_three_each_at_its_place(faults: Faults) -> None:
    text = changed("severity: notice", "severity: purple", "case.decided,", "case.decidd,", "case_id }}", "casid }}")
    assert [where(error) for error in faults(a=text)] == [
        ("unknown-word", 6, 11), ("unknown-event", 10, 16), ("unknown-name", 11, 16),
    ]  # fmt: skip


def test_the_errors_of_all_files_come_at_once(faults: Faults) -> None:
    found = faults(a=changed("version: 1", "version: x"), b=changed("rule: X1", "rule: X2", "notice", "notise"))
    assert [(Path(error.file).name, error.code) for error in found] == [
        ("a.yaml", "type"),
        ("b.yaml", "unknown-word"),
    ]


def test_an_error_shows_the_line_a_caret_under_the_words_and_what_was_meant(faults: Faults) -> None:
    (error,) = faults(a=changed("event.result", "event.reslt"))
    place, line, caret = str(error).split("\n")
    assert place.endswith("a.yaml:10:36: error[unknown-field]: case.decided has no field `reslt`")
    start = line.index("event.reslt")
    assert caret[start:].startswith("^" * len("event.reslt") + "  did you mean `result`?")
    assert not caret[:start].strip()


def test_the_caret_stands_under_the_words_behind_chinese_ones_too(faults: Faults) -> None:
    (error,) = faults(a=changed('zh: "{{ case_id }}"', 'zh: "办件 {{ 编号 }} {{ caseid }}"').replace(" {{ 编号 }}", ""))
    _, line, caret = str(error).split("\n")
    before = line[: line.index("{{ caseid }}")]
    assert caret.index("^") == len(before) + len("办件")


def test_an_unknown_event_does_not_hide_what_else_is_wrong_in_the_rule(faults: Faults) -> None:
    body = "deadline: {start: case.acepted, stop: case.decided, within: 5 workdys}"
    found = faults(a=changed(BODY, body))
    assert [error.code for error in found] == ["unknown-event", "not-a-duration"]
    assert [error.hint for error in found] == ["did you mean `case.accepted`?", "did you mean `workdays`?"]


def test_an_unknown_event_in_a_condition_leaves_its_syntax_checked(faults: Faults) -> None:
    body = "match: {event: case.acepted, when: event.result ==}"
    assert [error.code for error in faults(a=changed(BODY, body))] == ["unknown-event", "syntax"]


def test_a_mistyped_parameter_is_told_once_however_often_it_is_used(faults: Faults) -> None:
    text = changed(
        "limit: 5 workdays",
        "limit: 5 workdys",
        BODY,
        "deadline: {start: case.accepted, within: params.limit}",
    )
    assert [where(error) for error in faults(a=text)] == [("not-a-duration", 9, 26)]


def test_a_key_that_stands_twice_is_refused(faults: Faults) -> None:
    assert [where(error) for error in faults(a=MATCH + "rule: X2\n")] == [("duplicate-key", 19, 1)]


def test_two_rules_of_one_id_are_refused(faults: Faults) -> None:
    (error,) = faults(a=MATCH, b=MATCH)
    assert (error.code, Path(error.file).name, error.line) == ("duplicate-rule", "b.yaml", 1)


def test_a_wrong_clock_that_two_rules_share_is_told_once(faults: Faults) -> None:
    clocks = "clocks:\n  mine: {start: case.acepted, stop: case.decided}\n"
    body = "deadline: {clock: mine, within: 5 workdays}"
    found = faults(clocks=clocks, a=changed(BODY, body), b=changed("rule: X1", "rule: X2", BODY, body))
    assert [(Path(error.file).name, error.code) for error in found] == [("clocks.yaml", "unknown-event")]


def test_a_clock_with_an_unknown_key_is_told_in_its_own_file(faults: Faults) -> None:
    found = faults(clocks="clocks:\n  mine: {strt: case.accepted, start: case.accepted}\n", a=MATCH)
    assert [(Path(error.file).name, error.code, error.hint) for error in found] == [
        ("clocks.yaml", "unknown-key", "did you mean `start`?")
    ]


def test_a_wrong_table_is_told_with_its_line_beside_the_rules(faults: Faults) -> None:
    found = faults(regions="default: {zone: Nowhere/Land, calendar: cn, palette: x}\n", a=changed("notice", "notise"))
    assert {Path(error.file).name for error in found} == {"regions.yaml", "a.yaml"}
    assert all(error.text for error in found)
