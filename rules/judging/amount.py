"""Decides how many days an event grants: of a pause, of an extension, of a limit that the event itself says."""

from __future__ import annotations

from msgspec import Struct

from rules.expression import Compiled
from rules.judging.context import Context
from rules.judging.selector import read
from rules.model.events import Fact
from rules.model.fields import to_number
from rules.model.spans import Span, Unit


class Amount(Struct, frozen=True):
    """A number of days that an event grants, and their unit."""

    of: Compiled
    unit: Unit

    def read(self, fact: Fact, context: Context) -> Span:
        days = to_number(read(self.of, fact, context))
        return Span(int(days) if days is not None and days > 0 else 0, self.unit)
