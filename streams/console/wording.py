"""Decides which words a page uses: those of the catalogue of its language, none from the program."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

CATALOGUES = Path(__file__).parent / "catalogue"
LANGUAGES = ("zh", "en")
LOCALES = {"zh": "zh-CN", "en": "en"}


class Words:
    """The catalogue of one language; a place is named by dots: `column.due`."""

    def __init__(self, language: str, texts: Mapping[str, str]) -> None:
        self.language = language
        self._texts = texts

    @property
    def locale(self) -> str:
        return LOCALES[self.language]

    @property
    def other(self) -> str:
        return next(each for each in LANGUAGES if each != self.language)

    def __call__(self, place: str, **given: object) -> str:
        """The text at a place with its names filled in. Raises KeyError for a place that there is not."""
        return self._texts[place].format(**given)

    def name(self, group: str, code: str) -> str:
        """What people call a code; the code itself where the catalogue does not know it."""
        return self._texts.get(f"{group}.{code}", code)

    def places(self) -> frozenset[str]:
        return frozenset(self._texts)


@cache
def words(language: str) -> Words:
    """The words of a language; Chinese for one that there is no catalogue of."""
    known = language if language in LANGUAGES else LANGUAGES[0]
    read = YAML(typ="safe", pure=True).load(CATALOGUES / f"{known}.yaml")
    return Words(known, dict(_flat(read, "")))


def _flat(node: Mapping[str, Any], above: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for key, value in node.items():
        place = f"{above}{key}"
        found += _flat(value, f"{place}.") if isinstance(value, Mapping) else [(place, str(value))]
    return found
