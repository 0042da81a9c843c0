"""Which numbered migrations a warehouse still lacks: the same ones on the embedded engine and on a server."""

from collections.abc import Iterable
from hashlib import blake2b
from importlib.resources import files

from msgspec import Struct

from warehouse import statements
from warehouse.link import ServerException, connect, database_of, sql
from warehouse.reader import Reader
from warehouse.writer import Writer

UNKNOWN_DATABASE = 81


class MigrationError(Exception):
    """The warehouse and the migrations do not fit together; the message lists every file that does not."""

    exit_status = 1


class Migration(Struct, frozen=True):
    """One file of warehouse/schema, known by its name and by what it says."""

    file: str
    text: str

    @property
    def checksum(self) -> str:
        return blake2b(self.text.encode(), digest_size=16).hexdigest()


def shipped() -> list[Migration]:
    """The migrations of this version, in order."""
    found = [each for each in files("warehouse.schema").iterdir() if each.name.endswith(".sql")]
    found.sort(key=lambda each: each.name)
    return [Migration(each.name, each.read_text(encoding="utf-8")) for each in found]


def missing(known: Iterable[Migration], applied: dict[str, str]) -> list[Migration]:
    """What has still to be applied. Raises MigrationError when an applied file has changed or is unknown."""
    by_name = {migration.file: migration for migration in known}
    faults: list[str] = []
    for file, checksum in applied.items():
        if file not in by_name:
            faults.append(f"{file}: applied, but not part of this version")
        elif by_name[file].checksum != checksum:
            faults.append(f"{file}: changed since it was applied; write a new migration instead")
    pending = [migration for migration in by_name.values() if migration.file not in applied]
    latest = max(applied, default="")
    faults += [f"{each.file}: comes before the applied {latest}" for each in pending if each.file < latest]
    if faults:
        raise MigrationError("\n".join(faults))
    return pending


def migrate(url: str, known: Iterable[Migration] | None = None) -> list[str]:
    """Creates the database and applies what it lacks; the names of the files that were applied.

    Every statement of a file can be repeated, so a file that stopped half-way is applied again.
    Raises MigrationError, WarehouseUnavailable.
    """
    _create_database(url)
    writer, reader = Writer(url), Reader(url)
    try:
        writer.execute(sql("migrations_table"))
        applied = dict(reader.query(sql("migrations_applied")).rows)
        done: list[str] = []
        for migration in missing(shipped() if known is None else known, applied):
            for statement in statements.split(migration.text):
                writer.execute(statement)
            writer.insert("schema_migrations", {"file": [migration.file], "checksum": [migration.checksum]})
            done.append(migration.file)
        return done
    finally:
        writer.close()
        reader.close()


def _create_database(url: str) -> None:
    database = database_of(url)
    try:
        Reader(url).query("SELECT 1")
    except ServerException as error:
        if error.code != UNKNOWN_DATABASE:
            raise
        client = connect(url, "default")
        client.execute(f"CREATE DATABASE IF NOT EXISTS `{database}`")
        client.disconnect()
