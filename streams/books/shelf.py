"""Decides which published book this machine can judge by: written down whole, loaded whole, or refused."""

import fcntl
import os
import re
import shutil
import tempfile
from pathlib import Path

from msgspec import Struct

from rules.language import Book, BookErrors, load_book
from streams.books.edition import Edition, edition_of
from streams.books.published import HASH, NotABook, Published, encode_published, read_published

MOST_FAULTS = 20


class Refused(Exception):
    """A published book that cannot be judged by; `faults` are located in its own files."""

    exit_status = 1

    def __init__(self, hash: str, faults: list[str]) -> None:
        self.hash, self.faults = hash, faults
        super().__init__("\n".join(faults))


class Refusal(Struct, frozen=True):
    """What was published last and not taken, as it is told."""

    hash: str
    at: str
    faults: list[str]


class Shelf:
    """The published books of one name in a folder that workers of one machine share."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder, self._name = folder, name
        self._pointer = folder / f"{name}.last"

    def take(self, published: Published) -> Edition:
        """Writes the book down, loads it and checks that it is the one that was published. Raises Refused."""
        try:
            folder = self.written(published)
            edition = edition_of(_loaded(published, folder), published.name, published.published_at, published.by)
            self._remember(published)
        except Refused:
            raise
        except Exception as fault:  # whatever it is that a book brings about, the last good one goes on
            raise Refused(published.hash, [f"{type(fault).__name__}: {fault}"]) from fault
        return edition

    def archive(self) -> list[Published]:
        """Every book that this machine has taken, of whatever name."""
        found = []
        for path in sorted(self._folder.glob("*.json")):
            try:
                found.append(read_published(path.read_bytes()))
            except (OSError, NotABook):
                continue
        return found

    def last_good(self) -> Published | None:
        """The book that was in force here last, should its topic no longer hold it."""
        try:
            hash = self._pointer.read_text(encoding="ascii").strip()
            return read_published(self._document(hash).read_bytes()) if HASH.fullmatch(hash) else None
        except (OSError, ValueError, NotABook):
            return None

    def _document(self, hash: str) -> Path:
        return self._folder / f"{hash}.json"

    def written(self, published: Published) -> Path:
        """The folder of the book's files; another worker may have written it already."""
        place = self._folder / published.hash
        self._folder.mkdir(parents=True, exist_ok=True)
        with (self._folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not _holds(place, published):
                self._write(published, place)
        return place

    def _write(self, published: Published, place: Path) -> None:
        fresh = Path(tempfile.mkdtemp(prefix="new-", dir=self._folder))
        try:
            for path, text in published.files.items():
                file = fresh / path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text, encoding="utf-8", newline="")
            shutil.rmtree(place, ignore_errors=True)  # one that is not the same: somebody's hand was in it
            fresh.rename(place)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)

    def _remember(self, published: Published) -> None:
        for path, content in (
            (self._document(published.hash), encode_published(published)),
            (self._pointer, published.hash.encode()),
        ):
            number, name = tempfile.mkstemp(prefix="new-", dir=self._folder)
            with os.fdopen(number, "wb") as file:
                file.write(content)
            Path(name).replace(path)


def _holds(place: Path, published: Published) -> bool:
    """Whether a folder has the files of a book and no others."""
    there = {path.relative_to(place).as_posix(): path for path in place.rglob("*") if path.is_file()}
    return there.keys() == published.files.keys() and all(
        path.read_bytes() == published.files[name].encode() for name, path in there.items()
    )


def read_back(published: Published) -> Book:
    """The book that a worker would read from this document. Raises Refused."""
    with tempfile.TemporaryDirectory() as folder:
        return _loaded(published, Shelf(Path(folder), published.name).written(published))


def _loaded(published: Published, folder: Path) -> Book:
    try:
        book = load_book(folder)
    except BookErrors as fault:
        place = re.compile(rf"\S*{published.hash}/")
        raise Refused(published.hash, [place.sub("", str(each)) for each in fault.errors]) from fault
    if book.hash != published.hash:
        told = f"these files are the book {book.hash}; another version of the program published them"
        raise Refused(published.hash, [told])
    return book
