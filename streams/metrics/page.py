"""Decides which metrics there are, what each means, and how they are written for Prometheus."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

Role = Literal["worker", "lander", "console"]
CONTENT = "text/plain; version=0.0.4; charset=utf-8"
ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric: of which roles, a gauge or a counter, with which labels, and what it says."""

    roles: tuple[Role, ...]
    kind: Literal["gauge", "counter"]
    says: str
    labels: tuple[str, ...] = ()


WORKER: tuple[Role, ...] = ("worker",)
METRICS: dict[str, Metric] = {
    "mingjing_book_info": Metric(WORKER, "gauge", "1: the book in force", ("name", "hash", "pinned")),
    "mingjing_book_rules": Metric(WORKER, "gauge", "rules of the book in force"),
    "mingjing_book_published_timestamp_seconds": Metric(
        WORKER, "gauge", "when the book in force was published (taken), and when the last one was refused", ("outcome",)
    ),
    "mingjing_book_refused": Metric(WORKER, "gauge", "1 while the book published last is not the one in force"),
    "mingjing_books_total": Metric(WORKER, "counter", "books that came while it ran: taken or refused", ("outcome",)),
    "mingjing_lane_book_info": Metric(WORKER, "gauge", "1: the book by which a partition is judged", ("lane", "hash")),
    "mingjing_lane_refold_left": Metric(
        WORKER, "gauge", "subjects or groups that another book judged last and that are still to be judged", ("lane",)
    ),
    "mingjing_lane_lag_records": Metric(WORKER, "gauge", "records of a partition that wait", ("lane",)),
    "mingjing_lane_now_timestamp_seconds": Metric(WORKER, "gauge", "what time it is in a lane", ("lane",)),
    "mingjing_lane_clock_agrees": Metric(
        WORKER, "gauge", "0 where the machine's clock and the broker's differ: event time holds", ("lane",)
    ),
    "mingjing_records_total": Metric(WORKER, "counter", "records that were judged, marks included"),
    "mingjing_alerts_total": Metric(WORKER, "counter", "raises, changes and withdrawals that were said"),
    "mingjing_dead_letters_total": Metric(WORKER, "counter", "records that could not be decoded or judged"),
    "mingjing_counted_total": Metric(WORKER, "counter", "whatever else was counted, by its name", ("what",)),
    "mingjing_lander_rows_total": Metric(("lander",), "counter", "rows that were landed", ("table",)),
    "mingjing_lander_lag_records": Metric(("lander",), "gauge", "records that are not landed yet", ("lane",)),
    "mingjing_console_alerts": Metric(("console",), "gauge", "alerts on the board"),
    "mingjing_console_link_up": Metric(("console",), "gauge", "1 while a server answers", ("server",)),
    "mingjing_console_unreadable_total": Metric(("console",), "counter", "records that could not be read"),
    "mingjing_console_workers": Metric(
        ("console",), "gauge", "workers that have reported lately, by the book they judge by", ("hash",)
    ),
    "mingjing_console_workers_refusing": Metric(("console",), "gauge", "workers that refused what was published last"),
}


@dataclass(frozen=True, slots=True)
class Sample:
    """One value of one metric."""

    name: str
    value: float
    labels: Mapping[str, str] = field(default_factory=dict)


def written(role: Role, samples: Iterable[Sample]) -> str:
    """The page of a role: every metric of its own, those without a value with their meaning alone."""
    found: dict[str, list[Sample]] = {name: [] for name, metric in METRICS.items() if role in metric.roles}
    for sample in samples:
        found[sample.name].append(sample)
    lines = []
    for name, values in found.items():
        metric = METRICS[name]
        lines += [f"# HELP {name} {metric.says}", f"# TYPE {name} {metric.kind}"]
        lines += [f"{name}{_labels(metric, each.labels)} {_number(each.value)}" for each in values]
    return "\n".join([*lines, ""])


def _labels(metric: Metric, said: Mapping[str, str]) -> str:
    pairs = [f'{name}="{said[name].translate(ESCAPES)}"' for name in metric.labels]
    return f"{{{','.join(pairs)}}}" if pairs else ""


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(float(value))
