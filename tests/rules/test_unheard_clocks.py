"""A host that does not hear clocks as they change finds the same ones when it asks."""

from __future__ import annotations

import msgspec
import pytest

from rules.drive import Drive
from rules.language import load_book
from rules.language.rule import Rule
from rules.model.alerts import Clock
from rules.testing.examples import trial

BOOK = load_book()


def figures(drive: Drive) -> list[Clock]:
    """The clocks but for how often they were said, and when last: time alone changes none."""
    return [msgspec.structs.replace(clock, revision=1, as_of=0) for clock in drive.clocks()]


@pytest.mark.parametrize("rule", BOOK.rules, ids=lambda rule: rule.id)
def test_alerts_and_clocks_are_the_same_where_nobody_hears_clocks_change(rule: Rule) -> None:
    for example in rule.examples:
        ready = trial(BOOK, rule, example)
        heard, unheard = Drive(ready.book), Drive(ready.book, tells_clocks=False)
        for drive in (heard, unheard):
            for event in ready.events:
                assert not (drive.take([event]).clocks and drive is unheard)
            drive.until(ready.until)
        assert unheard.alerts() == heard.alerts()
        assert figures(unheard) == figures(heard)
