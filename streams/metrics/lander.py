"""Decides what a lander tells: what it landed, and what waits."""

from typing import TYPE_CHECKING

from streams.metrics.page import Sample, written

if TYPE_CHECKING:
    from streams.lander import Lander


def page(lander: "Lander") -> str:
    rows = [Sample("mingjing_lander_rows_total", count, {"table": name}) for name, count in lander.landed.items()]
    lags = [Sample("mingjing_lander_lag_records", lag, {"lane": lane}) for lane, lag in lander.behind().items()]
    return written("lander", (*rows, *lags))
