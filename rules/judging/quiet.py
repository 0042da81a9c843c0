"""Decides how a rule is followed while it has nothing to say: with a few numbers instead of its whole state.

The set of alerts is what the whole states say. A quiet one only knows that they would say nothing yet, and until when;
as soon as it does not know, the log of the subject is folded with the whole states.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from rules.judging.context import Context
from rules.judging.verdicts import Kind

CALM, WAKES, LOUD = range(3)
"""What an event means to a quiet rule: nothing is to be said; not before an instant that is new; something may be."""
NEVER = (1 << 63) - 1

QuietStep = Callable[[list[Any], Any, Context], int]
"""Takes the next fact in order into the quiet states of a subject: CALM, WAKES or LOUD."""


class Quiet(Protocol):
    """One rule, or rules that share a state, followed quietly in one place of a subject's quiet states."""

    def asked(self, rank: int) -> QuietStep | None:
        """What an event of that type is given to; None where it cannot matter."""

    def wake(self, state: Any) -> int:
        """The first instant at which there may be something to say; NEVER for none. It may be too early."""


class Whole:
    """A rule without a quiet form: its whole state is kept and asked after every event."""

    def __init__(self, body: Kind, place: int) -> None:
        self.body, self.place = body, place

    def asked(self, rank: int) -> QuietStep | None:
        return self._step if rank in self.body.ranks else None

    def _step(self, states: list[Any], fact: Any, context: Context) -> int:
        body, place = self.body, self.place
        state, _ = states[place] or (body.new(), None)
        body.step(state, fact, context)
        ruling = body.ruling(state, context, fact.occurred_at, None)
        states[place] = (state, ruling.wake)
        return LOUD if ruling.verdicts or ruling.counted else WAKES

    def wake(self, state: Any) -> int:
        return NEVER if state is None or state[1] is None else int(state[1])
