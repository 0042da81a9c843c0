"""Decides whether a book may follow another: a rule that judges otherwise than before has a higher version."""

from __future__ import annotations

from rules.language.rule import Book, Rule


def unversioned(old: Book, new: Book) -> list[Rule]:
    """The rules of the new book that judge otherwise than the same version did in the old one."""
    known = {rule.key: rule for rule in old.rules}
    return [rule for rule in new.rules if (before := known.get(rule.key)) and before.meaning != rule.meaning]
