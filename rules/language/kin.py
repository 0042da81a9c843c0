"""Decides whether the rules of a book go together: versions of one id, and which alerts join whose card."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from rules.kinds.deadline import Deadline
from rules.language.life import KEEP
from rules.language.rule import LIVE, Rule
from rules.language.words import suggest
from rules.language.yaml import Node
from rules.model.times import iso

ALWAYS = -(1 << 62)


def check_versions(rules: Iterable[Rule], places: Mapping[str, Node]) -> None:
    """Faults where versions of one rule speak of other things, or where one of them could never speak.

    `places` has the mapping of each rule, by its key.
    """
    named: dict[str, list[Rule]] = {}
    for rule in sorted(rules, key=lambda rule: (rule.id, rule.version)):
        for other in named.setdefault(rule.id, []):
            _same_thing(other, rule, places[rule.key])
            if rule.mode == other.mode == LIVE and _replaces(rule, other):
                _overlapping(other, rule, places[rule.key])
        named[rule.id].append(rule)


def _same_thing(one: Rule, other: Rule, node: Node) -> None:
    for key, mine, its in (("stream", one.streams, other.streams), ("subject", one.subject, other.subject)):
        if mine != its:
            said = f"version {one.version} of `{one.id}` has another `{key}`: its alerts are known by it"
            (node.get(key) or node).fault("another-subject", said, "give this rule an id of its own")
    if one.mode == other.mode and clock_of(one) != clock_of(other):
        said = f"version {one.version} of `{one.id}` runs on the clock `{clock_of(one)}`, this on `{clock_of(other)}`"
        (node.get(other.kind) or node).fault("another-clock", said, "keys beside `clock` go before those of the clock")


def clock_of(rule: Rule) -> str:
    """The name of the clock of a deadline; empty for any other kind."""
    return rule.body.ladder.clock if isinstance(rule.body, Deadline) else ""


def _replaces(new: Rule, old: Rule) -> bool:
    """True when there is no occasion and no now for which the older version would speak."""
    covers = new.effective is None or (old.effective is not None and new.effective <= old.effective)
    since, before = (ALWAYS if rule.activates_at is None else rule.activates_at for rule in (new, old))
    return covers and since <= before and (new.on_change != KEEP or old.on_change == KEEP)


def _overlapping(old: Rule, new: Rule, node: Node) -> None:
    said = f"version {old.version} of `{old.id}` ({old.file}) would never speak beside this one"
    when = "" if old.activates_at is None else f" after {iso(old.activates_at)}"
    hint = f"give this one `effective` or `activates_at`{when}, make it `shadow`, or delete the other file"
    (node.get("version") or node).fault("overlapping-versions", said, hint)


def check_absorbed(rules: Iterable[Rule], places: Mapping[str, Node]) -> None:
    """Faults where `absorbs` names no rule, another clock, or a rule that absorbs others itself."""
    named: dict[str, list[Rule]] = {}
    for rule in rules:
        named.setdefault(rule.id, []).append(rule)
    unsound = {key.rpartition("@")[0] for key in places}  # of a rule that is wrong itself nothing more is told
    for rule in rules:
        place = places[rule.key].get("absorbs")
        for part in place.elements() if place is not None else ():
            if part.value in named or part.value not in unsound:
                _absorbed(rule, part, named)


def _absorbed(rule: Rule, part: Node, named: Mapping[str, list[Rule]]) -> None:
    others = named.get(str(part.value))
    if others is None:
        part.fault("unknown-rule", f"there is no rule {part.shown} in this book", suggest(part.value, named))
        return
    if part.value == rule.id or any(other.absorbs for other in others):
        part.fault("absorbs-chain", f"{part.shown} absorbs alerts itself: a card joins one that joins no other")
    for other in others:
        shared = isinstance(other.body, Deadline) and other.body.shared
        if not (isinstance(rule.body, Deadline) and rule.body.shared and shared and clock_of(rule) == clock_of(other)):
            said = f"{part.shown} does not run on the same clock of clocks.yaml: theirs is another breach"
            part.fault("another-clock", said)
            return
