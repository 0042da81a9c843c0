"""Decides whether a folder of YAML is a book: every fault of every file, else rules, tables and a hash."""

from __future__ import annotations

from functools import partial
from hashlib import blake2b
from pathlib import Path

from msgspec import Struct

from rules.language.clock_body import CLOCK_KEYS
from rules.language.errors import BookError, BookErrors, printable
from rules.language.kin import check_absorbed, check_versions
from rules.language.overrides import regional
from rules.language.rule import Book, Rule
from rules.language.rule_file import Surroundings, read_rule, with_values
from rules.language.words import known
from rules.language.yaml import BREAKS, Node, Source
from rules.tables import NAMES, SHIPPED, Fault, TableErrors, Tables, load_tables, place_of

BOOK = Path(__file__).resolve().parent.parent / "book"
TABLES = {"declared", "items", "calendars", "rosters", "closures"}
"""Folders of a book that hold tables."""
REGIONS = "regions.yaml"
SUFFIXES = (".yaml", ".csv", ".json")
NOT_RULES = {"clocks.yaml", "regions.yaml", "sources.yaml", "mapping.yaml"}


class Survey(Struct):
    """A folder as it was read: the rules that are sound, the tables if they are, and everything that is wrong."""

    rules: list[Rule]
    tables: Tables | None
    faults: list[BookError]
    regional: dict[str, tuple[Rule, ...]] = {}


def load_book(directory: Path | None = None) -> Book:
    """A book from its folder (None: the shipped one). Raises BookErrors with every fault of every file."""
    survey = read_book(directory)
    if survey.faults or survey.tables is None:
        raise BookErrors(set(survey.faults))
    digest = blake2b(digest_size=16)
    held = (f"{code}:{rule.id}={rule.hash}" for code, rules in sorted(survey.regional.items()) for rule in rules)
    for part in (survey.tables.hash, *(f"{rule.id}={rule.hash}" for rule in survey.rules), *held):
        digest.update(part.encode() + b"\0")
    return Book(tuple(survey.rules), survey.tables, digest.hexdigest(), survey.regional)


def read_book(directory: Path | None = None) -> Survey:
    """What stands in a folder, sound or not: nothing is raised for what is written in it."""
    root = _rules_of(directory)
    faults: list[BookError] = []
    tables = _tables(directory, faults)
    around = Surroundings(_clocks(directory or BOOK, faults), tables)
    paths = _rule_files(root)
    if not paths:
        faults.append(BookError(str(root), 1, 1, "empty", "there is no rule in this folder"))
    read = [read_rule(Source(path, shown(path), faults), around) for path in paths]
    rules = sorted((rule for rule in read if rule is not None), key=lambda rule: (rule.id, rule.version))
    check_versions(rules, around.places)
    check_absorbed(rules, around.places)
    return Survey(rules, tables, faults, _regional(directory, rules, around, faults))


def _regional(
    directory: Path | None, rules: list[Rule], around: Surroundings, faults: list[BookError]
) -> dict[str, tuple[Rule, ...]]:
    """The rules as they read in regions that override their parameters; a book without a regions file has the shipped
    one."""
    own = directory / REGIONS if directory is not None else None
    path = own if own is not None and own.exists() else SHIPPED / REGIONS
    told: list[BookError] = []
    node = Source(path, shown(path), told).read()
    if told:  # which the tables tell
        return {}
    ids = {key.rpartition("@")[0] for key in around.places} if directory is None or path == own else None
    found = regional(node, rules, partial(with_values, around=around), ids)
    faults += told
    return found


def book_files(directory: Path | None = None) -> dict[str, Path]:
    """Every file that `load_book` reads, by its place in a folder that would be the same book by itself."""
    root = _rules_of(directory)
    found = {"clocks.yaml": _clocks_file(directory or BOOK)}
    found |= {path.relative_to(root).as_posix(): path for path in _rule_files(root)}
    for name in NAMES:
        place = place_of(directory, name)
        for path in [place] if place.is_file() else sorted(place.rglob("*")):
            if path.suffix in SUFFIXES and path.is_file():
                found[f"{name}/{path.relative_to(place).as_posix()}" if path != place else name] = path
    return found


def _rules_of(directory: Path | None) -> Path:
    """The folder of the rules: a folder with tables alone goes by the shipped ones."""
    if directory is None:
        return BOOK
    has_tables = any((directory / name).exists() for name in NAMES)
    return BOOK if has_tables and not _rule_files(directory) else directory


def _rule_files(root: Path) -> list[Path]:
    return [path for path in sorted(root.rglob("*.yaml")) if _holds_a_rule(path.relative_to(root))]


def _holds_a_rule(path: Path) -> bool:
    return path.name not in NOT_RULES and path.parts[0] not in TABLES


def shown(path: Path) -> str:
    """A path as errors show it: from the folder at hand, where it lies below that."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def _tables(directory: Path | None, faults: list[BookError]) -> Tables | None:
    try:
        return load_tables(directory)
    except TableErrors as error:
        faults += [_told(fault) for fault in error.errors]
        return None


def _told(fault: Fault) -> BookError:
    """A fault of a declared table, with its line."""
    return placed(Path(fault.file), fault.line, fault.col, fault.code, fault.message)


def placed(path: Path, line: int, col: int, code: str, message: str) -> BookError:
    """An error of a file that was read, with the line itself; the first line where it does not say."""
    try:
        lines = BREAKS.split(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError):
        lines = []
    text = lines[line - 1] if 0 < line <= len(lines) else ""
    return BookError(shown(path), line, col, code, printable(message), printable(text))


def _clocks_file(root: Path) -> Path:
    return root / "clocks.yaml" if (root / "clocks.yaml").exists() else BOOK / "clocks.yaml"


def _clocks(root: Path, faults: list[BookError]) -> dict[str, Node]:
    path = _clocks_file(root)
    node = Source(path, shown(path), faults).read()
    if node is None or not known(node, ("clocks",)):
        return {}
    clocks = node.get("clocks")
    if clocks is None or not clocks.is_map:
        (clocks or node).fault("type", "`clocks` maps the name of a clock to its words")
        return {}
    return {name: clock for name, clock in clocks.items() if known(clock, CLOCK_KEYS)}
