"""Decides what a worker tells: its book and each lane's, how far they are, and what was counted."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rules.model.times import SECOND, parse_time
from streams.metrics.page import Sample, written

if TYPE_CHECKING:
    from streams.books.following import Follower
    from streams.lane_keeper import LaneKeeper

OUTCOMES = ("taken", "refused")
NAMED = {"records", "alerts", "dead_letters"}


def page(keeper: "LaneKeeper", follower: "Follower | None") -> str:
    return written("worker", (*_book(keeper, follower), *_lanes(keeper), *_counted(keeper)))


def _book(keeper: "LaneKeeper", follower: "Follower | None") -> Iterator[Sample]:
    edition, refusal = keeper.in_force.edition, follower.refusal if follower is not None else None
    said = {"name": edition.name, "hash": edition.hash, "pinned": str(follower is None).lower()}
    yield Sample("mingjing_book_info", 1, said)
    yield Sample("mingjing_book_rules", len(edition.rules))
    for outcome, at in zip(OUTCOMES, (edition.published_at, refusal.at if refusal else ""), strict=True):
        if at:
            seconds = parse_time(at) / SECOND
            yield Sample("mingjing_book_published_timestamp_seconds", seconds, {"outcome": outcome})
    yield Sample("mingjing_book_refused", refusal is not None)
    for outcome in OUTCOMES:
        yield Sample("mingjing_books_total", keeper.counters[f"books_{outcome}"], {"outcome": outcome})


def _lanes(keeper: "LaneKeeper") -> Iterator[Sample]:
    for each in keeper.progress():
        lane = {"lane": each.lane}
        yield Sample("mingjing_lane_book_info", 1, lane | {"hash": each.book})
        yield Sample("mingjing_lane_refold_left", each.outdated, lane)
        yield Sample("mingjing_lane_now_timestamp_seconds", each.now / SECOND, lane)
        yield Sample("mingjing_lane_clock_agrees", each.agrees, lane)
        if each.lag is not None:
            yield Sample("mingjing_lane_lag_records", each.lag, lane)


def _counted(keeper: "LaneKeeper") -> Iterator[Sample]:
    for name in sorted(NAMED):
        yield Sample(f"mingjing_{name}_total", keeper.counters[name])
    others = keeper.counters.keys() - NAMED - {f"books_{outcome}" for outcome in OUTCOMES}
    for what in sorted(others):
        yield Sample("mingjing_counted_total", keeper.counters[what], {"what": what})
