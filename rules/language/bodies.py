"""Decides which reader reads the body of which kind; a new kind is a file in `kinds`, a reader, one line."""

from __future__ import annotations

from collections.abc import Callable

from rules.language.clock_body import read_deadline
from rules.language.history_body import read_baseline, read_cap, read_new_value
from rules.language.order_body import read_match, read_roster, read_separation
from rules.language.overlap_body import read_overlap
from rules.language.reading import Head, Reading
from rules.language.rule import Body
from rules.language.sequence_body import read_sequence
from rules.language.silence_body import read_silence
from rules.language.window_body import read_aggregate, read_count, read_ratio, read_spike
from rules.language.yaml import Node

READERS: dict[str, Callable[[Node, Head, Reading], Body | None]] = {
    "deadline": read_deadline,
    "match": read_match,
    "separation": read_separation,
    "roster": read_roster,
    "overlap": read_overlap,
    "silence": read_silence,
    "sequence": read_sequence,
    "count": read_count,
    "ratio": read_ratio,
    "aggregate": read_aggregate,
    "spike": read_spike,
    "baseline": read_baseline,
    "new_value": read_new_value,
    "cap": read_cap,
}
