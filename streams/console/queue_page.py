"""Decides how the queue behaves: which filters there are, when it is sent anew, and what its address says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from fastapi import Request
from nicegui import ui

from rules.model.alerts import SEVERITIES
from streams import clock
from streams.console.board import LIVE, SHADOW, STATES, Shown, Wanted
from streams.console.desk import TEMPLATES, Desk, fill
from streams.console.frame import MUCH_BEHIND, Frame, button, part, replace, words_of
from streams.console.queue_rows import COLUMNS, row

REFRESH_SECONDS = 0.4
CATCHING_UP_SECONDS = 2.0
NARROWING = ("severity", "state")


def wanted_of(asked: Mapping[str, str]) -> Wanted:
    """What an address asks for; words that name nothing are left out."""
    page = asked.get("page", "1")
    return Wanted(
        severities=frozenset(asked.get("severity", "").split(",")) & frozenset(SEVERITIES),
        states=frozenset(asked.get("state", "").split(",")) & frozenset(STATES),
        rule=asked.get("rule", ""),
        department=asked.get("department", ""),
        text=asked.get("text", ""),
        mode=SHADOW if asked.get("mode") == SHADOW else LIVE,
        page=int(page) if page.isascii() and page.isdigit() and len(page) < 6 else 1,
    )


def asked_of(wanted: Wanted) -> dict[str, str]:
    """The same as the words of an address."""
    return {
        "severity": ",".join(sorted(wanted.severities)),
        "state": ",".join(sorted(wanted.states)),
        "rule": wanted.rule,
        "department": wanted.department,
        "text": wanted.text,
        "mode": "" if wanted.mode == LIVE else wanted.mode,
        "page": str(wanted.page) if wanted.page > 1 else "",
    }


class QueuePage:
    """The queue as one reader sees it."""

    def __init__(self, desk: Desk, request: Request) -> None:
        self._desk, self._words = desk, words_of(request)
        self._wanted = wanted_of(request.query_params)
        self._sent: object = None
        self._sent_at = -CATCHING_UP_SECONDS
        self._toggles: dict[tuple[str, str], Any] = {}
        self._frame = Frame(desk, self._words, self._words("app.queue"))
        with ui.element("main").classes("queue-page").props("id=content"):
            with ui.element("section").classes("filters") as filters:
                filters.props["aria-label"] = self._words("filter.label")
                self._build_filters()
            self._build_table()
            self._build_pager()
        self._frame.address("/", **asked_of(self._wanted))
        ui.timer(REFRESH_SECONDS, self.refresh)

    def _build_filters(self) -> None:
        for group, codes in (("severity", reversed(SEVERITIES)), ("state", STATES)):
            with ui.element("div").classes("toggles").props("role=group") as toggles:
                toggles.props["aria-label"] = self._words(f"filter.{group}")
                for code in codes:
                    self._toggle(group, code)
        self._mode = button("", self._flip_mode).classes("toggle toggle-mode")
        self._mode.props["data-code"] = SHADOW
        self._rule = self._choice("rule")
        self._department = self._choice("department")
        hint = self._words("filter.text")
        self._text = ui.input(placeholder=hint, value=self._wanted.text, on_change=self._written)
        self._text.props("dense outlined clearable debounce=250 maxlength=200").classes("search")
        self._text.props["aria-label"] = hint
        button(self._words("filter.clear"), self._want_all).classes("quiet-button")

    def _toggle(self, group: str, code: str) -> None:
        made = button("", lambda: self._flip(group, code)).classes(f"toggle toggle-{group}")
        made.props["data-code"] = code
        self._toggles[group, code] = made

    def _choice(self, field: str) -> Any:
        chosen = getattr(self._wanted, field)
        label = self._words(f"filter.{field}")
        made = ui.select(
            {chosen: chosen} if chosen else {},
            value=chosen or None,
            label=label,
            with_input=True,
            clearable=True,
            on_change=lambda event: self._want(**{field: event.value or ""}),
        )
        made.props["aria-label"] = label
        return made.props("dense outlined options-dense").classes(f"choice choice-{field}")

    def _build_table(self) -> None:
        columns = [
            {"name": name, "label": self._words(f"column.{name}"), "field": name, "align": "left"} for name in COLUMNS
        ]
        self._table = ui.table(rows=[], columns=columns, row_key="id").classes("queue")
        self._table.props("dense flat square hide-no-data separator=horizontal")
        self._table.add_slot("body", (TEMPLATES / "queue_row.html").read_text(encoding="utf-8"))
        self._empty = part("text", "p", text=self._words("queue.waiting")).classes("empty")

    def _build_pager(self) -> None:
        with ui.element("div").classes("pager"):
            self._total = ui.label()
            self._previous = button(self._words("queue.previous"), lambda: self._turn(-1)).classes("plain-button")
            self._place = ui.label()
            self._next = button(self._words("queue.next"), lambda: self._turn(1)).classes("plain-button")

    def refresh(self) -> None:
        """Sends the queue where the alerts or the filters have changed since it was last sent."""
        self._frame.refresh()
        board = self._desk.board
        if self._sent == (board.version, self._wanted) or self._is_catching_up():
            return
        self._sent = (board.version, self._wanted)
        self._sent_at = clock.monotonic()
        shown = board.show(self._wanted)
        self._table.rows = [row(entry, self._words, self._desk.known) for entry in shown.entries]
        self._count(shown)
        _offer(self._rule, self._named(board.rules()))
        _offer(self._department, {each: each for each in board.departments()})

    def _is_catching_up(self) -> bool:
        """While a backlog is read, the queue is sent every other second: nobody reads it faster."""
        is_behind = self._desk.tail.behind > MUCH_BEHIND
        return is_behind and clock.monotonic() - self._sent_at < CATCHING_UP_SECONDS

    def _count(self, shown: Shown) -> None:
        said = self._words
        self._total.set_text(said("queue.total", n=shown.total))
        self._place.set_text(said("queue.page", page=shown.page, pages=shown.pages))
        self._previous.props["disabled"] = shown.page <= 1
        self._next.props["disabled"] = shown.page >= shown.pages
        replace(self._empty, fill("text", text=said("queue.none" if len(self._desk.board) else "queue.waiting")))
        self._empty.set_visibility(not shown.total)
        for (group, code), made in self._toggles.items():
            is_severity = group == "severity"
            colour = self._desk.known.colour("", code) if is_severity else ""
            count = shown.by_severity.get(code, 0) if is_severity else shown.by_state.get(code, 0)
            replace(made, fill("toggle", colour=colour, name=said.name(group, code), count=count))
            made.props["aria-pressed"] = "true" if code in self._chosen(group) else "false"

        shadows = self._desk.board.count_of(SHADOW)
        replace(self._mode, fill("toggle", colour="", name=said.name("mode", SHADOW), count=shadows))
        self._mode.props["aria-pressed"] = "true" if self._wanted.mode == SHADOW else "false"
        self._mode.set_visibility(bool(shadows) or self._wanted.mode == SHADOW)

    def _chosen(self, group: str) -> frozenset[str]:
        return self._wanted.severities if group == "severity" else self._wanted.states

    def _named(self, rules: Iterable[str]) -> dict[str, str]:
        language = self._words.language
        return {rule: f"{rule} {self._desk.known.rule_name(rule, language)}".strip() for rule in rules}

    def _flip(self, group: str, code: str) -> None:
        field = "severities" if group == "severity" else "states"
        self._want(**{field: self._chosen(group) ^ {code}})

    def _flip_mode(self) -> None:
        self._want(mode=LIVE if self._wanted.mode == SHADOW else SHADOW)

    def _written(self, event: Any) -> None:
        self._want(text=event.value or "")

    def _turn(self, pages: int) -> None:
        self._want(page=max(1, self._wanted.page + pages))

    def _want_all(self) -> None:
        self._rule.value = self._department.value = None
        self._text.value = ""
        self._want(severities=frozenset(), states=frozenset())

    def _want(self, **changed: Any) -> None:
        wanted = msgspec.structs.replace(self._wanted, **{"page": 1, **changed})
        if wanted == self._wanted:
            return
        self._wanted, self._sent_at = wanted, -CATCHING_UP_SECONDS
        ui.navigate.history.replace(self._frame.address("/", **asked_of(wanted)))
        self.refresh()


def _offer(choice: Any, options: dict[str, str]) -> None:
    if choice.value and choice.value not in options:
        options = {**options, choice.value: choice.value}
    if choice.options != options:
        choice.set_options(options, value=choice.value)
