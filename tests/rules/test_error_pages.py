"""Every code of an error has a page, every page a code; what it shows as wrong is told so, and what is right lints."""

from pathlib import Path

import pytest

from rules.language.loader import read_book
from rules.testing.lint import FAILS, lint
from tests.rules.errors import PAGES, codes, examples, keeps_its_examples, write_book

SHOWN = sorted(page for page in PAGES.glob("*.md") if page.name != "README.md")
PROSE = {"unreadable", "not-utf-8", "same-version"}
"""What cannot be shown in a page of text; test_language_files.py makes such files, test_versions.py two books."""


def test_every_code_in_the_source_has_a_page_and_every_page_a_code() -> None:
    pages = {page.stem for page in SHOWN}
    assert codes() - pages == set(), "write docs/errors/<code>.md: what it means, an example, wrong and right"
    assert pages - codes() == set(), "no error is told with this code any more: delete its page"


def test_the_list_of_errors_names_every_page() -> None:
    listed = (PAGES / "README.md").read_text(encoding="utf-8")
    assert [page.name for page in SHOWN if f"]({page.name})" not in listed] == []


@pytest.mark.parametrize("page", SHOWN, ids=lambda page: page.stem)
def test_what_a_page_shows_as_wrong_is_told_with_its_code_alone_and_what_is_right_lints(
    page: Path, tmp_path: Path
) -> None:
    wrong, right = examples(page)
    assert bool(wrong) == bool(right) == (page.stem not in PROSE)
    if not wrong:
        return
    write_book(tmp_path / "wrong", wrong)
    found = lint(tmp_path / "wrong").errors
    codes = {error.code for error in found}
    assert codes - {FAILS} <= {page.stem} <= codes, [str(error) for error in found]
    write_book(tmp_path / "right", right)
    faults = lint(tmp_path / "right").errors if keeps_its_examples(right) else read_book(tmp_path / "right").faults
    assert [str(fault) for fault in faults] == []
