"""Behaviours of the loader: every fault of every file once, at its place, with a code and a suggestion."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from rules.language import BookError, BookErrors, load_book
from rules.language.loader import read_book
from rules.testing.examples import run
from tests.rules.small_books import rule_text

ROOT = Path(__file__).resolve().parents[2]
MATCH = """\
rule: X1
version: 1
name: {zh: 试, en: Trial}
category: process
basis: local
severity: notice
stream: service
subject: case_id
params: {most: 3, limit: 5 workdays, label: red, quick: 24h}
match: {event: case.decided, when: event.result == "granted"}
message: {zh: "{{ case_id }}", en: "{{ case_id }}"}
examples:
  - name: granted
    given: [{at: "2026-03-02T09:00", type: case.decided, case_id: A1, result: granted}]
    expect: [{at: "2026-03-02T09:00"}]
  - name: denied
    given: [{at: "2026-03-02T09:00", type: case.decided, case_id: A1, result: denied}]
    expect: []
"""
WINDOW = "window: {type: sliding, size: 5h}"
WORKDAYS = "window: {type: sliding, size: 5 workdays}"
BODY = 'match: {event: case.decided, when: event.result == "granted"}'
Faults = Callable[..., list[BookError]]


@pytest.fixture
def faults(tmp_path: Path) -> Faults:
    """The faults of a book of these files: a text, or bytes, by file name."""

    def found(**files: str | bytes) -> list[BookError]:
        for name, content in files.items():
            raw = content.encode() if isinstance(content, str) else content
            (tmp_path / f"{name}.yaml").write_bytes(raw)
        try:
            load_book(tmp_path)
        except BookErrors as errors:
            return errors.errors
        return []

    return found


def changed(*pairs: str) -> str:
    """The good rule with texts in it replaced."""
    text = MATCH
    for old, new in zip(pairs[::2], pairs[1::2], strict=True):
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


def where(error: BookError) -> tuple[str, int, int]:
    return error.code, error.line, error.col


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


@pytest.mark.parametrize(
    ("old", "new", "code", "hint"),
    [
        ("severity: notice", "severty: notice", "unknown-key", "did you mean `severity`?"),
        ("match: {", "mtch: {", "unknown-key", "did you mean `match`?"),
        ("event: case.decided, when", "events: case.decided, when", "unknown-key", "did you mean `event`?"),
        ("event.result", "params.mst", "unknown-param", "did you mean `most`?"),
        ('event.result == "granted"', "has(item.legal_limt)", "unknown-field", "did you mean `legal_limit`?"),
        ('event.result == "granted"', "blnk(event.reason)", "unknown-function", "did you mean `blank`?"),
        ("category: process", "category: proces", "unknown-word", "did you mean `process`?"),
        ("stream: service", "stream: servce", "unknown-word", "did you mean `service`?"),
        ("stream: service", "stream: {service: 1}", "unknown-word", ""),
        ("type: case.decided", "type: case.decide", "unknown-event", "did you mean `case.decided`?"),
        ("result: granted}", "reslt: granted}", "unknown-key", "did you mean `result`?"),
        ('expect: [{at:', "expect: [{sevrity: notice, at:", "unknown-key", "did you mean `severity`?"),
        ("{{ case_id }}", "{{ params.mos }}", "unknown-param", "did you mean `most`?"),
        ("{{ case_id }}", "{{ event.reslt }}", "unknown-field", "did you mean `result`?"),
    ],
)  # fmt: skip
def test_a_typo_is_told_with_what_was_meant(faults: Faults, old: str, new: str, code: str, hint: str) -> None:
    assert (code, hint) in [(error.code, error.hint) for error in faults(a=changed(old, new))]


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("rule: X1", "rule: a-rule-with-a-very-long-id", "too-long"),
        ("rule: X1", "rule: X 1", "not-an-id"),
        ("version: 1", "version: 0", "type"),
        ("version: 1", "version: true", "type"),
        ("name: {zh: 试, en: Trial}", "name: {zh: 试}", "missing-key"),
        ("name: {zh: 试, en: Trial}", "name: Trial", "type"),
        ("basis: local", "basis: ''", "type"),
        ("basis: local\n", "", "missing-key"),
        ("subject: case_id", "subject: event", "not-a-name"),
        ("stream: service", "stream: []", "missing-key"),
        ("stream: service", "stream: service\neffective: 2026-02-30", "not-a-date"),
        ("stream: service", "stream: service\nactivates_at: tomorrow", "not-a-time"),
        ("params: {", "params: {two words: 1, ", "not-a-name"),
        ("params: {", "params: {list: [1], ", "type"),
        (BODY, BODY + "\ncount: {}", "one-kind"),
        (BODY, "match: []", "type"),
        (BODY, "match: {when: blank(event.reason)}", "missing-key"),
        (BODY, BODY + "\nwhen: blank(event.reason)", "twice"),
        ("event: case.decided", "event: check.performed", "wrong-stream"),
        ("event: case.decided", "event: []", "empty"),
        ("event: case.decided", "event: 5", "type"),
        ('event.result == "granted"', "event.result", "type"),
        ('event.result == "granted"', "[event.result]", "type"),
        ('event.result == "granted"', "item.legal_limit == params.limit", "optional-field"),
        ('event.result == "granted"', 'event.reason == "x"', "free-text"),
        ('event.result == "granted"', 'event.unpublishable_reason == "x"', "not-judged"),
    ],
)
def test_a_wrong_value_is_a_located_error(faults: Faults, old: str, new: str, code: str) -> None:
    found = faults(a=changed(old, new))
    assert code in [error.code for error in found]
    assert all(error.line >= 1 and error.col >= 1 and error.text for error in found)


@pytest.mark.parametrize(
    ("body", "codes"),
    [
        ("deadline: {start: case.accepted, within: 5 workdys}", ["not-a-duration"]),
        ("deadline: {start: case.accepted, within: 0 workdays}", ["impossible-duration"]),
        ("deadline: {start: case.accepted, within: 999999 workdays}", ["not-a-duration"]),
        ("deadline: {start: case.accepted, within: params.label}", ["type"]),
        ("deadline: {start: case.accepted, within: 5}", ["type"]),
        ("deadline: {start: case.accepted}", ["missing-key"]),
        ("deadline: {within: 5 workdays}", ["missing-key"]),
        (
            "deadline: {start: case.accepted, within: 5 workdays, until: case.applied.valid_until}",
            ["missing-key"],
        ),
        ("deadline: {clock: handlin, within: 5 workdays}", ["unknown-clock"]),
        ("deadline: {start: case.accepted, within: 24h, fire_at: {left: 1 workday}}", ["unit"]),
        (
            "deadline: {start: case.accepted, within: 5 workdays, warn_at: [80, 0%]}",
            ["not-a-share", "not-a-share"],
        ),
        (
            "deadline: {start: case.accepted, within: 5 workdays, escalate: [{after: 1 workday}]}",
            ["missing-key"],
        ),
        ("deadline: {start: case.accepted, within: 5 workdays, roll: next}", ["unknown-word"]),
        (
            "deadline: {start: case.accepted, within: 5 workdays, relief: {recorded_within: 1 day}}",
            ["not-exact"],
        ),
        (
            "deadline: {start: case.accepted, within: 5 workdays, extend: {event: case.extended}}",
            ["missing-key"],
        ),
        ("deadline: {start: {event: case.accepted, by: 1}, within: 5 workdays}", ["unknown-key"]),
        ("deadline: {start: case.accepted, within: {unit: workdays}}", ["missing-key"]),
        (
            "deadline: {start: case.accepted, within: {of: event.promised_days, unit: weeks}}",
            ["unknown-word"],
        ),
        ("separation: {duties: [case.accepted], actor: event.actor}", ["missing-key"]),
        ("separation: {duties: [[case.accepted], [case.decided]]}", ["missing-key"]),
        ("overlap: {start: case.received, stop: case.decided}", ["missing-key"]),
        ("overlap: {start: case.received, key: event.applicant}", ["missing-key"]),
        ("overlap: {start: case.received, stop: case.decided, key: event.aplicant}", ["unknown-field"]),
        ("overlap: {start: case.received, stop: case.decided, key: event.applicant, within: soon}", ["not-a-duration"]),
        ("silence: {group_by: [event.department]}", ["missing-key"]),
        ("silence: {group_by: [], within: 24h}", ["empty"]),
        ("silence: {group_by: [event.departmnt], within: 24h}", ["unknown-field"]),
        ("silence: {group_by: [case.accepted.organ], within: 24h}", ["not-in-groups"]),
        ("silence: {event: {event: case.decided, when: item.has_certificate}, within: 24h}", ["not-in-groups"]),
        ("silence: {within: 2 days, office_hours: true}", ["unit"]),
        ("silence: {roster: feeds}", ["unknown-word"]),
        ("silence: {roster: sources, within: 24h}", ["unknown-key"]),
        ("roster: {event: case.decided, who: event.actor}", ["missing-key"]),
        ("roster: {event: case.decided, roster: item.roster}", ["missing-key"]),
        ("roster: {event: case.decided, who: event.result, roster: item.roster}", ["unknown-who"]),
        ("roster: {event: case.decided, who: event.actr, roster: item.roster}", ["unknown-field"]),
        ("roster: {event: case.decided, who: event.actor, roster: window-3}", ["unknown-roster"]),
        ("roster: {event: case.decided, who: event.actor, roster: item.rooster}", ["unknown-field"]),
        ("roster: {event: case.decided, who: event.actor, roster: item.roster, at: event.organ}", ["type"]),
        ("roster: {event: case.decided, who: event.actor, roster: item.roster, unknown: shout}", ["unknown-word"]),
        ("sequence: {forbid: [case.decided]}", ["arguments"]),
        ("sequence: {}", ["missing-key"]),
        ("sequence: {require: {before: case.decided}}", ["missing-key"]),
        ("sequence: {require: {before: case.decided, steps: [case.accepted], wait: 1 dya}}", ["not-a-duration"]),
        ("sequence: {require: {before: case.decided, steps: []}}", ["empty"]),
        ("sequence: {require: {before: case.decided, steps: [{event: case.stage, if: event.x}]}}", ["unknown-field"]),
        ("sequence: {require: {before: case.decided, steps: [case.stage]}, within: 1h}", ["unknown-key"]),
        ("sequence: {after: case.accepted, followed_by: case.decided}", ["missing-key"]),
        ("sequence: {after: case.accepted, within: 1h}", ["missing-key"]),
        ("sequence: {after: case.accepted, next: case.stage, not_next: case.stage}", ["missing-key"]),
        ("sequence: {after: case.accepted, nxt: case.stage}", ["unknown-key"]),
        ("sequence: {after: case.accepted, next: case.stge}", ["unknown-event"]),
        ("sequence: {after: case.accepted, followed_by: case.stage, within: 1h, among: case.stage}", ["unknown-key"]),
        ("count: {event: case.decided, group_by: [event.actor], over: 3}", ["missing-key"]),
        ("count: {event: case.decided, group_by: [], window: {type: life}, over: 3}", ["empty"]),
        (
            "count: {event: case.decided, group_by: [event.actor], window: {type: life}, over: 3}",
            ["life-of-subject"],
        ),
        (
            "count: {event: case.decided, group_by: [event.actor], window: {type: sliding}, over: 3}",
            ["missing-key"],
        ),
        (
            "count: {event: case.decided, group_by: [case_id], window: {type: life}, over: -1}",
            ["impossible-threshold"],
        ),
        (
            "count: {event: case.decided, group_by: [case_id], window: {type: life}, over: many}",
            ["not-a-number"],
        ),
        (
            f"count: {{event: case.decided, group_by: [department], {WORKDAYS}, over: 3}}",
            ["not-a-duration"],
        ),
        (
            f"count: {{event: case.decided, group_by: [case.accepted.organ], {WINDOW}, over: 3}}",
            ["not-in-groups"],
        ),
        (
            "count: {event: case.decided, when: case.accepted.actor == event.actor, group_by: [event.actor], "
            f"{WINDOW}, over: 3}}",
            ["not-in-groups"],
        ),
        (
            "count: {event: {event: case.decided, when: item.has_certificate}, group_by: [event.actor], "
            f"{WINDOW}, over: 3}}",
            ["not-in-groups"],
        ),
    ],
)
def test_a_body_that_cannot_work_says_so_once(faults: Faults, body: str, codes: list[str]) -> None:
    assert [error.code for error in faults(a=changed(BODY, body))] == codes


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


def test_a_rule_without_examples_or_with_one_side_only_is_refused(faults: Faults) -> None:
    head, _, rest = MATCH.partition("examples:\n")
    assert [error.code for error in faults(a=head)] == ["no-examples"]
    assert [error.code for error in faults(a=head + "examples: []\n")] == ["no-examples"]
    silent = rest[rest.index("  - name: denied") :]
    assert [error.code for error in faults(a=head + "examples:\n" + silent)] == ["one-sided"]


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ('at: "2026-03-02T09:00", type', 'at: "2026-03-32T09:00", type', "not-a-time"),
        ('at: "2026-03-02T09:00", type', "type", "missing-key"),
        ("type: case.decided, ", "", "missing-key"),
        ("expect: []", "expect: {}", "type"),
        ("    expect: []\n", "", "missing-key"),
        ("expect: []", 'expect: []\n    items: {permit: {legal_limt: 5 workdays}}', "unknown-column"),
        ("expect: []", 'expect: []\n    items: {permit: {legal_limit: 5 workdys}}', "bad-value"),
        ("expect: []", "expect: []\n    until: someday", "not-a-time"),
        ("given: [{", "given: [5, {", "type"),
    ],
)  # fmt: skip
def test_a_wrong_example_is_a_located_error(faults: Faults, old: str, new: str, code: str) -> None:
    (error,) = faults(a=changed(old, new))
    assert error.code == code
    assert error.line >= 13


def test_files_that_are_no_text_are_located_errors(faults: Faults) -> None:
    found = faults(a=b"rule: X1\nname: \xff\xfe\n", b=b"", c=b"# nothing\n", d=b"a" * 300_000, e=b"rule: [\n", f=b"\0")
    told = [(Path(error.file).name, error.code, error.line) for error in found]
    assert told == [
        ("a.yaml", "not-utf-8", 2), ("b.yaml", "empty", 1), ("c.yaml", "empty", 1),
        ("d.yaml", "too-large", 1), ("e.yaml", "not-yaml", 2), ("f.yaml", "not-yaml", 1),
    ]  # fmt: skip


def test_an_empty_folder_is_no_book(tmp_path: Path) -> None:
    with pytest.raises(BookErrors, match="there is no rule in this folder"):
        load_book(tmp_path)


def test_aliases_are_refused_so_that_no_bomb_unfolds(faults: Faults) -> None:
    bomb = "a: &a [x, x, x, x, x, x, x, x]\n"
    for previous, letter in zip("abcdefgh", "bcdefghi", strict=True):
        bomb += f"{letter}: &{letter} [{', '.join(['*' + previous] * 8)}]\n"
    found = faults(a=bomb + "z: &z [*z]\n")
    assert "alias" in {error.code for error in found}
    assert len(found) < 100


def test_a_file_nested_too_deeply_is_refused(faults: Faults) -> None:
    assert [error.code for error in faults(a="[" * 5000)] == ["not-yaml"]
    assert "not-yaml" in {error.code for error in faults(a="params: " + "[" * 60 + "]" * 60)}


def test_a_clock_with_an_unknown_key_is_told_in_its_own_file(faults: Faults) -> None:
    found = faults(clocks="clocks:\n  mine: {strt: case.accepted, start: case.accepted}\n", a=MATCH)
    assert [(Path(error.file).name, error.code, error.hint) for error in found] == [
        ("clocks.yaml", "unknown-key", "did you mean `start`?")
    ]


def test_a_wrong_clock_that_two_rules_share_is_told_once(faults: Faults) -> None:
    clocks = "clocks:\n  mine: {start: case.acepted, stop: case.decided}\n"
    body = "deadline: {clock: mine, within: 5 workdays}"
    found = faults(clocks=clocks, a=changed(BODY, body), b=changed("rule: X1", "rule: X2", BODY, body))
    assert [(Path(error.file).name, error.code) for error in found] == [("clocks.yaml", "unknown-event")]


def test_a_wrong_table_is_told_with_its_line_beside_the_rules(faults: Faults) -> None:
    found = faults(regions="default: {zone: Nowhere/Land, calendar: cn, palette: x}\n", a=changed("notice", "notise"))
    assert {Path(error.file).name for error in found} == {"regions.yaml", "a.yaml"}
    assert all(error.text for error in found)


def test_the_hash_of_a_book_and_its_errors_are_the_same_in_every_process(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(changed("severity: notice", "severity: purple", "{{ case_id }}", "{{ casid }}"))
    script = (
        "import sys; from pathlib import Path; from rules.language import BookErrors, load_book\n"
        "print(load_book().hash)\n"
        "try: load_book(Path(sys.argv[1]))\n"
        "except BookErrors as errors: print(errors)\n"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", script, str(tmp_path)],
            env=os.environ | {"PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True, cwd=ROOT,
        ).stdout
        for seed in ("1", "2")
    }  # fmt: skip
    assert len(said) == 1
    assert "unknown-name" in said.pop()


def test_the_hash_of_a_book_moves_with_any_word_of_a_rule_or_of_its_clock(tmp_path: Path) -> None:
    deadline = changed(BODY, "deadline: {clock: mine, within: 5 workdays}")
    texts = {"clocks": "clocks:\n  mine: {start: case.accepted, stop: case.decided}\n", "a": deadline}
    hashes = set()
    for name, old, new in (
        ("a", "", ""),
        ("a", "5 workdays}", "6 workdays}"),
        ("clocks", "decided", "closed"),
    ):
        texts[name] = texts[name].replace(old, new)
        for each, text in texts.items():
            (tmp_path / f"{each}.yaml").write_text(text)
        hashes.add(load_book(tmp_path).hash)
    assert len(hashes) == 3


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
