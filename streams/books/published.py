"""Decides what a published book is: one JSON document, every path and size of which is checked before it is written."""

import re
from collections.abc import Mapping
from pathlib import Path

import msgspec
from msgspec import Struct

from rules.language.loader import book_files
from rules.model.times import iso, parse_time
from streams.topics import LARGEST_MESSAGE

LARGEST_BOOK = LARGEST_MESSAGE * 3 // 4
MOST_FILES = 5_000
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
HASH = re.compile(r"[0-9a-f]{32}")
PATH = re.compile(r"(?:[\w-][\w .-]{0,79}/){0,4}[\w-][\w .-]{0,79}\.(?:yaml|csv|json)")
"""Relative, without a part that begins with a dot; the suffixes are those that a book has."""


class NotABook(Exception):
    """A document that cannot be a published book; nothing of it was written anywhere."""

    exit_status = 1


class Published(Struct, frozen=True, kw_only=True):
    """A book as it is sent. `files` has what stands in each file by its path below the folder of the book."""

    name: str
    hash: str
    published_at: str
    by: str
    files: dict[str, str]


def pack(directory: Path | None, name: str, hash: str, by: str, at: int) -> Published:
    """The book of a folder with every table that it needs. Raises NotABook where it is too large."""
    files = {place: path.read_text(encoding="utf-8-sig") for place, path in book_files(directory).items()}
    made = Published(name=name, hash=hash, published_at=iso(at), by=by, files=files)
    read_published(encode_published(made))
    return made


def encode_published(book: Published) -> bytes:
    """The document, always in the same order of keys."""
    return msgspec.json.encode(book, order="deterministic")


def read_published(value: bytes) -> Published:
    """The book of a message that anybody may have written. Raises NotABook."""
    if len(value) > LARGEST_BOOK:
        raise NotABook(f"{len(value):,} bytes; a book has at most {LARGEST_BOOK:,}")
    try:
        book = msgspec.json.decode(value, type=Published)
        parse_time(book.published_at)
    except (msgspec.MsgspecError, ValueError) as fault:
        raise NotABook(str(fault)) from fault
    if not NAME.fullmatch(book.name):
        raise NotABook(f"{book.name[:100]!r} is no name for a book")
    if not HASH.fullmatch(book.hash):
        raise NotABook(f"{book.hash[:100]!r} is not the hash of a book")
    if len(book.by) > 200 or not book.by.isprintable():
        raise NotABook("`by` is a name of at most 200 characters")
    _check_files(book.files)
    return book


def _check_files(files: Mapping[str, str]) -> None:
    if not 0 < len(files) <= MOST_FILES:
        raise NotABook(f"{len(files)} files; a book has between 1 and {MOST_FILES:,}")
    for path in files:
        if not PATH.fullmatch(path):
            raise NotABook(f"{path[:200]!r} is no place for a file of a book")
    folders = {path[:end].casefold() for path in files for end, sign in enumerate(path) if sign == "/"}
    names = [path.casefold() for path in files]
    if len(set(names)) < len(names) or folders & set(names):
        raise NotABook("two files of this book have one place")
