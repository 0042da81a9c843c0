"""Decides when the page of one alert is read and sent anew."""

from __future__ import annotations

from typing import Any

from fastapi import Request
from nicegui import ui

from rules.model.alerts import Alert, Clock
from streams import clock
from streams.console import alert_view
from streams.console.archive import Kept
from streams.console.clock_picture import WEEKDAYS, picture
from streams.console.desk import Desk, fill
from streams.console.frame import Frame, replace, words_of
from streams.console.link import Reach
from streams.console.queue_rows import address, row_of

REFRESH_SECONDS = 0.5
ASK_AGAIN_AFTER = 5.0


class AlertPage:
    """One alert as one reader sees it."""

    def __init__(self, desk: Desk, alert_id: str, request: Request) -> None:
        self._desk, self._id, self._words = desk, alert_id, words_of(request)
        self._kept: Kept | None = None
        self._asked = -ASK_AGAIN_AFTER
        self._asked_of: object = None
        self._frame = Frame(desk, self._words, self._words("alert.title"))
        with ui.element("main").classes("alert-page").props("id=content"):
            ui.html(fill("back", w=self._words), sanitize=False, tag="nav")
            self._body = ui.html(fill("text", text=self._words("alert.loading")), sanitize=False)
        self._frame.address(f"/alert/{alert_id}")
        ui.timer(REFRESH_SECONDS, self.refresh)

    async def refresh(self) -> None:
        """Asks the warehouse every few seconds and at once when the alert or the link has changed."""
        self._frame.refresh()
        entry = self._desk.board.entry(self._id)
        known = entry.alert if entry else None
        reasons = (known and known.revision, self._desk.archive.link.reach)
        if self._asked_of != reasons or clock.monotonic() - self._asked > ASK_AGAIN_AFTER:
            self._asked, self._asked_of = clock.monotonic(), reasons
            kept = await self._desk.archive.keeps(self._id, known)
            self._kept = kept if kept is not None else self._kept
        replace(self._body, self._content())

    def _content(self) -> str:
        kept = self._kept or Kept()
        revisions = {each.revision: each for each in (*kept.revisions, *self._desk.board.revisions(self._id))}
        if not revisions:
            if self._kept is None and self._desk.archive.link.reach is Reach.CONNECTING:
                return fill("text", text=self._words("alert.loading"))
            return fill("missing", w=self._words, alert_id=self._id)
        alert = revisions[max(revisions)]
        return self._filled(alert, list(revisions.values()), kept)

    def _filled(self, alert: Alert, revisions: list[Alert], kept: Kept) -> str:
        said, known = self._words, self._desk.known
        own = self._clock(alert, kept)
        now = self._desk.now(own.as_of if own else 0)
        shown: dict[str, Any] = {
            "message": alert_view.message(alert, said),
            "tint": alert_view.tint(alert, known),
            "rule_name": known.rule_name(alert.rule, said.language),
            "facts": alert_view.facts(alert, said, known),
            "picture": picture(own, kept.happenings, now, said, known) if own else None,
            "no_clock": "absent" if alert.due_at is not None else "none",
            "timeline": alert_view.timeline(kept.happenings, alert, said, known),
            "revisions": alert_view.revisions(revisions, said, known),
            "evidence": alert_view.evidence(alert, known),
            "archive_live": self._desk.archive.link.reach is not Reach.LOST,
            "zone": known.zone(alert.region),
            "weekdays": WEEKDAYS,
            "absorbed": [row_of(each, said, known) for each in self._desk.board.absorbed(alert.alert_id)],
            "card": address(alert.absorbed_by, said.language) if alert.absorbed_by else "",
        }
        return fill("alert", w=said, alert=alert, **shown)

    def _clock(self, alert: Alert, kept: Kept) -> Clock | None:
        found = [each for each in (kept.clock, self._desk.shelf.of(alert)) if each is not None]
        return max(found, key=lambda each: each.revision, default=None)
