"""Decides what stands around every page: head, language switch, state of the links, banners."""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import cache
from hashlib import blake2b
from typing import Any
from urllib.parse import urlencode

from fastapi import Request
from nicegui import ui

from streams.console.desk import ASSETS, Desk, fill
from streams.console.wording import LANGUAGES, Words, words

MUCH_BEHIND = 1_000
"""Messages; fewer are read before anybody could see the number."""


@cache
def assets_version() -> str:
    """Changes with the style sheet, so that no browser keeps an old one."""
    return blake2b((ASSETS / "console.css").read_bytes(), digest_size=6).hexdigest()


def words_of(request: Request) -> Words:
    """The language that an address asks for; Chinese where it asks for none."""
    asked = request.query_params.get("lang", "")
    return words(asked if asked in LANGUAGES else LANGUAGES[0])


def part(template: str, tag: str = "div", **given: Any) -> Any:
    """An element with a template's content, every text escaped."""
    return ui.html(fill(template, **given), sanitize=False, tag=tag)


def button(text: str, pressed: Callable[[], None]) -> Any:
    found = part("text", "button", text=text)
    found.props["type"] = "button"
    return found.on("click", pressed)


def replace(element: Any, content: str) -> None:
    """Sends content only where it differs, so that a reader's place on the page is kept."""
    if element.content != content:
        element.set_content(content)


class Frame:
    """The parts of a page that do not depend on what it shows."""

    def __init__(self, desk: Desk, spoken: Words, title: str) -> None:
        self._desk, self._words = desk, spoken
        client = ui.context.client
        client.page = copy.copy(client.page)
        client.page.language = "zh-CN" if spoken.language == "zh" else "en-US"
        client.title = f"{title} · {spoken('app.name')}"
        ui.add_head_html(fill("head", version=assets_version()))
        with ui.element("header").classes("top"):
            part("top", w=spoken, home=f"/?lang={spoken.language}").classes("brand-box")
            books = part("text", "a", text=spoken("books.title")).classes("switch books-link")
            books.props["href"] = f"/books?lang={spoken.language}"
            self._links = ui.html("", sanitize=False).classes("reaches")
            self._switch = part("text", "a", text=spoken("app.other_language")).classes("switch")
            self._switch.props["lang"] = spoken.other
        self._bars = ui.html("", sanitize=False).classes("bars")

    def address(self, path: str, **asked: str) -> str:
        """Points the language switch at the same place; returns this page's address in its own language."""
        kept = {name: value for name, value in asked.items() if value}
        self._switch.props["href"] = f"{path}?{urlencode({**kept, 'lang': self._words.other})}"
        return f"{path}?{urlencode({**kept, 'lang': self._words.language})}"

    def refresh(self) -> None:
        """Sends what has changed of the links and banners."""
        behind = self._desk.tail.behind
        latest = self._words("queue.loading", n=behind) if behind > MUCH_BEHIND else ""
        replace(self._links, fill("links", w=self._words, links=self._desk.links(), latest=latest))
        replace(self._bars, fill("banner", bars=self._desk.bars(self._words)))
