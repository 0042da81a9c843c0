"""A published book: what is refused before a byte of it is written, and what stands on the shelf afterwards."""

from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import msgspec
import pytest

from rules.language import load_book
from streams.books.published import NotABook, Published, encode_published, pack, read_published
from streams.books.shelf import Refused, Shelf, read_back

AT = 1_790_000_000_000_000


@pytest.fixture(scope="module")
def shipped() -> Published:
    return pack(None, "mingjing", load_book().hash, "a test", AT)


def changed(book: Published, **fields: object) -> bytes:
    return encode_published(msgspec.structs.replace(book, **fields))


def test_a_book_that_was_sent_is_the_book_that_was_packed(shipped: Published) -> None:
    assert read_published(encode_published(shipped)) == shipped
    assert read_back(shipped).hash == shipped.hash


@pytest.mark.parametrize(
    "path",
    [
        "../outside.yaml", "/etc/outside.yaml", "a/../../outside.yaml", "a//b.yaml", "./a.yaml", ".hidden.yaml",
        "a/.b/c.yaml", "a\\..\\b.yaml", "a.py", "a.yaml/", "a.yaml\n",
        "a\0.yaml", "C:/a.yaml", "a/b/c/d/e/f.yaml", "x" * 300 + ".yaml",
        "", "~/a.yaml", "a.yaml/b.yaml", "SOURCES.yaml",
    ],
)  # fmt: skip
def test_no_path_leads_out_of_the_folder_of_the_book(shipped: Published, path: str) -> None:
    with pytest.raises(NotABook):
        read_published(changed(shipped, files={"a.yaml": "x", "sources.yaml": "x", path: "x"}))


def test_a_name_of_a_file_may_be_chinese(shipped: Published) -> None:
    assert read_published(changed(shipped, files={"时限/T03 法定超期.yaml": "x"})).files


@pytest.mark.parametrize(
    "fields",
    [
        {"hash": "../../x"}, {"hash": "A" * 32}, {"name": "../x"}, {"name": ""}, {"published_at": "yesterday"},
        {"by": "a\nb"}, {"by": "x" * 201}, {"files": {}}, {"files": {f"{n}.yaml": "" for n in range(5_001)}},
    ],
)  # fmt: skip
def test_every_other_field_is_checked_too(shipped: Published, fields: dict[str, object]) -> None:
    with pytest.raises(NotABook):
        read_published(changed(shipped, **fields))


@pytest.mark.parametrize("value", [b"", b"null", b"[]", b'{"name": 1}', b"\xff", b"{" * 100_000, b"x" * (4 << 20)])
def test_what_is_no_document_is_no_book(value: bytes) -> None:
    with pytest.raises(NotABook):
        read_published(value)


def test_a_book_whose_files_say_otherwise_than_its_hash_is_refused_and_the_last_good_one_is_known(
    shipped: Published, tmp_path: Path
) -> None:
    shelf = Shelf(tmp_path, "mingjing")
    assert shelf.take(shipped).hash == shipped.hash
    with pytest.raises(Refused, match="these files are the book"):
        shelf.take(msgspec.structs.replace(shipped, hash="0" * 32))
    assert Shelf(tmp_path, "mingjing").last_good() == shipped
    assert Shelf(tmp_path, "another").last_good() is None
    assert [book.hash for book in shelf.archive()] == [shipped.hash]


def test_faults_of_a_refused_book_are_located_in_its_own_files(shipped: Published, tmp_path: Path) -> None:
    name = "time/T03_legal_limit.yaml"
    broken = shipped.files[name].replace("category: time", "category: tiem")
    with pytest.raises(Refused) as refused:
        Shelf(tmp_path, "mingjing").take(msgspec.structs.replace(shipped, files=shipped.files | {name: broken}))
    assert refused.value.faults[0].startswith(f"{name}:")


def test_a_folder_that_somebody_changed_is_written_anew(shipped: Published, tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, "mingjing")
    shelf.take(shipped)
    (tmp_path / shipped.hash / "extra.yaml").write_text("rule: X", encoding="utf-8")
    (tmp_path / shipped.hash / "sources.yaml").unlink()
    assert shelf.take(shipped).hash == shipped.hash
    assert not (tmp_path / shipped.hash / "extra.yaml").exists()


def taken(given: tuple[bytes, str]) -> str:
    return Shelf(Path(given[1]), "mingjing").take(read_published(given[0])).hash


def test_workers_that_share_a_machine_take_the_same_book_at_the_same_time(shipped: Published, tmp_path: Path) -> None:
    with ProcessPoolExecutor(3) as workers:
        found = list(workers.map(taken, [(encode_published(shipped), str(tmp_path))] * 6))
    assert found == [shipped.hash] * 6
    assert sorted(path.suffix for path in tmp_path.iterdir()) == sorted(["", "", ".json", ".last"])
