"""Decides how often a host that judges lets Python look for cycles: seldom, as nearly nothing that it keeps has any."""

import gc

NEWCOMERS = 50_000
"""How many more objects than were let go are looked at together; with Python's 700 the looking costs a third."""


def collect_seldom() -> None:
    """What is loaded by now, a book above all, is never looked at again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(NEWCOMERS, 20, 100)
