"""Decides how a rule reads where a region overrides its parameters: the same body, compiled with other values.

`regions.yaml` says so in one place: per region `params: {T01: {left: 2 workdays}}`, which holds there and below it; a
narrower region goes before a wider one, and what `default` says holds wherever nothing else does.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from msgspec import Struct

from rules.expression import Value
from rules.language.rule import Rule
from rules.language.words import known, literal, suggest
from rules.language.yaml import Node
from rules.model.spans import Span
from rules.tables.regions import prefix_of

PARAMS = "params"


class Override(Struct, frozen=True):
    """A value and where it is written."""

    value: Value
    place: Node


Overrides = dict[str, dict[str, Override]]
Variant = Callable[[Rule, Mapping[str, Value]], tuple[Rule | None, str]]
"""A rule compiled with these values instead of its own; None and what is wrong where it cannot be."""


def regional(
    node: Node | None, rules: Sequence[Rule], compiled: Variant, ids: Collection[str] | None
) -> dict[str, tuple[Rule, ...]]:
    """Region code (`""`: the default) → all rules as they read there, for the regions where one of them differs.

    Faults are at their places in the regions file. To speak of other rules than those with these `ids` is one; None
    where the shipped regions stand beside a book of one's own.
    """
    written = _written(node, rules, ids)
    if not any(written.values()):
        return {}
    made: dict[tuple[str, tuple[tuple[str, Value], ...]], Rule | None] = {}
    found: dict[str, tuple[Rule, ...]] = {}
    for code in written:
        holds = _holding(code, written)
        found[code] = tuple(_as_held(rule, holds.get(rule.id, {}), compiled, made) for rule in rules)
    kept = {
        code for code, read in found.items() if any(one is not other for one, other in zip(read, rules, strict=True))
    }
    return found if "" in kept else {code: read for code, read in found.items() if code in kept}


def _written(node: Node | None, rules: Sequence[Rule], ids: Collection[str] | None) -> dict[str, Overrides]:
    """What each region says by itself."""
    default, regions = (node.get(key) if node is not None else None for key in ("default", "regions"))
    places = {"": default} | (dict(regions.items()) if regions is not None else {})
    return {
        code: _overrides(place.get(PARAMS) if place is not None else None, rules, ids) for code, place in places.items()
    }


def _overrides(node: Node | None, rules: Sequence[Rule], ids: Collection[str] | None) -> Overrides:
    found: Overrides = {}
    if node is None:
        return found
    if not node.is_map:
        node.fault("type", f"`params` maps the id of a rule to its parameters, not {node.shown}")
    for rule_id, params in node.items():
        versions = [rule for rule in rules if rule.id == rule_id]
        if ids is not None and rule_id not in ids:
            said = f"there is no rule `{rule_id}` in this book"
            node.keys[rule_id].fault("unknown-rule", said, suggest(rule_id, ids))
        names = {name: value for rule in versions for name, value in rule.values.items()}
        if versions and known(params, names):
            read = {name: _override(name, names[name], part) for name, part in params.items() if name in names}
            found[rule_id] = {name: override for name, override in read.items() if override is not None}
    return found


def _override(name: str, default: Value, part: Node) -> Override | None:
    value = literal(part)
    if value is None:
        return None
    if _measure(value) != _measure(default):
        part.fault("param-type", f"`{name}` is {_shown(default)} in its rule, {part.shown} is another kind of value")
        return None
    return Override(value, part)


def _measure(value: Value) -> str:
    """What may stand for what: days of any sort for days, exact times for exact ones."""
    if isinstance(value, Span):
        return "days" if value.unit in ("workdays", "days") else value.unit
    return "number" if isinstance(value, (int, float)) and not isinstance(value, bool) else type(value).__name__


def _shown(value: Value) -> str:
    kinds = {"days": "a number of days", "exact": "a time in hours", "workhours": "a time in working hours"}
    kinds |= {"number": "a number", "bool": "true or false", "str": "a text"}
    return f"{kinds.get(_measure(value), 'a value')} such as `{value}`"


def _holding(code: str, written: Mapping[str, Overrides]) -> Overrides:
    """What holds in a region: its own values over those of the wider regions around it."""
    around = [other for other in written if _is_around(other, code)]
    holds: Overrides = {}
    for other in sorted(around, key=lambda other: len(prefix_of(other)) if other else 0):
        for rule_id, params in written[other].items():
            holds[rule_id] = holds.get(rule_id, {}) | params
    return holds


def _is_around(wide: str, narrow: str) -> bool:
    if wide in ("", narrow):
        return True
    return wide.isdigit() and narrow.isdigit() and prefix_of(narrow).startswith(prefix_of(wide))


def _as_held(
    rule: Rule,
    held: Mapping[str, Override],
    compiled: Variant,
    made: dict[tuple[str, tuple[tuple[str, Value], ...]], Rule | None],
) -> Rule:
    """The rule with those of the values that this version knows, compiled once for all regions that say the same."""
    own = {name: override for name, override in held.items() if name in rule.values}
    values = {name: override.value for name, override in own.items() if override.value != rule.values[name]}
    if not values:
        return rule
    key = (rule.key, tuple(sorted(values.items(), key=lambda item: item[0])))
    if key not in made:
        made[key], fault = compiled(rule, values)
        if made[key] is None:
            place = own[next(iter(values))].place
            place.fault("param-value", f"`{rule.id}` cannot be read with this value: {fault}")
    return made[key] or rule
