"""Migrations: the same statements once, in order, and a changed one is refused."""

import pytest
from clickhouse_driver import Client

from warehouse.embedded import EmbeddedServer
from warehouse.migrations import Migration, MigrationError, migrate, missing, shipped
from warehouse.statements import split

FIRST = Migration("0001_a.sql", "CREATE TABLE IF NOT EXISTS a (n UInt8) ENGINE = MergeTree ORDER BY n;")
SECOND = Migration("0002_b.sql", "-- two\nCREATE TABLE IF NOT EXISTS b (n UInt8) ENGINE = MergeTree ORDER BY n")

ISSUED = {
    "event_versions", "case_timeline", "event_current", "case_current", "alerts", "alert_current",
    "alert_actions", "case_clock", "books", "dead_letters", "quality_runs", "quality_results", "assess_daily",
    "declared_facts",
}  # fmt: skip


def test_only_what_was_not_applied_is_missing() -> None:
    assert missing([FIRST, SECOND], {FIRST.file: FIRST.checksum}) == [SECOND]


def test_every_fault_is_named_at_once() -> None:
    applied = {FIRST.file: "another", "0000_gone.sql": "x"}
    with pytest.raises(MigrationError) as caught:
        missing([FIRST, SECOND], applied)
    assert str(caught.value).splitlines() == [
        "0001_a.sql: changed since it was applied; write a new migration instead",
        "0000_gone.sql: applied, but not part of this version",
    ]


def test_a_migration_before_an_applied_one_is_refused() -> None:
    with pytest.raises(MigrationError, match=r"0001_a\.sql: comes before the applied 0002_b\.sql"):
        missing([FIRST, SECOND], {SECOND.file: SECOND.checksum})


def test_every_shipped_statement_can_be_repeated() -> None:
    for migration in shipped():
        for statement in split(migration.text):
            assert "IF NOT EXISTS" in statement or "IF EXISTS" in statement, f"{migration.file}: {statement[:60]}"


def test_migrations_are_numbered_without_a_tie() -> None:
    numbers = [migration.file.split("_")[0] for migration in shipped()]
    assert all(number.isdigit() and len(number) == 4 for number in numbers)
    assert len(set(numbers)) == len(numbers)


@pytest.mark.warehouse
def test_migrating_twice_applies_everything_once(warehouse_url: str) -> None:
    assert migrate(warehouse_url) == [migration.file for migration in shipped()]
    assert migrate(warehouse_url) == []
    assert {name for (name,) in Client.from_url(warehouse_url).execute("SHOW TABLES")} >= ISSUED


@pytest.mark.warehouse
def test_a_changed_migration_is_refused_and_changes_nothing(warehouse_url: str) -> None:
    migrate(warehouse_url, [FIRST])
    changed = Migration(FIRST.file, FIRST.text + " -- later")
    with pytest.raises(MigrationError, match="changed since it was applied"):
        migrate(warehouse_url, [changed, SECOND])
    assert Client.from_url(warehouse_url).execute("EXISTS b") == [(0,)]


@pytest.mark.warehouse
def test_a_migration_that_failed_half_way_is_taken_up_again(warehouse_url: str) -> None:
    broken = Migration("0001_a.sql", FIRST.text + "CREATE TABLE IF NOT EXISTS b (n Nonsense) ENGINE = Memory")
    with pytest.raises(Exception, match="Nonsense"):
        migrate(warehouse_url, [broken])
    mended = Migration("0001_a.sql", FIRST.text + SECOND.text)
    assert migrate(warehouse_url, [mended]) == ["0001_a.sql"]
    assert Client.from_url(warehouse_url).execute("EXISTS b") == [(1,)]


@pytest.mark.warehouse
def test_a_database_that_is_not_there_is_created(warehouse_server: EmbeddedServer) -> None:
    url = warehouse_server.url.replace("/default", "/made_by_migrate")
    try:
        assert migrate(url, [FIRST]) == [FIRST.file]
    finally:
        Client.from_url(warehouse_server.url).execute("DROP DATABASE IF EXISTS made_by_migrate")
