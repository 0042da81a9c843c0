"""Decides what the page of the book shows: who judges by what, what was refused, the rules, the shadows beside them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import Request
from nicegui import ui

from rules.model.times import parse_time
from streams import clock
from streams.books.reports import Report
from streams.console.comparison import MOST_SHOWN, Comparison, comparisons
from streams.console.desk import Desk, fill
from streams.console.frame import Frame, replace, words_of
from streams.console.queue_rows import address

REFRESH_SECONDS = 1.0


class BooksPage:
    """The book in force as one reader sees it."""

    def __init__(self, desk: Desk, request: Request) -> None:
        self._desk, self._words = desk, words_of(request)
        self._compared: list[Comparison] = []
        self._compared_at = -1
        self._frame = Frame(desk, self._words, self._words("books.title"))
        with ui.element("main").classes("alert-page").props("id=content"):
            ui.html(fill("back", w=self._words), sanitize=False, tag="nav")
            self._body = ui.html(fill("text", text=self._words("alert.loading")), sanitize=False)
        self._frame.address("/books")
        ui.timer(REFRESH_SECONDS, self.refresh)

    def refresh(self) -> None:
        """Sends what has changed."""
        self._frame.refresh()
        desk, now = self._desk, clock.now_us()
        if self._compared_at != desk.board.version:
            self._compared_at = desk.board.version
            self._compared = comparisons(desk.board.alerts())
        present = desk.books.present(now)
        newest = desk.books.sent[0].hash if desk.books.sent else ""
        shown: dict[str, Any] = {
            "workers": [self._worker(report, newest) for report in present],
            "sent": [{"book": each, "at": self._when(each.published_at)} for each in desk.books.sent],
            "rules": self._rules(present),
            "shadows": [self._shadow(each) for each in self._compared],
        }
        replace(self._body, fill("books", w=self._words, **shown))

    def _when(self, written: str) -> str:
        return self._desk.known.when(parse_time(written), "") if written else ""

    def _worker(self, report: Report, newest: str) -> Mapping[str, Any]:
        return {
            "report": report,
            "published": self._when(report.published_at),
            "name": self._words("books.shipped") if report.name == "shipped" else report.name,
            "state": "pinned" if report.pinned else "behind" if newest and report.hash != newest else "current",
            "refused_at": self._when(report.refused.at) if report.refused else "",
        }

    def _rules(self, present: list[Report]) -> list[Mapping[str, Any]]:
        """The rules of every book in force; more than one book means that workers differ."""
        found = {each: report.hash for report in present for each in report.rules}
        name, language = self._desk.known.rule_name, self._words.language
        return [
            {
                "id": id,
                "version": version,
                "mode": self._words(f"mode.{mode}"),
                "look": mode,
                "name": name(id, language),
            }
            for id, version, mode in sorted(found)
        ]

    def _shadow(self, each: Comparison) -> Mapping[str, Any]:
        language = self._words.language
        sides = {
            side: [
                {"href": address(alert.alert_id, language), "subject": alert.group or alert.subject}
                for alert in getattr(each, side)[:MOST_SHOWN]
            ]
            for side in ("only_shadow", "only_live")
        }
        counts = {"shadow_total": len(each.only_shadow), "live_total": len(each.only_live)}
        return {"of": each, "name": self._desk.known.rule_name(each.rule, language), **sides, **counts}
