"""Decides what a rule kind is asked, and what it answers: verdicts, clocks, and when to ask again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Protocol

from msgspec import Struct

from rules.judging.context import Context
from rules.model.alerts import Clock
from rules.model.events import Fact


class Verdict(Struct, frozen=True, kw_only=True, gc=False):
    """What a rule says of one occasion. `rests_on` are the (source, id) of its evidence, in order.

    `began` is the instant at which the occasion began, where that is not `at`: the start of a clock.
    """

    step: str = ""
    occasion: tuple[str, str]
    state: str = "open"
    ended_at: int | None = None
    severity: str = ""
    reason: str
    at: int
    due_date: date | None = None
    due_at: int | None = None
    provisional: bool = False
    actor: str = ""
    value: float | None = None
    threshold: float | None = None
    params: dict[str, str] = {}
    rests_on: tuple[tuple[str, str], ...] = ()
    began: int | None = None

    @property
    def began_at(self) -> int:
        return self.at if self.began is None else self.began


class ClockView(Protocol):
    """A clock as a rule sees it: its figures are only reckoned when it differs from what was said."""

    @property
    def occasion(self) -> tuple[str, str]:
        """The start event of the clock."""

    @property
    def began_at(self) -> int:
        """The instant at which the clock started."""

    def differs_from(self, said: Clock) -> bool:
        """True when more than the time changed since the clock was said."""

    def make(self, revision: int, clock_id: str) -> Clock:
        """The clock; an empty `clock_id` is reckoned."""


class Ruling(Struct, frozen=True, gc=False):
    """All that one rule says of one subject: `wake` is the next instant at which it may say something else."""

    verdicts: tuple[Verdict, ...] = ()
    clocks: tuple[ClockView, ...] = ()
    wake: int | None = None
    counted: tuple[str, ...] = ()

    @property
    def said(self) -> Ruling:
        """What must be remembered of it: not the clocks, whose last figures are kept with the subject."""
        if not self.verdicts and self.wake is None:
            return SILENT
        return self if not self.clocks else Ruling(self.verdicts, (), self.wake)


SILENT = Ruling()


class Versions(Protocol):
    """Every version of the events of a subject, for what must know how they were entered."""

    def __call__(self) -> Sequence[Fact]: ...


class Kind(Protocol):
    """One rule, ready to judge subjects: a state per subject, stepped in order, then asked for its ruling."""

    ranks: frozenset[int]

    def new(self) -> Any:
        """The state before any fact."""

    def step(self, state: Any, fact: Any, context: Context) -> None:
        """Takes the next fact in order; `state` is changed in place."""

    def ruling(self, state: Any, context: Context, now: int, versions: Versions | None) -> Ruling:
        """What stands at `now`; `versions` is given only when some event was entered late or changed."""
