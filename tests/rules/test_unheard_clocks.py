"""A host that does not hear clocks as they change finds the same ones when it asks."""

from __future__ import annotations

import msgspec
import pytest

from rules.drive import Drive
from rules.language import load_book
from rules.language.rule import Rule
from rules.model.alerts import Clock
from rules.model.times import DAY
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


def said(clock: Clock) -> Clock:
    """What a clock says apart from the time that passes: that is no news."""
    return msgspec.structs.replace(clock, revision=1, as_of=0, used=0, left=None)


@pytest.mark.parametrize("rule", BOOK.rules, ids=lambda rule: rule.id)
def test_what_was_heard_last_of_a_clock_is_what_one_finds_when_asking(rule: Rule) -> None:
    """Also that a limit ran out after a warning had been raised, and after the limit of a contested clock."""
    for example in rule.examples:
        ready = trial(BOOK, rule, example)
        heard: dict[str, Clock] = {}
        drive = Drive(ready.book)
        steps = [*(drive.take([event]) for event in ready.events), drive.until(ready.until)]
        for later in (DAY, 40 * DAY):
            steps.append(drive.until(ready.until + later))
        for step in steps:
            heard |= {clock.clock_id: clock for clock in step.clocks}
        assert {key: said(clock) for key, clock in heard.items() if clock.state != "void"} == {
            clock.clock_id: said(clock) for clock in drive.clocks()
        }
