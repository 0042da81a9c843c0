"""The schema of the files of a book accepts what the linter accepts, and names the very keys that the readers know."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from rules.language import BOOK, BookErrors, load_book
from rules.language.escalations import ESCALATE
from rules.language.schema import FILES, schemas, written
from rules.language.yaml import Source
from rules.tables.expected import KEYS as EXPECTED_KEYS
from rules.tables.items import READ as COLUMNS
from streams.cli.rules_schema import command
from tests.rules.errors import BASE, PAGES, PLACE, examples, over_base

ROOT = Path(__file__).resolve().parents[2]
SCHEMAS = schemas()
UNKNOWN = "zzqx"
TOLD = re.compile(rf"`{UNKNOWN}` is not (?:a key here; there are|known here; known are) (.+)")
OPEN = {"event"}
"""Mappings with keys of their own beside those of the schema: the subject of an event is named by the rule."""


STATED = {
    "item": set(COLUMNS), "sources": {"default", "sources"}, "source": {"lateness", "hold_back", *EXPECTED_KEYS},
    "interval": {"from", "every"}, "called": {"zh", "en"},
}  # fmt: skip
"""What the readers of tables know of which the linter lists nothing in its messages."""


def plain(text: str) -> Any:
    """A text as the linter reads it, without places."""
    faults: list[Any] = []
    source = Source(Path("x.yaml"), "x.yaml", faults)
    source._text = lambda: True  # type: ignore[method-assign]
    source.text = text
    node = source.read()
    assert node is not None, faults
    return node.plain()


def documents() -> Iterator[tuple[str, str, str]]:
    """(name, file, text) of everything that is shipped or shown and lints."""
    roots = [ROOT / "rules", *sorted((ROOT / "examples").glob("*/rules"))]
    for root in roots:
        for path in sorted(path for path in root.rglob("*.yaml") if "drafts" not in path.parts):
            text = path.read_text(encoding="utf-8")
            if path.stem in FILES or text.startswith("rule: ") or "\nrule: " in text:
                yield str(path.relative_to(ROOT)), path.stem if path.stem in FILES else "rule", text
    for page in (ROOT / "docs" / "rules.md", *sorted((ROOT / "docs" / "kinds").glob("*.md"))):
        shown = re.findall(r"```yaml\n(rule: .*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
        yield from ((f"{page.name} {number}", "rule", text) for number, text in enumerate(shown))
    for page in sorted(PAGES.glob("*.md")):
        for number, text in enumerate(examples(page)[1]):
            place = PLACE.match(text)
            if place is None:
                yield f"{page.name} {number}", "rule", over_base(text)
            elif Path(place[1]).stem in FILES:
                yield f"{page.name} {number}", Path(place[1]).stem, text


DOCUMENTS = list(documents())
SUBJECTS = {str(plain(text).get("subject")) for _, file, text in DOCUMENTS if file == "rule"} | {"case_id", "action_id"}


@pytest.mark.parametrize("name", FILES)
def test_the_committed_schema_is_the_one_that_the_tables_give(name: str) -> None:
    path = ROOT / "docs" / "schema" / f"{name}.json"
    assert path.read_text(encoding="utf-8") == written(SCHEMAS[name]), "run `mingjing rules schema --out docs/schema`"
    Draft202012Validator.check_schema(SCHEMAS[name])


SHIPPED = [each for each in DOCUMENTS if each[0].endswith(".yaml")]


@pytest.mark.parametrize(("name", "file", "text"), SHIPPED, ids=[each[0] for each in SHIPPED])
def test_a_shipped_file_names_its_schema_to_the_editor(name: str, file: str, text: str) -> None:
    first = text.partition("\n")[0]
    assert first.startswith("# yaml-language-server: $schema=")
    named = (ROOT / name).parent / first.partition("=")[2]
    assert named.samefile(ROOT / "docs" / "schema" / f"{file}.json")


@pytest.mark.parametrize(("name", "file", "text"), DOCUMENTS, ids=[each[0] for each in DOCUMENTS])
def test_what_lints_is_valid(name: str, file: str, text: str) -> None:
    found = [f"{error.json_path}: {error.message}"[:300] for error in validator(file).iter_errors(plain(text))]
    assert found == []


def validator(file: str) -> Draft202012Validator:
    return Draft202012Validator(SCHEMAS[file])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("severity: notice", "severty: notice"), ("severity: notice", "severity: purple"),
        ("event: case.decided", "event: case.decidd"), ("rule: E1", "rule: E 1"), ("version: 1", "version: 0"),
        ("match:", "mtch:"), ("expect: []", "expect: [{sevrity: notice}]"), ("stream: service", "stream: servce"),
        ("name: {zh: 试, en: Trial}", "name: {zh: 试}"), ("type: case.decided", "type: case.decidd"),
        ("version: 1", "version: 1\ncount: {event: case.decided, group_by: [case_id], window: {type: life}, over: 1}"),
        ("version: 1", "version: 1\nescalate: [{after: 5 workdys, to: supervisor}]"),
    ],
)  # fmt: skip
def test_a_typo_is_seen_while_typing(old: str, new: str) -> None:
    assert old in BASE
    assert list(validator("rule").iter_errors(plain(BASE.replace(old, new))))


SHAPES = {
    "a deadline with every key": """
deadline:
  clock: handling
  deemed: {from: case.received, unless: case.accepted, after: 5 workdays}
  pause: {event: case.suspended, at_most: {of: event.approved_days, unit: workdays}}
  extend: {event: case.extended, by: {of: event.days, unit: workdays}}
  within: {of: event.promised_days, unit: workdays, else: 3 workdays}
  relief: {recorded_within: 24h}
  warn_at: [{left: 1 workday}]
  escalate: [{after: 1 workday, to: supervisor}]
message: {fire: {zh: a, en: a}, warn: {zh: a, en: a}}
""",
    "a required step": "sequence: {require: {before: case.decided, steps: [{event: case.accepted, if: 'true'}]}}\n",
    "an item in an example": """
examples:
  - name: a
    items: {p: {legal_limit: 1 workday}}
    given: [{at: "2026-03-02T09:00", type: case.decided, case_id: A1, result: granted}]
    expect: [{at: "2026-03-02T09:00"}]
""",
}


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """The keys that the readers know in each mapping of the schema, as the linter itself lists them."""
    found: dict[str, set[str]] = {}
    texts = [*((file, text) for _, file, text in DOCUMENTS), *(("rule", over_base(text)) for text in SHAPES.values())]
    for file, text in texts:
        document = plain(text)
        for shape, place in places(SCHEMAS[file], document, file):
            if shape not in found:
                place[UNKNOWN] = 1
                said = listed(tmp_path_factory.mktemp("book"), file, document)
                del place[UNKNOWN]
                if said:
                    found.setdefault(shape, set()).update(said)
    return found


def places(schema: Mapping[str, Any], value: Any, name: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every mapping of a document, with the name of its shape in the schema."""
    root = schema

    def below(part: Mapping[str, Any], value: Any, name: str) -> Iterator[tuple[str, dict[str, Any]]]:
        if "$ref" in part:
            name = part["$ref"].rpartition("/")[2]
            part = root["$defs"][name]
        for choice in part.get("anyOf", ()):
            target = root["$defs"][choice["$ref"].rpartition("/")[2]] if "$ref" in choice else choice
            if Draft202012Validator({**target, "$defs": root["$defs"]}).is_valid(value):
                yield from below(choice, value, name)
                return
        if isinstance(value, list) and "items" in part:
            for each in value:
                yield from below(part["items"], each, name)
        if isinstance(value, dict):
            if "properties" in part:
                yield name, value
            for key, each in list(value.items()):
                inner = part.get("properties", {}).get(key, part.get("additionalProperties"))
                if isinstance(inner, dict):
                    yield from below(inner, each, name)

    yield from below(schema, value, name)


def listed(folder: Path, file: str, document: Any) -> set[str]:
    """What the linter says is known where it meets the unknown key."""
    if file == "rule":
        (folder / "rule.yaml").write_text(dumped(document), encoding="utf-8")
    else:
        (folder / "rule.yaml").write_text(BASE, encoding="utf-8")
        (folder / f"{file}.yaml").write_text(dumped(document), encoding="utf-8")
    try:
        load_book(folder)
    except BookErrors as errors:
        for error in errors.errors:
            if match := TOLD.search(error.message):
                return {word.strip() for word in match[1].split(",")}
    return set()


def dumped(document: Any) -> str:
    from io import StringIO

    stream = StringIO()
    yaml = YAML()
    yaml.representer.ignore_aliases = lambda _: True
    yaml.dump(document, stream)
    return stream.getvalue()


def shapes() -> Iterator[tuple[str, Mapping[str, Any]]]:
    for file in FILES:
        yield file, SCHEMAS[file]
        yield from ((name, each) for name, each in SCHEMAS[file]["$defs"].items() if "properties" in each)


@pytest.mark.parametrize(("name", "shape"), list(dict(shapes()).items()), ids=list(dict(shapes())))
def test_the_schema_names_the_keys_that_the_readers_know(
    name: str, shape: Mapping[str, Any], known: dict[str, set[str]]
) -> None:
    keys = set(shape["properties"])
    if name in STATED:
        assert keys == STATED[name]
        return
    assert name in known, "no document has such a mapping, or the linter did not say what it knows there"
    if name in OPEN:
        assert known[name] - keys <= SUBJECTS
    else:
        assert known[name] - {"case_id"} - {ESCALATE} == keys - {ESCALATE}


def test_the_command_writes_a_schema_for_every_file(tmp_path: Path) -> None:
    command(tmp_path / "made")
    assert {path.stem for path in (tmp_path / "made").glob("*.json")} == set(FILES)


def test_the_shipped_book_lies_where_the_documents_are_sought() -> None:
    assert sum(file == "rule" for _, file, _ in DOCUMENTS) > len(list(BOOK.rglob("[A-Z]*.yaml")))
