"""Decides what the console tells: whether its servers answer, and what it has heard of workers."""

from collections import Counter
from typing import TYPE_CHECKING

from streams import clock
from streams.console.link import Reach
from streams.metrics.page import Sample, written

if TYPE_CHECKING:
    from streams.console.desk import Desk


def page(desk: "Desk") -> str:
    now = clock.now_us()
    links = {"kafka": desk.tail.link, "warehouse": desk.archive.link}
    books = Counter(report.hash for report in desk.books.present(now))
    return written(
        "console",
        [
            Sample("mingjing_console_alerts", len(desk.board)),
            Sample("mingjing_console_unreadable_total", desk.tail.unreadable),
            Sample("mingjing_console_workers_refusing", len(desk.books.refusing(now))),
            *(
                Sample("mingjing_console_link_up", link.reach is Reach.LIVE, {"server": name})
                for name, link in links.items()
            ),
            *(Sample("mingjing_console_workers", count, {"hash": hash}) for hash, count in sorted(books.items())),
        ],
    )
