"""Decides whose card an alert joins: one breach, one card (RULES.md §1, `absorbs`).

While an alert of a rule that absorbs others stands, theirs on the same clock (the same start event of the same subject)
point to it. They keep their own line, state and revisions; when it is withdrawn they stand alone again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import msgspec

from rules.core.alerting import WITHDRAWN
from rules.language.rule import Book
from rules.model.alerts import Alert

Absorbing = Mapping[tuple[str, int], tuple[str, ...]]


def absorbing_of(book: Book) -> Absorbing:
    """(rule, version) → the rules whose alerts join its card; only those that absorb any."""
    return {(rule.id, rule.version): rule.absorbs for rule in book.rules if rule.absorbs}


def join_cards(
    absorbing: Absorbing, known: Mapping[str, Alert], after: dict[str, Alert], rules: Collection[str] | None
) -> None:
    """Says in `after` whose card each alert joins. Of the alerts `known` before, those of `rules` (None: all) are what
    `after` says; others that stand and now join or leave a card are added to it."""
    standing = dict(after)
    if rules is not None:
        standing |= {key: a for key, a in known.items() if a.rule not in rules and a.state != WITHDRAWN}
    cards: dict[tuple[str, str, tuple[str, str]], str] = {}
    for key in sorted(standing):
        alert = standing[key]
        for absorbed in absorbing.get((alert.rule, alert.version), ()) if not alert.step else ():
            cards.setdefault((absorbed, alert.mode, alert.occasion), key)
    for key, alert in standing.items():
        card = cards.get((alert.rule, alert.mode, alert.occasion), "")
        if alert.absorbed_by != card:
            after[key] = msgspec.structs.replace(alert, absorbed_by=card)
