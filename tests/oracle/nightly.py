"""Tries as many histories as a night has time for: other ones each time, on all cores (`make truth`).

A history on which the core and the judge disagree is shown as shortly as it can be, so that it can be pasted into the
examples of a rule. Exit status 1 where there is one.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from collections.abc import Sequence
from multiprocessing import get_context
from random import SystemRandom

from rich.console import Console
from rich.markup import escape
from rich.progress import MofNCompleteColumn, Progress, TimeElapsedColumn, TimeRemainingColumn

from tests.oracle.kinds import FAMILIES
from tests.oracle.trials import Disagreement, seeds_of, tried

AT_ONCE = 50
MOST_SHOWN = 5


def portion(since: int) -> tuple[int, Counter[str], list[str]]:
    """Some histories from a seed on: how many were tried, of which kinds, and what is to be said of any."""
    counted, said = Counter[str](), list[str]()
    for family, seed in seeds_of(FAMILIES, AT_ONCE, since):
        counted[family.name] += 1
        try:
            tried(family, seed)
        except Disagreement as found:
            said.append(str(found))
    return AT_ONCE, counted, said


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0], epilog='example: make truth ARGS="10000"')
    parser.add_argument("histories", nargs="?", type=int, default=50_000)
    parser.add_argument("--first", type=int, help="the seed of the first one; any other each time without it")
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    given = parser.parse_args(arguments)
    first = given.first if given.first is not None else SystemRandom().randrange(10**6, 10**9)
    console, counted, said = Console(), Counter[str](), list[str]()
    console.print(f"{given.histories:,} histories from seed {first} on")
    columns = (*Progress.get_default_columns()[:2], MofNCompleteColumn(), TimeElapsedColumn(), TimeRemainingColumn())
    with get_context("spawn").Pool(given.processes) as pool, Progress(*columns, console=console) as progress:
        task = progress.add_task("histories", total=given.histories)
        for number, kinds, found in pool.imap_unordered(portion, range(first, first + given.histories, AT_ONCE)):
            progress.advance(task, number)
            counted += kinds
            for each in found if len(said) < MOST_SHOWN else ():
                console.print(escape(each), soft_wrap=True)
            said += found
    console.print(", ".join(f"{name} {number:,}" for name, number in counted.most_common()))
    console.print(f"{len(said)} of {counted.total():,} histories found a disagreement")
    return 1 if said else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
