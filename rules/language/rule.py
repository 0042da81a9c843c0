"""Decides what a rule and a book are, once loaded: compiled, frozen, and under one hash."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from hashlib import blake2b
from typing import Any

from msgspec import Struct

from rules.expression import Value
from rules.judging.ladder import Escalation
from rules.kinds.aggregate import Aggregate
from rules.kinds.baseline import Baseline
from rules.kinds.cap import Cap
from rules.kinds.count import Count
from rules.kinds.deadline import Deadline
from rules.kinds.match import Match
from rules.kinds.new_value import NewValue
from rules.kinds.overlap import Overlap
from rules.kinds.ratio import Ratio
from rules.kinds.roster import Roster
from rules.kinds.separation import Separation
from rules.kinds.sequence import Sequence
from rules.kinds.silence import Silence
from rules.kinds.spike import Spike
from rules.model.alerts import Text
from rules.tables import Regions, Tables

Subjects = Deadline | Match | Sequence | Separation | Roster
Groups = Count | Ratio | Aggregate | Spike | Baseline | NewValue | Cap | Overlap | Silence
Body = Subjects | Groups
LIVE = "live"
CATEGORIES = ("time", "process", "feedback", "inspection", "publicity", "data")


class Example(Struct, frozen=True):
    """A little history in a rule file, and exactly the alerts that stand at its end."""

    name: str
    given: tuple[dict[str, Any], ...]
    until: str
    expect: tuple[dict[str, Any], ...]
    items: dict[str, dict[str, Any]]
    line: int
    col: int = 1
    declared: dict[str, Any] = {}
    rosters: dict[str, Any] = {}
    sources: dict[str, Any] = {}


class Rule(Struct, frozen=True, kw_only=True):
    """One version of a rule: one rule file, loaded. Several versions of one id may stand in a book.

    `activates_at` is the instant of a lane's now from which the version is in force; None for always. `escalate` has
    the steps of a kind without a clock; a deadline climbs its own ladder.
    `values` are the parameters as they are written, `overridden` those that a region says otherwise.
    `hash` is over the file as it is written, `meaning` over what is judged by it.
    """

    id: str
    version: int
    name: Text
    category: str
    basis: str
    severity: str
    kind: str
    body: Body
    messages: dict[str, Text]
    streams: tuple[str, ...]
    subject: str
    params: dict[str, str]
    values: dict[str, Value] = {}
    overridden: dict[str, str] = {}
    mode: str = LIVE
    notify: str = "at_once"
    effective: date | None = None
    activates_at: int | None = None
    on_change: str = "recompute"
    absorbs: tuple[str, ...] = ()
    escalate: tuple[Escalation, ...] = ()
    examples: tuple[Example, ...] = ()
    file: str = ""
    hash: str = ""
    meaning: str = ""

    @property
    def key(self) -> str:
        """What tells this version from the others of its id."""
        return f"{self.id}@{self.version}"


class Book(Struct, frozen=True):
    """The rules and every declared table, dated, under one hash.

    `regional` has the same rules in the same order, for the regions that override a parameter of one.
    """

    rules: tuple[Rule, ...]
    tables: Tables
    hash: str
    regional: dict[str, tuple[Rule, ...]] = {}

    @property
    def regions(self) -> Regions:
        return self.tables.regions

    @property
    def mark(self) -> bytes:
        """Eight bytes that tell this book from another in a state row."""
        return blake2b(self.hash.encode(), digest_size=8).digest()

    def only(self, rule_ids: tuple[str, ...]) -> Book:
        """The same book with these rules alone, in all their versions. Raises KeyError for an unknown one."""
        known: dict[str, list[Rule]] = {}
        for rule in self.rules:
            known.setdefault(rule.id, []).append(rule)
        return self.having([rule.key for rule_id in rule_ids for rule in known[rule_id]])

    def having(self, keys: Iterable[str]) -> Book:
        """The same book with these versions of rules alone, in this order."""
        wanted = tuple(keys)

        def kept(rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
            named = {rule.key: rule for rule in rules}
            return tuple(named[key] for key in wanted)

        regional = {code: kept(rules) for code, rules in self.regional.items()}
        return Book(kept(self.rules), self.tables, self.hash, regional)

    def within(self, region: str) -> Book:
        """The book as it reads in a region."""
        rules = self.regional.get(self.tables.regions.of(region).code)
        rules = self.regional.get("") if rules is None else rules
        return self if rules is None else Book(rules, self.tables, self.hash)

    def with_tables(self, tables: Tables) -> Book:
        """The same rules over other tables (a rule example brings its own items)."""
        return Book(self.rules, tables, self.hash, self.regional)
