"""Decides what the tests share: one real broker, one real warehouse, own names for each test."""

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest

from streams.local.broker import Broker
from streams.settings import ROOT, Settings, from_environment
from streams.topics import Names

if TYPE_CHECKING:
    from warehouse.embedded import EmbeddedServer

SHARED = ROOT.parent / "shared"


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """How processes share the tests; without xdist they run one after another."""
    from tests.turns import Turns

    return Turns(config, log)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """In the order in which they are shared out."""
    if config.pluginmanager.hasplugin("xdist"):
        from tests.turns import turn_of

        items.sort(key=lambda item: turn_of(item.nodeid.partition("::")[0])[0])


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of reference data beside the repository; what needs it skips where it is not."""
    if not SHARED.is_dir():
        pytest.skip("the reference data (../shared) is not here")
    return SHARED


@pytest.fixture(scope="session")
def jar_cache() -> Path:
    """The jars of the broker, kept over sessions; MINGJING_CACHE says where."""
    return from_environment({name: os.environ.get(name, "") for name in ("MINGJING_CACHE",)}).cache


@pytest.fixture(scope="session")
def kafka_broker(tmp_path_factory: pytest.TempPathFactory, jar_cache: Path) -> Iterator[Broker]:
    """The broker of the whole session; a test that stops or kills one uses `own_broker`."""
    with Broker(tmp_path_factory.mktemp("kafka"), cache=jar_cache, heap_mb=512, short_lived=True) as running:
        yield running


@pytest.fixture(scope="session")
def broker(kafka_broker: Broker) -> str:
    """host:port of the session's broker."""
    return kafka_broker.bootstrap


@pytest.fixture
def own_broker(tmp_path: Path, jar_cache: Path) -> Iterator[Callable[[], Broker]]:
    """Starts brokers that belong to this test alone."""
    started: list[Broker] = []

    def start() -> Broker:
        broker = Broker(tmp_path / f"kafka{len(started)}", cache=jar_cache, heap_mb=384, short_lived=True)
        broker.start()
        started.append(broker)
        return broker

    yield start
    for each in started:
        each.kill()


@pytest.fixture(scope="session")
def warehouse_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator["EmbeddedServer"]:
    """The embedded ClickHouse of the whole session (`.url`, `.port`)."""
    from warehouse import embedded

    with embedded.start(tmp_path_factory.mktemp("warehouse")) as server:
        yield server


@pytest.fixture
def warehouse_url(warehouse_server: "EmbeddedServer") -> Iterator[str]:
    """The URL of an empty database of this test's own, dropped when it ends."""
    from clickhouse_driver import Client

    name = f"t_{uuid4().hex[:12]}"
    client = Client.from_url(warehouse_server.url)
    client.execute(f"CREATE DATABASE {name}")
    yield f"{warehouse_server.url.rpartition('/')[0]}/{name}"
    client.execute(f"DROP DATABASE {name}")
    client.disconnect()


@pytest.fixture
def prefix() -> str:
    """A topic prefix that no other test has."""
    return f"t{uuid4().hex[:8]}."


@pytest.fixture
def names(prefix: str) -> Names:
    """This test's topics: its own prefix, and an app (group, changelogs) of its own."""
    return Names(prefix, f"app-{prefix.rstrip('.')}")


@pytest.fixture
def broker_settings(broker: str, names: Names, tmp_path: Path) -> Settings:
    """Settings of a process that uses the session's broker under this test's names."""
    return replace(
        from_environment({"MINGJING_STATE": str(tmp_path / "state"), "MINGJING_CLOCK": "event"}),
        kafka_bootstrap_servers=broker,
        topic_prefix=names.prefix,
        app=names.app,
        hash_key=b"a key for tests only",
    )
