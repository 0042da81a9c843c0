"""How a row becomes events, what is hashed, and what happens to a row that cannot become one."""

import io
import json
from pathlib import Path
from typing import Any

import pytest

from rules.model.events import decode_event
from streams.hashing import DEVELOPMENT_KEY_ID, Hasher, KeyMissing, hasher_of
from streams.sources.faults import DeadLetters
from streams.sources.history import History
from streams.sources.mapping import load_mapping
from streams.sources.ordering import by_time_received

HEAD = """\
source: test
zone: Asia/Shanghai
format: {form}
subject: "{{id}}"
"""
TWO_EVENTS = """\
events:
  - type: case.accepted
    id: "{id}:accepted"
    time: "{opened}"
    data: {promised_at: "{due}", department: "{dept}"}
  - type: case.closed
    when: {closed: present}
    id: "{id}:closed"
    time: "{closed}"
"""


class Run:
    """A mapping over a text, with what came out of it."""

    def __init__(self, tmp_path: Path, mapping: str | None, *texts: str, suffix: str = "csv") -> None:
        loaded = None
        if mapping is not None:
            file = tmp_path / "mapping.yaml"
            file.write_text(mapping, encoding="utf-8")
            loaded = load_mapping(file)
        names = []
        for number, text in enumerate(texts):
            path = tmp_path / f"{number}.{suffix}"
            path.write_bytes(text.encode("utf-8", "surrogateescape"))
            names.append(str(path))
        self.out = io.BytesIO()
        self.dead = DeadLetters(self.out)
        self.notes: list[str] = []
        hasher = hasher_of(b"a key of enough bytes", trial=False)
        history = History(names, loaded, hasher, self.dead, self.notes.append)
        self.sourced = list(history)
        self.messages: list[dict[str, Any]] = [json.loads(each.value) for each in self.sourced]
        for each in self.sourced:
            if mapping is not None:
                decode_event(each.value)
        self.letters = [json.loads(line) for line in self.out.getvalue().splitlines()]
        self.skipped = history.skipped


def test_a_row_becomes_as_many_events_as_it_has_moments(tmp_path: Path) -> None:
    run = Run(
        tmp_path,
        HEAD.format(form="csv") + TWO_EVENTS,
        "id,opened,due,closed,dept\nA,2024-03-01 09:00,2024-03-05,2024-03-02 10:00:01,D1\nB,2024-03-01 09:30,,,\n",
    )
    assert [(m["id"], m["type"], m["time"]) for m in run.messages] == [
        ("A:accepted", "case.accepted", "2024-03-01T09:00:00+08:00"),
        ("A:closed", "case.closed", "2024-03-02T10:00:01+08:00"),
        ("B:accepted", "case.accepted", "2024-03-01T09:30:00+08:00"),
    ]
    assert run.messages[0]["data"] == {"promised_at": "2024-03-05", "department": "D1"}
    assert run.messages[2]["data"] == {}
    assert [str(each.place).rsplit("/", 1)[1] for each in run.sourced] == ["0.csv:2", "0.csv:2", "0.csv:3"]


def test_a_row_that_cannot_be_mapped_is_a_dead_letter_and_the_others_are_not_lost(tmp_path: Path) -> None:
    run = Run(
        tmp_path,
        HEAD.format(form="csv") + TWO_EVENTS,
        "id,opened,due,closed,dept\n"
        "A,yesterday,,,\n"
        ",2024-03-01 09:00,,,\n"
        "C,2024-03-01 09:00,soon,,\n"
        "D,2024-03-01 09:00\n"
        "E,2024-03-01 09:00,,,\n",
    )
    assert [(m["line"], m["reason"], m["path"]) for m in run.letters] == [
        (2, "not_a_time", "opened"),
        (3, "missing_id", "id"),
        (4, "not_a_moment", "due"),
        (5, "ragged_row", ""),
    ]
    assert {letter["source_file"].rsplit("/", 1)[1] for letter in run.letters} == {"0.csv"}
    assert [m["id"] for m in run.messages] == ["E:accepted"]


def test_personal_columns_are_hashed_wherever_they_stand_and_never_shown(tmp_path: Path) -> None:
    mapping = HEAD.format(form="csv") + (
        "personal: [id, clerk, officers]\n"
        "events:\n"
        "  - {type: officers.drawn, id: 'x-{id}', time: '{at}',\n"
        "     data: {actor: '{clerk}', officers: '{officers}'}}\n"
    )
    card = "110101199003078515"
    run = Run(tmp_path, mapping, f"id,at,clerk,officers\n{card},2024-03-01 09:00,{card},o1; o2\n{card},{card},,\n")
    hashed = Hasher("k1", b"a key of enough bytes")
    (message,) = run.messages
    assert message["subject"] == hashed(card) and message["id"] == "x-" + hashed(card)
    assert message["data"] == {"actor": hashed(card), "officers": [hashed("o1"), hashed("o2")]}
    assert hashed(card).startswith("k1:") and len(hashed(card)) == 35
    assert card not in run.out.getvalue().decode()
    assert run.letters[0]["reason"] == "not_a_time"


def test_a_clear_identifier_is_not_shown_even_where_no_column_is_declared_personal(tmp_path: Path) -> None:
    run = Run(tmp_path, HEAD.format(form="csv") + TWO_EVENTS, "id,opened,due,closed,dept\nA,13800138000x,,,\n")
    assert "13800138000" not in run.out.getvalue().decode()


def test_json_is_read_by_dotted_names_tables_and_conditions(tmp_path: Path) -> None:
    mapping = HEAD.format(form="jsonl") + (
        "skip: {kind: [ping]}\n"
        "tables: {grades: {'5': 1, '1': 5}}\n"
        "events:\n"
        "  - type: review.submitted\n"
        "    when: {kind: rated, data.test: {not: true}}\n"
        "    id: '{@file}:{@row}'\n"
        "    time: '{at}'\n"
        "    data: {satisfaction: {from: '{data.rating}', table: grades}}\n"
    )
    at = '"at":"2024-03-01T09:00:00+08:00"'
    run = Run(
        tmp_path,
        mapping,
        f'{{"id":"A","kind":"rated",{at},"data":{{"rating":1,"odd":1}}}}\n'
        f'{{"id":"B","kind":"rated",{at},"data":{{"rating":3,"odd":1}}}}\n'
        f'{{"id":"C","kind":"rated",{at},"data":{{"rating":5,"test":"true"}}}}\n'
        '{"id":"D","kind":"ping"}\n'
        '{"id":"E","kind":"?"}\n',
        suffix="jsonl",
    )
    assert [(m["id"], m["data"]) for m in run.messages] == [("0.jsonl:1", {"satisfaction": 5})]
    assert [(letter["line"], letter["reason"]) for letter in run.letters] == [
        (2, "not_in_table"), (3, "no_event"), (5, "no_event"),
    ]  # fmt: skip
    assert run.skipped == 1
    assert [note.split("`")[1] for note in run.notes] == ["data.odd"]


def test_an_unmapped_column_is_told_once_and_an_ignored_one_never(tmp_path: Path) -> None:
    mapping = HEAD.format(form="csv") + TWO_EVENTS + "ignore: [colour]\n"
    text = "id,opened,due,closed,dept,colour,size\n" + "A,2024-03-01 09:00,,,,red,9\n" * 3
    run = Run(tmp_path, mapping, text, text)
    assert [note.split("`")[1] for note in run.notes] == ["size"]


def test_a_history_in_no_order_is_told_once_unless_it_is_sorted(tmp_path: Path) -> None:
    mapping = HEAD.format(form="csv") + TWO_EVENTS
    text = "id,opened,due,closed,dept\nA,2024-03-08 09:00,,,\nB,2024-03-01 09:00,,,\n"
    assert Run(tmp_path, mapping, text).notes == []
    (note,) = Run(tmp_path, mapping, text + "C,2024-03-01 08:59,,,\nD,2023-03-01 08:59,,,\n").notes
    assert note.startswith(f"{tmp_path / '0.csv'}:4: received 7 days before") and "`order: time`" in note
    sorted_run = Run(tmp_path, mapping + "order: time\n", text + "C,2024-03-01 08:59,,,\n")
    assert sorted_run.notes == []
    assert [m["id"] for m in sorted_run.messages] == ["C:accepted", "B:accepted", "A:accepted"]


def test_a_column_that_the_mapping_reads_and_a_file_lacks_is_told(tmp_path: Path) -> None:
    run = Run(tmp_path, HEAD.format(form="csv") + TWO_EVENTS, "id,opened,due\nA,2024-03-01 09:00,\n")
    assert [note.split("`")[1] for note in run.notes] == ["closed", "dept"]
    assert [m["id"] for m in run.messages] == ["A:accepted"]


def test_an_empty_file_is_reported_and_the_next_one_is_read(tmp_path: Path) -> None:
    mapping = HEAD.format(form="csv") + TWO_EVENTS
    run = Run(
        tmp_path,
        mapping,
        "",
        "id,opened,due,closed,dept\n",
        "id,opened,due,closed,dept\nA,2024-03-01 09:00,,,\n",
    )
    assert [letter["reason"] for letter in run.letters] == ["empty_file", "empty_file"]
    assert len(run.messages) == 1


def test_a_date_alone_is_local_midnight_with_the_precision_of_a_day(tmp_path: Path) -> None:
    run = Run(tmp_path, HEAD.format(form="csv") + TWO_EVENTS, "id,opened,due,closed,dept\nA,20240301,,,\n")
    assert (run.messages[0]["time"], run.messages[0]["precision"]) == ("2024-03-01T00:00:00+08:00", "day")


def test_once_gives_one_event_for_what_is_repeated_on_every_row(tmp_path: Path) -> None:
    mapping = HEAD.format(form="csv") + TWO_EVENTS.replace(
        "  - type: case.accepted\n", "  - type: case.accepted\n    once: true\n"
    )
    text = "id,opened,due,closed,dept\n" + "A,2024-03-01 09:00,,,\n" * 3 + "B,2024-03-01 09:00,,,\n"
    assert [m["id"] for m in Run(tmp_path, mapping, text).messages] == ["A:accepted", "B:accepted"]


def test_bytes_of_another_encoding_are_a_dead_letter(tmp_path: Path) -> None:
    text = "id,opened,due,closed,dept\nA,2024-03-01 09:00,,,\udcff\nB,2024-03-01 09:00,,,D\n"
    run = Run(tmp_path, HEAD.format(form="csv") + TWO_EVENTS, text)
    assert [(letter["line"], letter["reason"]) for letter in run.letters] == [(2, "not_the_encoding")]
    assert [m["subject"] for m in run.messages] == ["B"]


def test_rows_of_several_moments_can_be_put_in_the_order_of_time(tmp_path: Path) -> None:
    rows = "A,2024-03-01 09:00,,2024-04-01 09:00,\nB,2024-03-02 09:00,,2024-03-03 09:00,\n"
    text = "id,opened,due,closed,dept\n" + rows
    run = Run(tmp_path, HEAD.format(form="csv") + TWO_EVENTS + "order: time\n", text)
    assert [m["id"] for m in run.messages] == ["A:accepted", "B:accepted", "B:closed", "A:closed"]
    assert list(by_time_received(reversed(run.sourced), run=2)) == run.sourced


def test_a_message_that_no_topic_takes_is_refused_with_its_place(tmp_path: Path) -> None:
    huge = json.dumps({"type": "case.closed", "subject": "A", "time": "2024-03-01T09:00:00Z", "x": "y" * 10_000_000})
    good = '{"type":"case.closed","id":"1","source":"s","subject":"B","time":"2024-03-01T09:00:00Z","data":{}}'
    for size, reason in ((len(huge), "too_large"), (1_500_000, "too_large")):
        run = Run(tmp_path, None, huge[: size - 2] + '"}' + "\n" + good + "\n", suffix="jsonl")
        assert [(letter["line"], letter["reason"]) for letter in run.letters] == [(1, reason)]
        assert [m["subject"] for m in run.messages] == ["B"]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"type":"case.closed","subject":', "not_json"),
        ('{"type":7,"subject":"A"}', "not_the_contract"),
        ('{"type":"case.clsd","subject":"A"}', "unknown_type"),
        ('{"type":"case.closed","subject":""}', "no_identity"),
        ('{"type":"case.closed","id":"1","source":"s","subject":"A","time":"now","data":{}}', "not_a_time"),
    ],
)
def test_bad_input_in_our_own_contract_is_reported_with_its_line(tmp_path: Path, line: str, reason: str) -> None:
    run = Run(tmp_path, None, line + "\n", suffix="jsonl")
    assert [(letter["line"], letter["reason"]) for letter in run.letters] == [(1, reason)]


def test_without_a_key_only_a_trial_may_hash_and_its_key_id_says_so() -> None:
    with pytest.raises(KeyMissing):
        hasher_of(None, trial=False)
    trial = hasher_of(None, trial=True)
    assert trial.for_trials_only and trial("A").startswith(f"{DEVELOPMENT_KEY_ID}:")


def test_a_key_carries_its_own_name_and_must_not_be_short() -> None:
    assert hasher_of(b"k7:a key of enough bytes", trial=False)("A").startswith("k7:")
    with pytest.raises(KeyMissing, match="16 are the least"):
        hasher_of(b"short", trial=False)


def test_hashing_a_hash_changes_nothing_and_keys_differ() -> None:
    one, other = Hasher("k1", b"1" * 16), Hasher("k1", b"2" * 16)
    assert one(one("A")) == one(" A ") and one("A") != other("A")
    assert one("") == ""
