"""Decides what is told of the step from one book to the next: rules that come, go or change, tables that change."""

from collections.abc import Iterator

from rules.language import Book, Rule


def changes(before: Book | None, after: Book) -> list[str]:
    """One line for each change, `+` for what comes, `-` for what goes, `~` for what is otherwise now."""
    if before is None:
        return [f"+ {_told(rule)}" for rule in after.rules]
    return [*_of_rules(before, after), *(f"~ {name}" for name in _tables(before, after))]


def unversioned(before: Book | None, after: Book) -> list[str]:
    """The rules that were changed under the version that was published already."""
    known = {} if before is None else {_key(rule): rule.hash for rule in before.rules}
    return [f"{rule.id}@{rule.version}" for rule in after.rules if known.get(_key(rule), rule.hash) != rule.hash]


def _key(rule: Rule) -> tuple[str, int]:
    return rule.id, rule.version


def _told(rule: Rule) -> str:
    mode = "" if rule.mode == "live" else f" ({rule.mode})"
    return f"{rule.id}@{rule.version}{mode} {rule.name.zh} · {rule.name.en}"


def _of_rules(before: Book, after: Book) -> Iterator[str]:
    old, new = ({_key(rule): rule for rule in book.rules} for book in (before, after))
    for key in sorted(old.keys() | new.keys()):
        if key not in old:
            yield f"+ {_told(new[key])}"
        elif key not in new:
            yield f"- {_told(old[key])}"
        elif old[key].hash != new[key].hash:
            yield f"~ {_told(new[key])}"


def _tables(before: Book, after: Book) -> Iterator[str]:
    one, other = before.tables.hashes, after.tables.hashes
    yield from (name for name in sorted(one.keys() | other.keys()) if one.get(name) != other.get(name))
