"""The embedded engine as clickhouse-driver and clickhouse-sqlalchemy see it: like a server."""

import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from clickhouse_driver import Client, errors

from warehouse.embedded import EmbeddedServer

pytestmark = pytest.mark.warehouse

VALUES: list[tuple[str, list[Any]]] = [
    ("String", ["", "办件", "x" * 100_000]),
    ("FixedString(4)", ["abcd", "wxyz", "办1"]),
    ("LowCardinality(String)", ["a", "b", "a"]),
    ("LowCardinality(Nullable(String))", ["a", None, "a"]),
    ("UInt8", [0, 1, 255]),
    ("UInt16", [0, 1, 65_535]),
    ("UInt32", [0, 1, 2**32 - 1]),
    ("UInt64", [0, 1, 2**64 - 1]),
    ("Int32", [-(2**31), 0, 2**31 - 1]),
    ("Int64", [-(2**63), 0, 2**63 - 1]),
    ("Float64", [-1.5, 0.0, 1e300]),
    ("Bool", [True, False, True]),
    ("Date", [date(1970, 1, 1), date(2026, 2, 12), date(2149, 6, 6)]),
    ("DateTime", [datetime.fromisoformat("2026-02-12T09:00:00")] * 3),
    ("DateTime64(6, 'UTC')", [datetime(2026, 2, 12, 9, 0, 0, 123_456, tzinfo=UTC)] * 3),
    ("Nullable(DateTime64(6, 'UTC'))", [None, datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC), None]),
    ("Array(String)", [[], ["a"], ["a", "b", ""]]),
    ("Array(Array(UInt8))", [[], [[1], []], [[1, 2], [3]]]),
    ("Map(String, String)", [{}, {"a": "b"}, {"x": "1", "y": "2"}]),
    ("Map(LowCardinality(String), UInt64)", [{}, {"a": 1}, {"x": 1, "y": 2}]),
    ("Nullable(Int64)", [None, -1, 1]),
    ("Enum8('i' = 0, 'u' = 1, 'd' = 2)", ["i", "u", "d"]),
    ("Tuple(source String, at DateTime64(6, 'UTC'))", [("s", datetime(2026, 1, 1, tzinfo=UTC))] * 3),
    ("Array(Tuple(String, UInt32))", [[], [("a", 1)], [("a", 1), ("b", 2)]]),
    ("UUID", [UUID(int=0), UUID(int=5), UUID(int=2**128 - 1)]),
    ("Decimal(18, 3)", [Decimal("-1.500"), Decimal("0.000"), Decimal("123456789.125")]),
    ("Decimal(38, 6)", [Decimal("-1.500000"), Decimal("0.000000"), Decimal("12345678901234567890.000001")]),
]


@pytest.fixture(params=["", "lz4"], ids=["plain", "lz4"])
def client(warehouse_url: str, request: pytest.FixtureRequest) -> Iterator[Client]:
    made = Client.from_url(f"{warehouse_url}?compression={request.param}" if request.param else warehouse_url)
    yield made
    made.disconnect()


def test_every_type_comes_back_as_it_was_sent(client: Client) -> None:
    columns = ", ".join(f"c{n} {kind}" for n, (kind, _) in enumerate(VALUES))
    client.execute(f"CREATE TABLE t (n UInt8, {columns}) ENGINE = MergeTree ORDER BY n")
    assert client.execute("INSERT INTO t VALUES", list(zip(range(3), *(v for _, v in VALUES), strict=True))) == 3
    found = client.execute("SELECT * FROM t ORDER BY n", columnar=True, with_column_types=True)
    assert [kind for _, kind in found[1]][1:] == [kind for kind, _ in VALUES]
    for (kind, sent), received in zip(VALUES, found[0][1:], strict=True):
        trimmed = [text.rstrip("\0") for text in received] if kind.startswith("Fixed") else list(received)
        assert trimmed == sent, kind


def test_columns_are_inserted_as_fast_as_rows_and_in_blocks(client: Client) -> None:
    client.execute("CREATE TABLE t (a UInt64, b String) ENGINE = MergeTree ORDER BY a")
    settings = {"insert_block_size": 30_000}
    numbers = list(range(100_000))
    client.execute(
        "INSERT INTO t (a, b) VALUES", [numbers, [str(n) for n in numbers]], columnar=True, settings=settings
    )
    assert client.execute("SELECT count(), sum(a), uniqExact(b) FROM t") == [(100_000, sum(numbers), 100_000)]


def test_a_large_answer_is_streamed(client: Client) -> None:
    answer = client.execute_iter("SELECT number, toString(number) FROM numbers(300000)")
    assert next(answer) == (0, "0")
    assert sum(1 for _ in answer) == 299_999


def test_an_empty_answer_still_names_its_columns(client: Client) -> None:
    rows, columns = client.execute("SELECT 1 AS a, 'x' AS b FROM numbers(0) WHERE a = 2", with_column_types=True)
    assert (rows, columns) == ([], [("a", "UInt8"), ("b", "String")])


def test_statements_that_are_no_selects_are_answered(client: Client) -> None:
    client.execute("CREATE TABLE t (a UInt8) ENGINE = MergeTree ORDER BY a")
    client.execute("INSERT INTO t SELECT number FROM numbers(3)")
    client.execute("INSERT INTO t (a) VALUES (7), (8)")
    client.execute("ALTER TABLE t DELETE WHERE a = 8 SETTINGS mutations_sync = 1")
    client.execute("OPTIMIZE TABLE t FINAL")
    assert client.execute("SHOW TABLES") == [("t",)]
    assert client.execute("EXISTS t") == [(1,)]
    assert client.execute("DESCRIBE TABLE t", with_column_types=True)[1][0] == ("name", "String")
    assert client.execute("WITH 1 AS one SELECT count() + one FROM t") == [(5,)]
    assert client.execute("SELECT a FROM t WHERE a = 7 FORMAT JSON") == [(7,)]


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("SELECT nope", errors.ErrorCodes.UNKNOWN_IDENTIFIER),
        ("SELEC 1", errors.ErrorCodes.SYNTAX_ERROR),
        ("SELECT * FROM nowhere", errors.ErrorCodes.UNKNOWN_TABLE),
        ("SELECT throwIf(number = 250000) FROM numbers(300000)", 395),
        ("SELECT 1; SELECT 2", errors.ErrorCodes.SYNTAX_ERROR),
        ("INSERT INTO nowhere SELECT 1", errors.ErrorCodes.UNKNOWN_TABLE),
    ],
)
def test_an_error_carries_clickhouses_code_and_the_connection_goes_on(
    client: Client, statement: str, code: int
) -> None:
    with pytest.raises(errors.ServerException) as caught:
        client.execute(statement)
    assert caught.value.code == code
    assert client.execute("SELECT 1") == [(1,)]


def test_an_insert_that_cannot_be_is_refused_with_its_code(client: Client) -> None:
    with pytest.raises(errors.ServerException) as caught:
        client.execute("INSERT INTO nowhere VALUES", [(1,)])
    assert caught.value.code == errors.ErrorCodes.UNKNOWN_TABLE
    client.execute("CREATE TABLE t (a UInt8) ENGINE = MergeTree ORDER BY a")
    with pytest.raises(errors.ServerException) as caught:
        client.execute("INSERT INTO t (b) VALUES", [(1,)])
    assert caught.value.code == errors.ErrorCodes.NO_SUCH_COLUMN_IN_TABLE
    assert client.execute("SELECT count() FROM t") == [(0,)]


def test_an_unknown_database_is_refused_at_the_greeting(warehouse_server: EmbeddedServer) -> None:
    with pytest.raises(errors.ServerException) as caught:
        Client("127.0.0.1", warehouse_server.port, database="nowhere").execute("SELECT 1")
    assert caught.value.code == errors.ErrorCodes.UNKNOWN_DATABASE


def test_settings_hold_for_their_query_alone(client: Client) -> None:
    ask = "SELECT getSetting('max_block_size')"
    default = client.execute(ask)
    assert client.execute(ask, settings={"max_block_size": 1234}) == [(1234,)]
    assert client.execute(ask) == default
    assert client.execute("SELECT 1", settings={"no_such_setting": 1}) == [(1,)]


def test_an_unknown_setting_that_matters_is_refused(warehouse_url: str) -> None:
    strict = Client.from_url(f"{warehouse_url}?settings_is_important=true")
    with pytest.raises(errors.ServerException) as caught:
        strict.execute("SELECT 1", settings={"no_such_setting": 1})
    assert caught.value.code == errors.ErrorCodes.UNKNOWN_SETTING


def test_the_same_token_twice_inserts_once(client: Client) -> None:
    client.execute(
        "CREATE TABLE t (a UInt8) ENGINE = MergeTree ORDER BY a SETTINGS non_replicated_deduplication_window = 10"
    )
    for value, token in ((1, "x-0-1"), (2, "x-0-1"), (3, "x-2-3")):
        client.execute("INSERT INTO t VALUES", [(value,)], settings={"insert_deduplication_token": token})
    assert client.execute("SELECT a FROM t ORDER BY a") == [(1,), (3,)]


def test_a_running_query_can_be_cancelled(client: Client) -> None:
    answer = client.execute_iter("SELECT number FROM numbers(100000000000)")
    next(answer)
    client.cancel()
    assert client.execute("SELECT 1") == [(1,)]


def test_a_client_that_leaves_takes_its_query_with_it(warehouse_url: str) -> None:
    watcher = Client.from_url(warehouse_url)
    running = "SELECT count() FROM system.processes WHERE query LIKE 'SELECT sum(sipHash64(number + 77))%'"
    leaver = Client.from_url(f"{warehouse_url}?send_receive_timeout=1")
    with pytest.raises(TimeoutError):
        leaver.execute("SELECT sum(sipHash64(number + 77)) FROM numbers(500000000000) SETTINGS max_threads = 1")
    leaver.disconnect()
    while watcher.execute(running) != [(0,)]:
        pass  # each look is a round trip; a query that is never cancelled runs for hours


def test_many_clients_write_and_read_at_once(warehouse_url: str) -> None:
    Client.from_url(warehouse_url).execute("CREATE TABLE t (a UInt64) ENGINE = MergeTree ORDER BY a")
    faults: list[Exception] = []

    def work(number: int) -> None:
        try:
            own = Client.from_url(warehouse_url)
            for step in range(10):
                own.execute("INSERT INTO t VALUES", [(number * 1_000 + step,)])
                own.execute("SELECT count() FROM t")
            own.disconnect()
        except Exception as fault:
            faults.append(fault)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults
    assert Client.from_url(warehouse_url).execute("SELECT count(), uniqExact(a) FROM t") == [(60, 60)]


def test_external_tables_are_refused_not_misread(client: Client) -> None:
    external = [{"name": "ext", "structure": [("x", "Int32")], "data": [{"x": 1}]}]
    with pytest.raises(errors.ServerException) as caught:
        client.execute("SELECT sum(x) FROM ext", external_tables=external)
    assert caught.value.code == errors.ErrorCodes.NOT_IMPLEMENTED
    assert client.execute("SELECT 1") == [(1,)]


def test_sqlalchemy_reads_and_writes_over_the_same_wire(warehouse_url: str) -> None:
    sqlalchemy = pytest.importorskip("sqlalchemy", reason="the extra `nightly` is not installed")
    pytest.importorskip("clickhouse_sqlalchemy", reason="the extra `nightly` is not installed")
    engine = sqlalchemy.create_engine(warehouse_url.replace("clickhouse://", "clickhouse+native://"))
    with engine.connect() as connection:
        connection.execute(sqlalchemy.text("CREATE TABLE t (a Int32, b String) ENGINE = MergeTree ORDER BY a"))
        connection.execute(sqlalchemy.text("INSERT INTO t (a, b) VALUES (1, 'x'), (2, 'y')"))
        table = sqlalchemy.Table("t", sqlalchemy.MetaData(), autoload_with=connection)
        assert [column.name for column in table.columns] == ["a", "b"]
        assert [tuple(row) for row in connection.execute(sqlalchemy.select(table).order_by(table.c.a))] == [
            (1, "x"),
            (2, "y"),
        ]
    engine.dispose()
