"""Decides how a new rule is begun: a draft of its kind that lints, with an example that fires and one that does not."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path
from string import Template

from msgspec import Struct

from rules.language.bodies import KINDS
from rules.language.errors import BookError
from rules.language.loader import read_book
from rules.language.rule import CATEGORIES
from rules.language.rule_file import LONGEST_ID, RULE_ID, SUBJECTS
from rules.language.words import suggest
from rules.model.alerts import SEVERITIES
from rules.model.events import TYPES
from rules.testing.lint import lint

DRAFTS = Path(__file__).resolve().parent.parent / "drafts"
SCHEMA = "schema/rule.json"
SHIPPED = DRAFTS.parent.parent / "docs" / SCHEMA
LONGEST = 200
EARLIER = {"service": ("case.accepted", "case.applied"), "inspection": ("penalty.filed", "task.created")}
LATER = {"service": ("case.closed", "case.decided"), "inspection": ("penalty.closed", "penalty.decided")}
"""Another event for kinds that need two, and one in its stead where the rule is about that event itself."""


WORDS: dict[str, tuple[str, ...]] = {
    "kind": tuple(KINDS), "event": tuple(TYPES), "severity": SEVERITIES, "category": CATEGORIES,
}  # fmt: skip


class Draft(Struct, frozen=True, kw_only=True):
    """What is asked for a new rule."""

    id: str
    name: str
    kind: str
    event: str
    basis: str
    severity: str = "yellow_card"
    category: str = "process"


class NotADraft(ValueError):
    """What is wrong with an answer: of which question, and what may have been meant."""

    def __init__(self, question: str, message: str, hint: str = "") -> None:
        super().__init__(f"{message}; {hint}" if hint else message)
        self.question = question


def checked(question: str, answer: str) -> str:
    """An answer, trimmed. Raises NotADraft."""
    answer = answer.strip()
    words = WORDS.get(question)
    if question == "id" and not (RULE_ID.match(answer) and len(answer) <= LONGEST_ID):
        message = f"an id is of letters, digits, `.`, `_` and `-`, at most {LONGEST_ID}"
        raise NotADraft(question, message)
    if words is not None and answer not in words:
        raise NotADraft(question, f"`{answer}` is none of {', '.join(words)}", suggest(answer, words))
    if not answer or len(answer) > LONGEST or not answer.isprintable():
        raise NotADraft(question, f"write one line of at most {LONGEST} characters")
    return answer


def text_of(draft: Draft, schema: str = SCHEMA) -> str:
    """The file of a new rule, with the schema by which an editor completes it. Raises NotADraft."""
    answers = {name: checked(name, getattr(draft, name)) for name in draft.__struct_fields__}
    stream = TYPES[draft.event].stream
    others = {"earlier": EARLIER[stream], "later": LATER[stream]}
    words = {name: next(each for each in pair if each != draft.event) for name, pair in others.items()}
    said = json.dumps(answers["name"], ensure_ascii=False)
    words |= answers | {"zh": said, "en": said, "basis": json.dumps(answers["basis"], ensure_ascii=False)}
    words["schema"] = schema
    words["who"] = "applicant" if "applicant" in TYPES[draft.event].judged else "object_id"
    words |= {"id": json.dumps(answers["id"]), "stream": stream, "subject": SUBJECTS[stream]}
    parts = ((DRAFTS / f"{part}.yaml").read_text(encoding="utf-8") for part in ("head", draft.kind))
    return "".join(Template(part).substitute(words) for part in parts)


def wrong_with(text: str) -> tuple[BookError, ...]:
    """What a lint finds in a rule that stands alone over the shipped tables."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "rule.yaml").write_text(text, encoding="utf-8")
        return lint(Path(folder)).errors


def schema_for(folder: Path) -> str:
    """The schema as a file of this folder names it: the one beside the folder, else the shipped one."""
    beside = folder.parent / SCHEMA
    shipped = SHIPPED.exists() and not beside.exists()
    return Path(os.path.relpath(SHIPPED if shipped else beside, folder)).as_posix()


def begin(draft: Draft, folder: Path) -> Path:
    """Writes the file of a new rule into a folder. Raises NotADraft, FileExistsError and other OSErrors.

    Nothing is ever written over, and the name of the file is the id of the rule, which cannot lead elsewhere.
    """
    text = text_of(draft, schema_for(folder))
    if folder.is_dir() and draft.id in {rule.id for rule in read_book(folder).rules}:
        raise NotADraft("id", f"there is a rule `{draft.id}` in {folder} already")
    if errors := wrong_with(text):
        raise NotADraft("kind", "\n".join(map(str, errors)))
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{checked('id', draft.id)}.yaml"
    with path.open("x", encoding="utf-8") as file:
        file.write(text)
    return path
