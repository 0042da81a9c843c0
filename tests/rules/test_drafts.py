"""A new rule lints and its examples hold, whatever its kind and event; nothing is ever written over."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from rules.language import load_book
from rules.language.bodies import KINDS
from rules.testing.drafts import DRAFTS, Draft, NotADraft, begin, text_of, wrong_with
from rules.testing.examples import run
from streams.cli.rules import app
from streams.settings import ROOT

EVENTS = ("case.accepted", "case.closed", "penalty.filed", "check.performed")


def draft(**changed: str) -> Draft:
    asked = {"id": "X01", "name": "迟录", "kind": "match", "event": "case.accepted", "basis": "本地办法"}
    return Draft(**(asked | changed))


def test_there_is_a_draft_of_every_kind() -> None:
    assert set(KINDS) - {path.stem for path in DRAFTS.glob("*.yaml")} == set()


@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_draft_lints_and_shows_what_fires_and_what_does_not(kind: str, event: str) -> None:
    severity = "red_card" if event == EVENTS[0] else "notice"
    assert [str(error) for error in wrong_with(text_of(draft(kind=kind, event=event, severity=severity)))] == []


@pytest.mark.parametrize("name", ['a: "b" #c', "{{ case_id }}", "$event", "\\", "'", "*x", "无"])
def test_what_a_person_answers_is_text_and_nothing_else(name: str, tmp_path: Path) -> None:
    begin(draft(name=name, basis=name), tmp_path)
    (rule,) = load_book(tmp_path).rules
    assert (rule.name.zh, rule.basis) == (name, name)
    assert run(load_book(tmp_path), rule) == []


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("id", "../X01"), ("id", "/etc/x"), ("id", ""), ("id", "a b"), ("id", "x" * 21), ("id", ".."),
        ("kind", "mtch"), ("event", "case.acepted"), ("event", "case.*"), ("severity", "red"), ("category", "x"),
        ("name", " "), ("name", "a\nb"), ("basis", "x" * 300),
    ],
)  # fmt: skip
def test_a_wrong_answer_is_refused_with_its_question(question: str, answer: str, tmp_path: Path) -> None:
    with pytest.raises(NotADraft) as refused:
        begin(draft(**{question: answer}), tmp_path / "book")
    assert refused.value.question == question
    assert not (tmp_path / "book").exists()


def test_a_new_rule_names_the_schema_beside_its_book_and_else_the_shipped_one(tmp_path: Path) -> None:
    shipped = begin(draft(), tmp_path / "one" / "book")
    (tmp_path / "two" / "schema").mkdir(parents=True)
    (tmp_path / "two" / "schema" / "rule.json").write_text("{}", encoding="utf-8")
    beside = begin(draft(), tmp_path / "two" / "book")
    for path, schema in ((shipped, ROOT / "docs" / "schema"), (beside, tmp_path / "two" / "schema")):
        first = path.read_text(encoding="utf-8").partition("\n")[0]
        assert first.startswith("# yaml-language-server: $schema=")
        assert (path.parent / first.partition("=")[2]).samefile(schema / "rule.json")


def test_no_file_and_no_rule_is_written_over(tmp_path: Path) -> None:
    (tmp_path / "X01.yaml").write_text("mine", encoding="utf-8")
    with pytest.raises(FileExistsError):
        begin(draft(), tmp_path)
    assert (tmp_path / "X01.yaml").read_text(encoding="utf-8") == "mine"
    begin(draft(id="X02"), tmp_path).rename(tmp_path / "other.yaml")
    with pytest.raises(NotADraft, match="already"):
        begin(draft(id="X02"), tmp_path)


def test_a_link_in_the_folder_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "book").mkdir()
    (tmp_path / "book" / "X01.yaml").symlink_to(tmp_path / "elsewhere.yaml")
    with pytest.raises(FileExistsError):
        begin(draft(), tmp_path / "book")
    assert not (tmp_path / "elsewhere.yaml").exists()


def new(*arguments: str, answers: str = "") -> tuple[int, str]:
    result = CliRunner().invoke(app, ["new", *arguments], input=answers)
    return result.exit_code, result.output


def test_the_command_asks_five_questions_and_again_where_an_answer_is_none(tmp_path: Path) -> None:
    status, output = new(
        "--book", str(tmp_path), answers="X 1\nX01\n迟录\ncount\ncase.acepted\ncase.accepted\n本地办法\n"
    )
    assert (status, "did you mean `case.accepted`?" in output) == (0, True)
    (rule,) = load_book(tmp_path).rules
    assert (rule.id, rule.kind) == ("X01", "count")


def test_the_command_takes_every_answer_as_an_option(tmp_path: Path) -> None:
    options = ["--id", "X01", "--name", "n", "--kind", "match", "--event", "check.performed", "--basis", "b"]
    status, output = new(*options, "--book", str(tmp_path / "made"), "--severity", "notice", "--category", "inspection")
    assert (status, "X01.yaml" in output) == (0, True)
    assert new(*options, "--book", str(tmp_path / "made"))[0] == 2
    assert new(*[*options[:-1], " "], "--book", str(tmp_path / "made"))[0] == 2
    assert load_book(tmp_path / "made").rules[0].subject == "action_id"
