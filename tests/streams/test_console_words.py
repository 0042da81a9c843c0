"""The console's words: both catalogues say the same things, and nothing that a page asks for is missing."""

import re
from pathlib import Path
from string import Formatter

import pytest

from rules.judging.clock_days import DayKind
from rules.model.alerts import SEVERITIES
from rules.model.events import TYPES
from rules.model.times import DAY, HOUR, MINUTE, SECOND
from streams import console
from streams.console.board import STATES
from streams.console.spans import length
from streams.console.wording import LANGUAGES, words

ROOM = Path(console.__file__).parent
ASKED = re.compile(r"""(?:\bw|words|said|spoken|self\._words)\(\s*["']([a-z_]+(?:\.[a-z_]+)+)["']""")


def names_in(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def raw(language: str, place: str) -> str:
    return words(language)._texts[place]


def test_both_catalogues_have_the_same_places_with_the_same_names_in_them() -> None:
    chinese, english = (words(each) for each in LANGUAGES)
    assert chinese.places() == english.places()
    differing = [each for each in chinese.places() if names_in(raw("zh", each)) != names_in(raw("en", each))]
    assert differing == []


def test_every_place_that_a_page_or_a_template_asks_for_is_in_the_catalogues() -> None:
    files = [*ROOM.glob("*.py"), *ROOM.glob("templates/*.html")]
    asked = {place for file in files for place in ASKED.findall(file.read_text(encoding="utf-8"))}
    assert len(asked) > 30 and asked - words("zh").places() == set()


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_code_of_the_contract_has_a_name(language: str) -> None:
    places = words(language).places()
    wanted = {f"event.{name}" for name in TYPES} | {f"severity.{each}" for each in SEVERITIES}
    wanted |= {
        f"field.{name}"
        for kind in TYPES.values()
        for name, mark in kind.fields.items()
        if not mark.personal and mark.use != "opaque"
    }
    wanted |= {f"state.{each}" for each in STATES} | {f"day.{each.value}" for each in DayKind}
    assert wanted - places == set()


def test_a_code_that_no_catalogue_knows_is_shown_as_it_is() -> None:
    assert words("zh").name("reason", "some_new_reason") == "some_new_reason"


def test_an_unknown_language_is_answered_in_chinese() -> None:
    assert words("fr").language == "zh" and words("zh").other == "en"


@pytest.mark.parametrize(
    ("amount", "unit", "chinese", "english"),
    [
        (20, "workdays", "20 个工作日", "20 working days"),
        (30, "days", "30 天", "30 days"),
        (3 * DAY + 4 * HOUR + 5 * MINUTE, "exact", "3天 4小时", "3 d 4 h"),
        (30 * HOUR, "workhours", "30小时 (工作时间)", "30 h (office time)"),
        (90 * SECOND, "exact", "1分 30秒", "1 min 30 s"),
        (0, "exact", "0秒", "0 s"),
    ],
)
def test_lengths_are_written_in_their_unit(amount: int, unit: str, chinese: str, english: str) -> None:
    assert length(amount, unit, words("zh")) == chinese
    assert length(amount, unit, words("en")) == english
