"""Decides what is to be said of published books: which was published last, who judges by it, who refused it and why."""

from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple

from streams.books.published import Published
from streams.books.reports import Report

AGAIN = "mingjing rules lint --book DIR; mingjing rules publish --book DIR, 或 or --rollback previous"


class Standing(NamedTuple):
    """One thing that holds, and what to do about it."""

    state: Literal["ok", "warning", "fault"]
    found: str
    remedy: str = ""


def standing(newest: Published | None, workers: Sequence[Report]) -> Iterator[Standing]:
    """The last publication first, then each worker that is there."""
    if newest is None:
        yield Standing("ok", "尚未发布，用随附规则 · nothing published: workers judge by the shipped rules")
    else:
        yield Standing("ok", f"{newest.hash[:12]} 发布于 published {newest.published_at}, {newest.by}")
    for each in workers:
        yield _of(each, newest)


def _of(worker: Report, newest: Published | None) -> Standing:
    judges = f"{worker.worker}: {worker.name} {worker.hash[:12]} 生效 in force"
    if worker.pinned:
        return Standing("ok", f"{judges}, 固定于目录 pinned to its folder")
    if worker.refused is not None:
        why = worker.refused.faults[0].splitlines()[0] if worker.refused.faults else ""
        refused = worker.refused.hash[:12] or "?"
        return Standing("fault", f"{judges}; 拒绝了 refused {refused} ({worker.refused.at}): {why}", AGAIN)
    if newest is not None and worker.hash != newest.hash:
        return Standing(
            "warning", judges, "30 秒内应换用，否则看其日志 · it should follow within 30 s, else see its log"
        )
    left = f", 待重判 to judge again: {worker.outdated}" if worker.outdated else ""
    return Standing("ok", judges + left)
