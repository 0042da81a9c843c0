"""Where one statement ends and the next begins."""

import pytest

from warehouse.statements import split


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SELECT 1", ["SELECT 1"]),
        ("SELECT 1;", ["SELECT 1"]),
        (";; SELECT 1 ;\n;SELECT 2", ["SELECT 1", "SELECT 2"]),
        ("SELECT ';'", ["SELECT ';'"]),
        ("SELECT 'it''s; \\'; quoted'", ["SELECT 'it''s; \\'; quoted'"]),
        ('SELECT `a;b`, "c;d"', ['SELECT `a;b`, "c;d"']),
        ("-- a; comment\nSELECT 1 /* and; another */ + 1", ["SELECT 1   + 1"]),
        ("SELECT '-- no comment'", ["SELECT '-- no comment'"]),
        ("  -- nothing but this\n", []),
    ],
)
def test_semicolons_end_statements_except_in_texts_names_and_comments(text: str, expected: list[str]) -> None:
    assert split(text) == expected
