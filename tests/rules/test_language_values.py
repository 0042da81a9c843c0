"""A typo, a wrong value and a wrong example are located errors with a code of their own."""

import pytest

from tests.rules.good_rule import BODY, MATCH, Faults, changed


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
