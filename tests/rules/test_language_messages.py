"""What the message of a rule may say, and what of persons and free text it may not."""

from pathlib import Path

import pytest

from rules.language import load_book
from rules.language.loader import read_book
from rules.testing.examples import run
from tests.rules.good_rule import BODY, Faults, changed, where
from tests.rules.small_books import rule_text


def test_what_messages_may_not_say_is_refused_at_its_place(faults: Faults) -> None:
    text = changed('zh: "{{ case_id }}"', 'zh: "{{ case_id }} {{ event.applicant }} {{ event.reason }}"')
    assert [where(error) for error in faults(a=text)] == [
        ("personal-in-message", 11, 30),
        ("personal-in-message", 11, 52),
    ]


def test_half_written_braces_and_raw_times_are_refused_in_messages(faults: Faults) -> None:
    assert [error.code for error in faults(a=changed('zh: "{{ case_id }}"', 'zh: "{{ case_id }"'))] == ["syntax"]
    body = "deadline: {start: case.applied, stop: case.decided, until: event.promised_at}"
    text = changed(BODY, body, 'zh: "{{ case_id }}"', 'zh: "{{ event.promised_at }}"')
    assert [error.code for error in faults(a=text)] == ["not-sayable"]


COUNT = "count: {event: case.decided, group_by: [department], window: {type: sliding, size: 24h}, at_least: 1}"


def test_a_count_rule_may_say_what_it_groups_by(tmp_path: Path) -> None:
    text = changed(BODY, COUNT, "{{ case_id }}", "{{ department }}: {{ value }}", "result: granted", "department: D7")
    text = text.replace("result: denied", "result: denied").replace("expect: []", 'until: "2026-03-01"\n    expect: []')
    (tmp_path / "a.yaml").write_text(text)
    book = load_book(tmp_path)
    assert run(book, book.rules[0]) == []


def test_a_count_rule_may_not_show_the_persons_that_it_groups_by(faults: Faults) -> None:
    text = changed(BODY, COUNT.replace("[department]", "[event.actor]"), "{{ case_id }}", "{{ group }}")
    assert [error.code for error in faults(a=text)] == ["personal-in-message"]


def test_a_rule_on_persons_may_not_show_them(faults: Faults) -> None:
    body = "separation: {duties: [[case.accepted], [case.decided]], actor: event.actor}"
    text = changed(BODY, body, "{{ case_id }}", "{{ actor }}")
    assert [error.code for error in faults(a=text)] == ["personal-in-message"]


@pytest.mark.parametrize(
    ("said", "codes"),
    [
        ("{{ source }} {{ since }} {{ gap }} {{ group }} {{ due_date }} {{ department }}", []),
        ("{{ event.organ }}", ["not-sayable"]),
        ("{{ organ }}", ["not-sayable"]),
        ("{{ task_code }}", ["not-sayable"]),
        ("{{ event.nothing }}", ["not-sayable"]),
    ],
)
def test_where_nothing_was_heard_a_message_has_no_event_to_speak_of(
    tmp_path: Path, said: str, codes: list[str]
) -> None:
    body = "silence: {event: case.received, group_by: [event.organ], within: 24h}"
    text = rule_text("S", body, message=f'{{zh: "{said}", en: "nothing"}}')
    (tmp_path / "s.yaml").write_text(text, encoding="utf-8")
    found = read_book(tmp_path).faults
    assert [fault.code for fault in found] == codes
    if codes:
        line = text.splitlines()[found[0].line - 1]
        assert line[found[0].col - 1 :].startswith(said)
