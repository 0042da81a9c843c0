"""Decides what the tests of the language share: the faults of a book of a few files."""

from pathlib import Path

import pytest

from rules.language import BookError, BookErrors, load_book
from tests.rules.good_rule import Faults


@pytest.fixture
def faults(tmp_path: Path) -> Faults:
    """The faults of a book of these files: a text, or bytes, by file name."""

    def found(**files: str | bytes) -> list[BookError]:
        for name, content in files.items():
            raw = content.encode() if isinstance(content, str) else content
            (tmp_path / f"{name}.yaml").write_bytes(raw)
        try:
            load_book(tmp_path)
        except BookErrors as errors:
            return errors.errors
        return []

    return found
